import type { ClipChange } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { MAX_FRAMES, ROWS_PER_PAGE } from '@/lib/protocol/limits';
import { FramesiftError } from '@/lib/shared/errors';
import type { LibraryClient, ReadPage } from './library-client';

/** Which rows are read: those of one revision of a clip. */
export type PulledClip = Pick<ClipChange, 'clip' | 'revision' | 'frames' | 'digest'>;

/** A page of a clip that comes. */
export interface PulledPage extends ReadPage {
  page: number;
}

/**
 * Reads all rows of a clip as `change` announced it, a page at a time, and compares their digest. The page after the one
 * that `keep` works with is on its way meanwhile; no more are in memory. Returns the numbers of the pages that have rows.
 * Throws a `Refusal` with `revision-replaced` where the clip was changed meanwhile: it comes again later in the feed.
 */
export async function pullClip(
  client: LibraryClient,
  { clip, revision, frames, digest }: PulledClip,
  keep: (page: PulledPage) => Promise<void>,
): Promise<number[]> {
  const pages: number[] = [];
  const digests: string[] = [];
  let left = frames;
  let coming = left > 0 ? client.readRows(clip, revision, 0) : null;
  // A page without rows is left out of the digest, and nothing tells beforehand which has none.
  for (let page = 0; coming; page += 1) {
    const read: ReadPage = await coming;
    left -= read.rows.length;
    const hasMore = left > 0 && page + 1 < MAX_FRAMES / ROWS_PER_PAGE;
    coming = hasMore ? client.readRows(clip, revision, page + 1) : null;
    // Where the page before it fails, nobody waits for this one.
    coming?.catch(() => undefined);
    if (read.rows.length === 0) continue;
    digests.push(await pageDigest(read.rows));
    pages.push(page);
    await keep({ page, ...read });
  }
  if ((await rowsDigest(digests)) === digest) return pages;
  throw new FramesiftError(
    'bad-input',
    'The clip’s rows did not arrive as the library has them. They are read again later.',
    { transient: true },
  );
}
