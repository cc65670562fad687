import type { Pool, PoolClient } from 'pg';
import type { RevisionAnswer, RevisionRequest } from '@/lib/protocol/clips';
import { pageDigest } from '@/lib/protocol/digests';
import { pictureType, type FramePicture } from '@/lib/protocol/pictures';
import type { ClipRow } from '@/lib/protocol/rows';
import { property } from '@/lib/shared/errors';
import { readClip } from './changes';
import { copyRows, doubleField, integerField, textField, timeField, vectorField } from './copy-binary';
import { Problem } from './problem';
import { inTransaction, withClient } from './transaction';

/*
 * What comes of a change of a clip before it is committed. Every step may be sent again: what is there already stays.
 */

/** A change of a clip: what every step is about. */
export interface Revision {
  clip: string;
  revision: string;
}

/** What has come of a change that nobody went on with is removed after seven days. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** The part of a revision's request that announces rows. */
export type RowsRequest = Extract<RevisionRequest, { kind: 'rows' }>;

/** Begins a change that comes in pages, or tells how far it has come. */
export async function beginPush(
  pool: Pool,
  { clip, revision }: Revision,
  request: RowsRequest,
  writer: { deviceId: string; frameLimit: number | null },
  now: Date,
): Promise<RevisionAnswer> {
  return withClient(pool, async (client) => {
    const committed = await committedChange(client, { clip, revision });
    if (committed !== null) return { have: [], havePictures: [], change: committed };
    const current = await readClip(client, clip);
    if ((current?.revision ?? null) !== request.base) throw changedMeanwhile(current);
    await assertRoom(client, clip, request.frames, writer.frameLimit);
    await client.query('delete from pushes where started_at < $1', [new Date(now.getTime() - KEPT_MS)]);
    await client.query(
      `insert into pushes (event_id, revision, base, device_id, event, details, frames, pictures, rows_digest, started_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (event_id, revision) do nothing`,
      [
        clip,
        revision,
        request.base,
        writer.deviceId,
        JSON.stringify(request.event),
        JSON.stringify(request.details),
        request.frames,
        request.pictures,
        request.digest,
        now,
      ],
    );
    const pages = await client.query<{ kind: PageKind; page: number }>(
      'select kind, page from push_pages where event_id = $1 and revision = $2 order by page',
      [clip, revision],
    );
    const pagesOf = (kind: PageKind) => pages.rows.filter((row) => row.kind === kind).map(({ page }) => page);
    return { have: pagesOf('rows'), havePictures: pagesOf('pictures') };
  });
}

type PageKind = 'rows' | 'pictures';

/** Keeps a page of rows until the commit. */
export async function putRows(
  pool: Pool,
  { clip, revision }: Revision,
  page: number,
  rows: readonly ClipRow[],
): Promise<void> {
  const digest = await pageDigest(rows);
  await putPage(pool, { clip, revision }, { kind: 'rows', page, digest }, (client) =>
    copyRows(
      client,
      `push_rows (event_id, revision, frame_index, frame_id, timestamp_offset_ms, width, height, file_size_bytes,
         frame_created_at, start_ms, end_ms, vector_id, model_version, embedding, vector, vector_created_at)`,
      rows.map(({ frameIndex, frame, vector }) => [
        textField(clip),
        textField(revision),
        integerField(frameIndex),
        textField(frame?.id ?? null),
        integerField(frame?.timestampMs ?? null),
        integerField(frame?.width ?? null),
        integerField(frame?.height ?? null),
        integerField(frame?.fileSizeBytes ?? null),
        timeField(frame?.createdAt ?? null),
        doubleField(frame?.span?.startMs ?? null),
        doubleField(frame?.span?.endMs ?? null),
        textField(vector?.id ?? null),
        textField(vector?.modelVersion ?? null),
        textField(vector?.json ?? null),
        vectorField(vector?.values ?? null),
        timeField(vector?.createdAt ?? null),
      ]),
    ),
  );
}

