import type { ClipRow } from '@/lib/protocol/rows';
import type { LibraryClient } from '@/lib/sync/library-client';
import { pullClip, type PulledClip } from '@/lib/sync/pull-clip';

/** All rows of a clip, read and checked as a device does it. */
export async function pullRows(client: LibraryClient, change: PulledClip): Promise<ClipRow[]> {
  const all: ClipRow[] = [];
  await pullClip(client, change, ({ rows }) => {
    all.push(...rows);
    return Promise.resolve();
  });
  return all;
}
