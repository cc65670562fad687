import type { LibraryFlaws } from '@/lib/ports/library';
import { eq } from 'drizzle-orm';
import { embeddingPath } from '@/lib/shared/packed-layout';
import type { ClipFiles } from './clip-files';
import type { Database } from './database';
import { embeddingSets, eventFrames, events } from './schema';

/** Compares every row with every file. Reads all paths: for tests, and for a person who doubts. */
export async function scanLibrary(db: Database, files: ClipFiles): Promise<LibraryFlaws> {
  const flaws: LibraryFlaws = { orphanFiles: [], missingFiles: [], wrongRows: [] };
  const clips = await db.select({ id: events.id, videoPath: events.videoPath }).from(events);
  const known = new Set(clips.map(({ id }) => id));
  for (const { id, videoPath } of clips) {
    const named = await namedFiles(db, id);
    if (videoPath !== null) named.needed.add(videoPath);
    const there = new Set(await files.listFiles(id));
    for (const path of there)
      if (!named.needed.has(path) && !named.spare.has(path)) flaws.orphanFiles.push(path);
    for (const path of named.needed) if (!there.has(path)) flaws.missingFiles.push(path);
  }
  for (const id of await files.listClipIds()) {
    if (!known.has(id)) flaws.orphanFiles.push(...(await files.listFiles(id)));
  }
  const result: unknown = await db.execute(`
    select 'event_frames: ' || event_id as flaw from event_frames where event_id not in (select id from events)
    union select 'frame_embeddings: ' || event_id from frame_embeddings where event_id not in (select id from events)
    union select 'frame_embedding_drafts: ' || event_id from frame_embedding_drafts where event_id not in (select id from events)
    union select 'frame_spans: ' || event_id from frame_spans where event_id not in (select id from events)
    union select 'embedding_sets: ' || event_id from embedding_sets where event_id not in (select id from events)
    union select 'events.frames_stored: ' || id from events e
      where frames_stored <> (select count(*) from event_frames f where f.event_id = e.id)
    union select 'embedding_sets.frames: ' || event_id from embedding_sets s
      where frames <> case state
        when 'current' then (select count(*) from frame_embeddings v
          where v.event_id = s.event_id and v.model_version = s.model_version)
        else (select count(*) from frame_embedding_drafts v
          where v.event_id = s.event_id and v.model_version = s.model_version) end`);
  const { rows } = result as { rows: { flaw: string }[] };
  flaws.wrongRows.push(...rows.map(({ flaw }) => flaw));
  return flaws;
}

/**
 * Paths of a clip's pictures and embeddings that rows name.
 *
 * @returns `needed` ones must be there; `spare` ones may be lost, since they are made again from the rows
 */
export async function namedFiles(
  db: Database,
  clipId: string,
): Promise<{ needed: Set<string>; spare: Set<string> }> {
  const frames = await db
    .select({ path: eventFrames.framePath })
    .from(eventFrames)
    .where(eq(eventFrames.clipId, clipId));
  const sets = await db
    .select({ modelVersion: embeddingSets.modelVersion, state: embeddingSets.state })
    .from(embeddingSets)
    .where(eq(embeddingSets.clipId, clipId));
  return {
    needed: new Set(frames.map(({ path }) => path)),
    spare: new Set(sets.map(({ modelVersion, state }) => embeddingPath(clipId, modelVersion, state))),
  };
}
