import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unpackDatabase } from '@/lib/library/unpack-database';
import { untar } from '@/lib/library/untar';

const PREPARED = join(import.meta.dirname, '../../../lib/library/prepared-database.tar.gz');

/** As much of an OPFS folder as is written to, with the access handles that only workers have. */
class Folder {
  readonly folders = new Map<string, Folder>();
  readonly files = new Map<string, Uint8Array>();
  openHandles = 0;
  mostOpenHandles = 0;

  getDirectoryHandle(name: string) {
    const folder = this.folders.get(name) ?? new Folder();
    this.folders.set(name, folder);
    return Promise.resolve(folder);
  }
  getFileHandle(name: string) {
    this.files.set(name, this.files.get(name) ?? new Uint8Array());
    return Promise.resolve({
      createSyncAccessHandle: () => {
        this.mostOpenHandles = Math.max(this.mostOpenHandles, (this.openHandles += 1));
        return Promise.resolve({
          truncate: () => undefined,
          write: (bytes: Uint8Array) => {
            this.files.set(name, bytes.slice());
            return bytes.length;
          },
          close: () => (this.openHandles -= 1),
        });
      },
    });
  }
}

interface Node {
  type: 'file' | 'directory';
  backingFilename?: string;
  children?: Record<string, Node>;
}

describe('unpackDatabase', () => {
  it('lays every file out where the state names it, few at a time, and closes it', async () => {
    const folder = new Folder();
    await unpackDatabase(await openAsBlob(PREPARED), folder as unknown as FileSystemDirectoryHandle);
    const data = folder.folders.get('data')!;
    const state = JSON.parse(new TextDecoder().decode(folder.files.get('state.txt'))) as { root: Node };
    const version = state.root.children!.PG_VERSION!;
    expect(new TextDecoder().decode(data.files.get(version.backingFilename!))).toBe('18\n');
    expect(Object.keys(state.root.children!)).toEqual(expect.arrayContaining(['base', 'global', 'pg_wal']));
    expect(data.files.size).toBeGreaterThan(300);
    expect(data.mostOpenHandles).toBeLessThanOrEqual(8);
    expect([data.openHandles, folder.openHandles]).toEqual([0, 0]);
  });

  it('holds less than 16 MB, the write-ahead log included', async () => {
    const entries = await untar(await openAsBlob(PREPARED));
    expect(entries.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0)).toBeLessThan(16_000_000);
  });
});

describe('untar', () => {
  it('refuses an archive that is cut off', async () => {
    const header = new Uint8Array(512);
    header.set(new TextEncoder().encode('file.txt'));
    header.set(new TextEncoder().encode('00000002000'), 124);
    header[156] = '0'.charCodeAt(0);
    await expect(untar(new Blob([header]))).rejects.toThrow('damaged');
  });

  it('gives nothing for an empty one', async () => expect(await untar(new Blob([]))).toEqual([]));
});
