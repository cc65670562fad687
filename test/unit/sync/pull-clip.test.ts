import { describe, expect, it } from 'vitest';
import { writePage } from '@/lib/protocol/rows';
import type { LibraryClient } from '@/lib/sync/library-client';
import { pullClip } from '@/lib/sync/pull-clip';
import { makeClip } from '../../support/library-server';

/** A library that gives the pages of a clip, and writes down when. */
async function libraryOf(frames: number) {
  const { rows, clip, revision, request } = await makeClip({ frames, pictures: [] });
  const log: string[] = [];
  const client = {
    readRows: (_clip: string, _revision: string, page: number) => {
      log.push(`read ${page}`);
      const own = rows.slice(page * 500, (page + 1) * 500);
      return Promise.resolve({ rows: own, lines: new TextEncoder().encode(writePage(own)) });
    },
  } as unknown as LibraryClient;
  return { client, log, change: { clip, revision, frames, digest: request.digest } };
}

describe('pullClip', () => {
  it('asks for the page after the one that is kept, and for no more', async () => {
    const { client, log, change } = await libraryOf(1501);
    const pages = await pullClip(client, change, async ({ page }) => {
      log.push(`keep ${page}`);
      await new Promise((resolve) => setTimeout(resolve));
      log.push(`kept ${page}`);
    });
    expect(pages).toEqual([0, 1, 2, 3]);
    expect(log).toEqual([
      ...['read 0', 'read 1', 'keep 0', 'kept 0', 'read 2', 'keep 1', 'kept 1'],
      ...['read 3', 'keep 2', 'kept 2', 'keep 3', 'kept 3'],
    ]);
  });

  it('refuses rows that are not those of the digest, and asks for none of a clip without any', async () => {
    const { client, log, change } = await libraryOf(2);
    const keep = () => Promise.resolve();
    await expect(pullClip(client, { ...change, digest: 'another' }, keep)).rejects.toMatchObject({
      transient: true,
    });
    const empty = await libraryOf(0);
    expect(await pullClip(empty.client, empty.change, keep)).toEqual([]);
    expect([log, empty.log]).toEqual([['read 0'], []]);
  });

  it('ends with what keeping a page failed with', async () => {
    const { client, change } = await libraryOf(501);
    await expect(
      pullClip(client, change, () => Promise.reject(new Error('the disk is full'))),
    ).rejects.toThrow('the disk is full');
  });
});
