import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { unpackDatabase } from '@/lib/library/unpack-database';
import { untar } from '@/lib/library/untar';
import { FakeDirectory } from '../../support/fake-opfs';

const PREPARED = join(import.meta.dirname, '../../../lib/library/prepared-database.tar.gz');

interface Node {
  type: 'file' | 'directory';
  backingFilename?: string;
  children?: Record<string, Node>;
}

describe('unpackDatabase', () => {
  it('lays every file out where the state names it, few at a time, and closes it', async () => {
    const folder = new FakeDirectory();
    await unpackDatabase(await openAsBlob(PREPARED), new OpfsTree(folder.asHandle()));
    const text = (path: string) => new TextDecoder().decode(folder.files().get(path)!.bytes);
    const state = JSON.parse(text('state.txt')) as { root: Node };
    const version = state.root.children!.PG_VERSION!;
    expect(text(`data/${version.backingFilename!}`)).toBe('18\n');
    expect(Object.keys(state.root.children!)).toEqual(expect.arrayContaining(['base', 'global', 'pg_wal']));
    expect(folder.paths().length).toBeGreaterThan(300);
    expect(folder.disk.mostOpenHandles).toBeLessThanOrEqual(8);
    expect(folder.disk.openHandles).toBe(0);
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
