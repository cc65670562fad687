import type { LibraryClient } from './library-client';

/** A library of more frames is searched on its server unless a person says otherwise: its vectors alone take 200 MB of memory. */
export const MOST_FRAMES_COPIED = 100_000;

/** What of a library's clips should be here, by how many frames they have together. */
export async function decideHolding(client: Pick<LibraryClient, 'changes'>): Promise<'copies' | 'list'> {
  let frames = 0;
  for (let after = 0; ;) {
    const { changes, more, next } = await client.changes(after);
    for (const change of changes) if (change.state === 'live') frames += change.frames;
    if (frames > MOST_FRAMES_COPIED) return 'list';
    if (!more) return 'copies';
    after = next;
  }
}
