import { and, eq, sql } from 'drizzle-orm';
import type { ClipFields } from '@/lib/ports/library';
import { addChange } from '@/lib/sync/outbox';
import type { PendingChange } from '@/lib/sync/sync-store';
import type { Database } from './database';
import { events, libraries, sharedClips, syncOutbox } from './schema';

/*
 * [Note: Outbox] A verb that changes a shared clip notes that in the same transaction, so that no change is forgotten and
 * none is sent that was not stored. What is sent is the clip as it is when its turn comes: the outbox has one row a clip.
 */

/** What people say of a clip, which is shared also while it is being read. */
const PEOPLES_FIELDS = ['description', 'timestamp', 'smartDetectionType'] as const;

/** What reading finds out, which is shared once it is done. */
const READINGS_FIELDS = [
  'frameCountUsed',
  'frameTimestamps',
  'fileName',
  'fileBytes',
  'fileFingerprint',
  'durationMs',
  'width',
  'height',
  'modelVersion',
  'sampling',
  'playerStartMs',
  'videoTrack',
  'gaps',
] as const satisfies readonly (keyof ClipFields)[];

/** Notes that columns of a clip have changed, where they are of those that are shared. */
export async function noteFields(tx: Database, clipId: string, changes: ClipFields): Promise<void> {
  const isNamed = (field: keyof ClipFields) => changes[field] !== undefined;
  if (PEOPLES_FIELDS.some(isNamed)) await noteChange(tx, clipId);
  else if (changes.ingestState === 'done' || READINGS_FIELDS.some(isNamed)) {
    const [clip] = await tx.select({ state: events.ingestState }).from(events).where(eq(events.id, clipId));
    if (clip?.state === 'done') await noteChange(tx, clipId);
  }
}

/**
 * Notes that a clip has changed, in every library that it is shared in.
 *
 * @param options.except a library that the change came from
 */
export async function noteChange(
  tx: Database,
  clipId: string,
  { except }: { except?: string } = {},
): Promise<void> {
  const shares = await sharesOf(tx, clipId);
  if (shares.length === 0) return;
  const digestOf = await rowsNow(tx, clipId);
  for (const share of shares) {
    if (share.libraryId === except) continue;
    await addToOutbox(tx, share, share.digestOf === digestOf ? 'edit' : 'rows');
  }
}

/** Notes that a clip was deleted, in every library that it is shared in. */
export async function noteDeletion(tx: Database, clipId: string): Promise<void> {
  for (const share of await sharesOf(tx, clipId)) await addToOutbox(tx, share, 'delete');
}

/** Notes that a clip is not shared in one library any more. */
export async function noteUnsharing(tx: Database, libraryId: string, clipId: string): Promise<void> {
  for (const share of await sharesOf(tx, clipId))
    if (share.libraryId === libraryId) await addToOutbox(tx, share, 'unshare');
}

/** Which rows a clip has, as far as its digest depends on them: of equal ones the digest is equal. */
export async function rowsNow(tx: Database, clipId: string): Promise<string> {
  const [row] = await tx.select({ rows: ROWS_OF_CLIP }).from(events).where(eq(events.id, clipId));
  return row?.rows ?? '';
}

/** Counts and revisions of a clip's vectors, which every verb that writes them keeps up to date. */
export const ROWS_OF_CLIP = sql<string>`"events"."frames_stored" || '/' || coalesce((
  select string_agg(s.model_version || ' ' || s.frames || ' ' || s.revision, ',' order by s.model_version)
  from embedding_sets s where s.event_id = "events"."id" and s.state = 'current' and s.frames > 0), '')`;

/** Puts a change into the outbox, in the place of the one of the same clip. */
export async function putPending(tx: Database, libraryId: string, pending: PendingChange): Promise<void> {
  const { clip, revision, kind } = pending;
  const row = { revision, kind, earlier: JSON.stringify(pending.earlier), changedAt: new Date() };
  await tx
    .insert(syncOutbox)
    .values({ libraryId, clipId: clip, ...row })
    .onConflictDoUpdate({ target: [syncOutbox.libraryId, syncOutbox.clipId], set: row });
}

/** A row of the outbox as a change. */
export function toPending(row: typeof syncOutbox.$inferSelect): PendingChange {
  const { clipId: clip, revision, kind } = row;
  return { clip, revision, kind, earlier: JSON.parse(row.earlier) as string[] };
}

interface Share {
  libraryId: string;
  clipId: string;
  knownRevision: string | null;
  digestOf: string | null;
  waiting: typeof syncOutbox.$inferSelect | null;
}

/** Where a clip is shared by a browser that may write there. */
function sharesOf(tx: Database, clipId: string): Promise<Share[]> {
  return tx
    .select({
      libraryId: sharedClips.libraryId,
      clipId: sharedClips.clipId,
      knownRevision: sharedClips.knownRevision,
      digestOf: sharedClips.digestOf,
      waiting: syncOutbox,
    })
    .from(sharedClips)
    .innerJoin(libraries, eq(libraries.id, sharedClips.libraryId))
    .leftJoin(
      syncOutbox,
      and(eq(syncOutbox.libraryId, sharedClips.libraryId), eq(syncOutbox.clipId, sharedClips.clipId)),
    )
    .where(and(eq(sharedClips.clipId, clipId), eq(libraries.scope, 'write')));
}

async function addToOutbox(
  tx: Database,
  { libraryId, clipId, knownRevision, waiting }: Share,
  kind: PendingChange['kind'],
): Promise<void> {
  const before = waiting && toPending(waiting);
  const isEnding = kind === 'delete' || kind === 'unshare';
  // What ends there ends, whatever becomes of the clip here; a deletion that is made twice is the same.
  if (before?.kind === 'delete' || (before?.kind === 'unshare' && (!isEnding || kind === before.kind)))
    return;
  const change = { clip: clipId, kind, revision: crypto.randomUUID() };
  const next = addChange(before, change, knownRevision !== null);
  if (next) return putPending(tx, libraryId, next);
  await tx
    .delete(sharedClips)
    .where(and(eq(sharedClips.libraryId, libraryId), eq(sharedClips.clipId, clipId)));
  await tx.delete(syncOutbox).where(and(eq(syncOutbox.libraryId, libraryId), eq(syncOutbox.clipId, clipId)));
}
