import type { ClipChange } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { MAX_FRAMES, ROWS_PER_PAGE } from '@/lib/protocol/limits';
import type { ClipRow } from '@/lib/protocol/rows';
import { FramesiftError } from '@/lib/shared/errors';
import type { LibraryClient } from './library-client';

/**
 * Reads all rows of a clip as `change` announced it, and compares their digest. Throws a `Refusal` with `revision-replaced`
 * where the clip was changed meanwhile: it comes again later in the feed.
 */
export async function pullRows(
  client: LibraryClient,
  change: Pick<ClipChange, 'clip' | 'revision' | 'frames' | 'digest'>,
): Promise<ClipRow[]> {
  const rows: ClipRow[] = [];
  const digests: string[] = [];
  // A page without rows is left out of the digest, and nothing tells beforehand which has none.
  for (let page = 0; rows.length < change.frames && page < MAX_FRAMES / ROWS_PER_PAGE; page += 1) {
    const read = await client.readRows(change.clip, change.revision, page);
    if (read.length === 0) continue;
    digests.push(await pageDigest(read));
    rows.push(...read);
  }
  if ((await rowsDigest(digests)) === change.digest) return rows;
  throw new FramesiftError(
    'bad-input',
    'The clip’s rows did not arrive as the library has them. They are read again later.',
    { transient: true },
  );
}
