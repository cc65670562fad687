import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTar, writeTar, type TarFile } from '@/lib/shared/tar';

const MADE = new Date('2026-01-30T10:00:00Z');

async function* filesOf(files: readonly [string, Uint8Array<ArrayBuffer>][]): AsyncGenerator<TarFile> {
  for (const [path, bytes] of files) yield await Promise.resolve({ path, content: new Blob([bytes]) });
}

const write = (files: readonly [string, Uint8Array<ArrayBuffer>][]) =>
  writeTar(filesOf(files), MADE, 'application/x-tar');
const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

describe('a tar archive', () => {
  it('gives its files back, empty ones and whole blocks too', async () => {
    const files: [string, Uint8Array<ArrayBuffer>][] = [
      ['library.jsonl', bytes(10, 1)],
      ['frames/a/0', bytes(512, 2)],
      ['frames/a/1', bytes(0, 0)],
      ['clips/a/file', bytes(9_000_001, 3)],
      ['frames/b/0', bytes(1, 4)],
    ];
    const read = await readTar(await write(files));
    expect([...read.keys()]).toEqual(files.map(([path]) => path));
    for (const [path, content] of files) {
      const found = Buffer.from(await read.get(path)!.arrayBuffer());
      // Quicker than comparing millions of numbers one by one.
      expect(found.equals(Buffer.from(content))).toBe(true);
    }
  });

  it('is one that tar itself unpacks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'framesift-tar-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const archive = await write([['frames/a/7', bytes(700, 5)]]);
    writeFileSync(join(folder, 'a.tar'), new Uint8Array(await archive.arrayBuffer()));
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
    expect(new Uint8Array(readFileSync(join(folder, 'frames/a/7')))).toEqual(bytes(700, 5));
  });

  it('is refused when it is cut off anywhere, or damaged', async () => {
    const archive = await write([
      ['library.jsonl', bytes(600, 1)],
      ['frames/a/0', bytes(600, 1)],
    ]);
    for (const length of [0, 100, 512, 900, 1536, 2048, 2600, 3072]) {
      await expect(readTar(archive.slice(0, length))).rejects.toThrow(/cut off/);
    }
    const damaged = new Uint8Array(await archive.arrayBuffer());
    damaged[3] = 0;
    await expect(readTar(new Blob([damaged]))).rejects.toThrow('damaged');
  });

  it('refuses a path that its header has no room for', async () => {
    await expect(write([['x'.repeat(101), bytes(1, 1)]])).rejects.toThrow(/too long/);
  });
});
