import type { RevisionRequest } from '@/lib/protocol/clips';
import type { FramePicture } from '@/lib/protocol/pictures';
import type { WritableRow } from '@/lib/protocol/rows';
import type { LibraryClient } from './library-client';

/** A clip that is shared, read a page at a time. */
export interface ClipSource {
  clip: string;
  /** Id of this change. The same one sent again is the same change. */
  revision: string;
  request: Extract<RevisionRequest, { kind: 'rows' }>;
  /** Pages that have rows, and how to read them. */
  pages: readonly number[];
  readRows: (page: number) => Promise<WritableRow[]>;
  /** How many pages of pictures there are, numbered from 0. */
  picturePages: number;
  readPictures: (page: number) => Promise<FramePicture[]>;
}

/** Sends a clip: what the library does not have of it yet, and the commit. Returns the number of the change. */
export async function pushClip(client: LibraryClient, source: ClipSource): Promise<number> {
  const { clip, revision, request } = source;
  const answer = await client.putRevision(clip, revision, request);
  if (answer.change !== undefined) return answer.change;
  const have = new Set(answer.have);
  for (const page of source.pages)
    if (!have.has(page)) await client.putRows(clip, revision, page, await source.readRows(page));
  const havePictures = new Set(answer.havePictures);
  for (let page = 0; page < source.picturePages; page += 1)
    if (!havePictures.has(page))
      await client.putPictures(clip, revision, page, await source.readPictures(page));
  return client.commit(clip, revision);
}