/** Keeps a page of pictures until the commit. Which frames it has is the sender's choice, as its size is limited. */
export async function putPictures(
  pool: Pool,
  { clip, revision }: Revision,
  page: number,
  pictures: readonly FramePicture[],
  digest: string,
): Promise<void> {
  const rows = pictures.map(({ frameNumber, bytes }) => {
    const type = pictureType(bytes);
    if (type === null)
      throw new Problem('bad-picture', `The picture of frame ${frameNumber} is neither WebP nor JPEG.`);
    return [
      textField(clip),
      textField(revision),
      integerField(frameNumber),
      textField(type),
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    ];
  });
  await putPage(pool, { clip, revision }, { kind: 'pictures', page, digest }, async (client) => {
    try {
      await copyRows(client, 'push_pictures (event_id, revision, frame_number, type, bytes)', rows);
    } catch (error) {
      if (property(error, 'constraint') !== 'push_pictures_pkey') throw error;
      throw new Problem('bad-picture', 'A frame of this page has its picture in another page too.');
    }
  });
}

/** A page's line in `push_pages` and its rows come together. The line is first: it holds off the same page sent twice at once. */
async function putPage(
  pool: Pool,
  { clip, revision }: Revision,
  { kind, page, digest }: { kind: PageKind; page: number; digest: string },
  copy: (client: PoolClient) => Promise<void>,
): Promise<void> {
  await withClient(pool, (client) =>
    inTransaction(client, async () => {
      const begun = await client.query(
        'select 1 from pushes where event_id = $1 and revision = $2 for key share',
        [clip, revision],
      );
      if (begun.rowCount === 0) {
        // A page that comes again after its commit is no error.
        if ((await committedChange(client, { clip, revision })) !== null) return;
        throw new Problem('unknown', 'This change has not been begun. Send its revision first.');
      }
      const added = await client.query(
        `insert into push_pages (event_id, revision, kind, page, digest) values ($1, $2, $3, $4, $5)
         on conflict (event_id, revision, kind, page) do nothing`,
        [clip, revision, kind, page, digest],
      );
      if (added.rowCount === 1) return copy(client);
      const known = await client.query<{ digest: string }>(
        'select digest from push_pages where event_id = $1 and revision = $2 and kind = $3 and page = $4',
        [clip, revision, kind, page],
      );
      if (known.rows[0]?.digest === digest) return;
      throw new Problem(
        'page-differs',
        `Page ${page} came before with other content. Begin a new revision of the clip.`,
      );
    }),
  );
}

/** The number that a commit was given; null where there was none. */
export async function committedChange(
  client: PoolClient,
  { clip, revision }: Revision,
): Promise<number | null> {
  const { rows } = await client.query<{ change_seq: string }>(
    'select change_seq from revisions where event_id = $1 and revision = $2',
    [clip, revision],
  );
  return rows[0] ? Number(rows[0].change_seq) : null;
}

/** The refusal of a change that was made of another revision than the current one. */
export function changedMeanwhile(current: Awaited<ReturnType<typeof readClip>>): Problem {
  const who = current?.device
    ? `“${current.device}” changed this clip first.`
    : 'This clip was changed first.';
  return new Problem('changed-meanwhile', `${who} Read what it is now, then send the change again.`, {
    current,
  });
}

async function assertRoom(
  client: PoolClient,
  clip: string,
  frames: number,
  limit: number | null,
): Promise<void> {
  if (limit === null) return;
  const { rows } = await client.query<{ frames: number }>(
    'select coalesce(sum(frames), 0)::integer as frames from clips where event_id <> $1',
    [clip],
  );
  if (rows[0]!.frames + frames <= limit) return;
  throw new Problem(
    'library-full',
    `This library holds at most ${limit.toLocaleString('en')} frames. Delete clips, or ask who runs it for more room.`,
    { retryAfter: 3600 },
  );
}
