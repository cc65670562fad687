import { and, asc, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type {
  AwayClip,
  ClipContent,
  ClipContents,
  ClipShare,
  ComingPage,
  KeptNotice,
  SharedLibrary,
  Sharing,
  StoredClip,
} from '@/lib/ports/sharing';
import type { ClipChange, EventColumns } from '@/lib/protocol/clips';
import { unpackPictures, type FramePicture } from '@/lib/protocol/pictures';
import type { WritableRow } from '@/lib/protocol/rows';
import type { Notice } from '@/lib/sync/notices';
import type { KnownClip, PendingChange, Position } from '@/lib/sync/sync-store';
import { thumbnailType, type ClipFiles } from './clip-files';
import { FramesiftError } from '@/lib/shared/errors';
import type { Database } from './database';
import { countAnew } from './embedding-sets';
import { framePath, listFrames } from './frames';
import { inParallel } from '@/lib/shared/in-parallel';
import { namedFiles } from './library-scan';
import { noteChange, noteUnsharing, putPending, ROWS_OF_CLIP, rowsNow, toPending } from './outbox';
import { events, libraries, sharedClips, syncNotices, syncOutbox } from './schema';
import { fromShared, toSharedDetails, toSharedEvent } from './shared-columns';
import { clearRows, copyClipRows, insertPage, listPages, readPage } from './shared-rows';
import { badInput } from './validate';

/** What the verbs work on. */
export interface SharingParts {
  db: Database;
  files: ClipFiles;
  /** A clip has changed, or may have. */
  onChange: (clip: string) => void;
}

/** Shared libraries in the database: see [Note: Verbs], which holds for these too. */
export class SharingVerbs implements Sharing {
  readonly #db: Database;
  readonly #files: ClipFiles;
  readonly #onChange: (clip: string) => void;

  constructor({ db, files, onChange }: SharingParts) {
    this.#db = db;
    this.#files = files;
    this.#onChange = onChange;
  }

  // # Libraries

  libraries(): Promise<SharedLibrary[]> {
    return this.#db.select().from(libraries).orderBy(asc(libraries.joinedAt), asc(libraries.id));
  }

  async saveLibrary(library: SharedLibrary): Promise<void> {
    const { server, name, token, scope, deviceId } = library;
    await this.#db
      .insert(libraries)
      .values(library)
      .onConflictDoUpdate({
        target: libraries.id,
        set: { server, name, token, scope, deviceId, isPaused: false },
      });
  }

  async setLibrary(
    id: string,
    { isPaused, holding, syncedAt }: Partial<Pick<SharedLibrary, 'isPaused' | 'holding' | 'syncedAt'>>,
  ): Promise<void> {
    const changes = {
      ...(holding !== undefined && { holding }),
      ...(isPaused !== undefined && { isPaused }),
      ...(syncedAt !== undefined && { syncedAt }),
    };
    if (Object.keys(changes).length > 0)
      await this.#db.update(libraries).set(changes).where(eq(libraries.id, id));
  }

  async forgetLibrary(id: string): Promise<void> {
    const gone = await this.#db.transaction(async (tx) => {
      const away = await selectAway(tx).where(and(IS_AWAY, eq(sharedClips.libraryId, id)));
      await tx.delete(libraries).where(eq(libraries.id, id));
      const elsewhere = new Set((await selectAway(tx).where(IS_AWAY)).map(({ clip }) => clip));
      const ids = away.map(({ clip }) => clip).filter((clip) => !elsewhere.has(clip));
      for (const clip of ids) await tx.delete(events).where(eq(events.id, clip));
      return ids;
    });
    for (const clip of gone) this.#onChange(clip);
  }

  listShares(): Promise<ClipShare[]> {
    return this.#db
      .select({
        libraryId: sharedClips.libraryId,
        clipId: sharedClips.clipId,
        isKnown: sql<boolean>`${sharedClips.knownRevision} is not null`,
        waiting: syncOutbox.kind,
      })
      .from(sharedClips)
      .leftJoin(
        syncOutbox,
        and(eq(syncOutbox.libraryId, sharedClips.libraryId), eq(syncOutbox.clipId, sharedClips.clipId)),
      );
  }

  async shareClips(libraryId: string, clips: string[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const [library] = await tx.select().from(libraries).where(eq(libraries.id, libraryId));
      if (library?.scope !== 'write')
        throw badInput('This browser may only read that library. Ask for an invitation that lets it write.');
      for (const clip of clips) {
        // Another library cannot be given what is not here.
        const [away] = await selectAway(tx).where(and(IS_AWAY, eq(events.id, clip)));
        if (away || !(await isHere(tx, clip))) continue;
        const [share] = await tx.select().from(sharedClips).where(shareOf(libraryId, clip));
        const pending = await this.#pendingOf(tx, libraryId, clip);
        const isEnding = pending?.kind === 'unshare';
        if (share && !isEnding) continue;
        await tx.insert(sharedClips).values({ libraryId, clipId: clip }).onConflictDoNothing();
        const earlier = pending ? [...pending.earlier, pending.revision] : [];
        await putPending(tx, libraryId, { clip, revision: crypto.randomUUID(), kind: 'rows', earlier });
      }
    });
  }

  async stopSharing(libraryId: string, clips: string[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      for (const clip of clips) await noteUnsharing(tx, libraryId, clip);
    });
  }

  async listNotices(): Promise<KeptNotice[]> {
    const rows = await this.#db.select().from(syncNotices).orderBy(asc(syncNotices.toldAt));
    return rows.map((row) => ({ ...row, notice: JSON.parse(row.notice) as Notice }));
  }

  async keepNotice(libraryId: string, id: string, notice: Notice): Promise<void> {
    const row = { notice: JSON.stringify(notice), toldAt: new Date() };
    await this.#db
      .insert(syncNotices)
      .values({ libraryId, id, ...row })
      .onConflictDoUpdate({ target: [syncNotices.libraryId, syncNotices.id], set: row });
  }

  async dropNotice(libraryId: string, id: string): Promise<void> {
    await this.#db
      .delete(syncNotices)
      .where(and(eq(syncNotices.libraryId, libraryId), eq(syncNotices.id, id)));
  }

  // # What is here

  async moveTo(libraryId: string, position: Position): Promise<void> {
    await moveOn(this.#db, libraryId, position);
  }

  async knownClips(libraryId: string): Promise<{ clip: string; revision: string }[]> {
    return this.#db
      .select({ clip: sharedClips.clipId, revision: sql<string>`${sharedClips.knownRevision}` })
      .from(sharedClips)
      .where(and(eq(sharedClips.libraryId, libraryId), sql`${sharedClips.knownRevision} is not null`));
  }

  async findClip(libraryId: string, clip: string): Promise<StoredClip | null> {
    const [share] = await this.#db.select().from(sharedClips).where(shareOf(libraryId, clip));
    const [row] = await this.#db
      .select({ event: events, digestOf: ROWS_OF_CLIP })
      .from(events)
      .where(eq(events.id, clip));
    if (!share && !row) return null;
    const known = share ? knownOf(share) : null;
    const digestOf = row?.digestOf ?? '';
    return {
      clip,
      event: row ? toSharedEvent(row.event, known?.event.video_path ?? null) : null,
      details: row ? toSharedDetails(row.event) : null,
      known,
      isShared: share !== undefined,
      hasVideo: row !== undefined && row.event.videoPath !== null,
      isAway: row?.event.framesStored === 0 && share != null && share.framesThere !== null,
      frames: row?.event.framesStored ?? 0,
      digest: row && share?.digestOf === digestOf ? share.digest : null,
      digestOf,
    };
  }

  async keepDigest(libraryId: string, clip: string, digest: string, digestOf: string): Promise<void> {
    await this.#db.update(sharedClips).set({ digest, digestOf }).where(shareOf(libraryId, clip));
  }

  async pendingChanges(libraryId: string): Promise<PendingChange[]> {
    const rows = await this.#db
      .select({ change: syncOutbox })
      .from(syncOutbox)
      .leftJoin(events, eq(events.id, syncOutbox.clipId))
      .where(
        and(
          eq(syncOutbox.libraryId, libraryId),
          sql`(${syncOutbox.kind} <> 'rows' or ${events.ingestState} = 'done')`,
        ),
      )
      .orderBy(asc(syncOutbox.changedAt));
    return rows.map(({ change }) => toPending(change));
  }

  pendingOf(libraryId: string, clip: string): Promise<PendingChange | null> {
    return this.#pendingOf(this.#db, libraryId, clip);
  }

  async clipContents(clip: string): Promise<ClipContents> {
    const frames = await listFrames(this.#db, clip);
    const isThere: boolean[] = frames.map(() => false);
    await inParallel(frames, async ({ framePath: path }, i) => {
      isThere[i] = await this.#files.has(path);
    });
    const pictures = frames
      .filter((_, i) => isThere[i])
      .map(({ frameIndex, fileSizeBytes }) => ({ frameNumber: frameIndex + 1, bytes: fileSizeBytes ?? 0 }));
    return { ...(await listPages(this.#db, clip)), pictures };
  }

  readSharedRows(clip: string, page: number): Promise<WritableRow[]> {
    return readPage(this.#db, clip, page);
  }

  async readSharedPictures(clip: string, frameNumbers: number[]): Promise<FramePicture[]> {
    const frames = await listFrames(
      this.#db,
      clip,
      frameNumbers.map((frameNumber) => frameNumber - 1),
    );
    const pictures: (FramePicture | null)[] = frames.map(() => null);
    await inParallel(frames, async ({ framePath: path, frameIndex }, i) => {
      const bytes = await this.#files.readWhole(path);
      pictures[i] = bytes && { frameNumber: frameIndex + 1, bytes };
    });
    return pictures.filter((picture) => picture !== null);
  }

  // # What comes of sending and reading

  async markSent(
    libraryId: string,
    { clip, revision }: PendingChange,
    known: KnownClip | null,
  ): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.delete(syncOutbox).where(and(outboxOf(libraryId, clip), eq(syncOutbox.revision, revision)));
      if (known) await tx.update(sharedClips).set(knownColumns(known)).where(shareOf(libraryId, clip));
      else await tx.delete(sharedClips).where(shareOf(libraryId, clip));
    });
  }

  async keepPage(clip: string, revision: string, { page, lines, pictures }: ComingPage): Promise<void> {
    await this.#files.write(comingPath(clip, revision, page, 'rows'), lines);
    await this.#files.write(comingPath(clip, revision, page, 'pictures'), pictures);
  }

  async adoptClip(
    libraryId: string,
    change: ClipChange,
    pages: readonly number[] | null,
    { position, aside }: { position: Position | null; aside: string | null },
  ): Promise<void> {
    const { event, details } = change;
    if (event && details) {
      const keep = aside === null ? null : await this.#copyFiles(change.clip, aside);
      await this.#take(
        libraryId,
        change,
        { event, details, pages },
        async (tx) => {
          await tx.delete(syncOutbox).where(outboxOf(libraryId, change.clip));
          if (position) await moveOn(tx, libraryId, position);
        },
        keep,
      );
      return;
    }
    const isGone = await this.#db.transaction(async (tx) => {
      const pending = await this.#pendingOf(tx, libraryId, change.clip);
      const shares = await tx.select().from(sharedClips).where(eq(sharedClips.clipId, change.clip));
      await tx.delete(sharedClips).where(shareOf(libraryId, change.clip));
      await tx.delete(syncOutbox).where(outboxOf(libraryId, change.clip));
      if (position) await moveOn(tx, libraryId, position);
      // Who stops sharing keeps the clip, and so does who has it in another library or has its video.
      const isShared = shares.some((share) => share.libraryId === libraryId);
      if (!isShared || shares.length > 1 || pending?.kind === 'unshare') return false;
      const gone = await tx
        .delete(events)
        .where(and(eq(events.id, change.clip), isNull(events.videoPath)))
        .returning({ id: events.id });
      return gone.length > 0;
    });
    if (isGone) await this.#files.removeClip(change.clip);
    this.#onChange(change.clip);
  }

  async listClip(libraryId: string, change: ClipChange, position: Position | null): Promise<void> {
    const { clip, frames, digest, event, details } = change;
    if (!event || !details) throw badInput('A clip that has ended cannot be listed.');
    await this.#db.transaction(async (tx) => {
      const columns = fromShared(event, details);
      await tx
        .insert(events)
        .values({ id: clip, ...columns, ingestState: 'done' })
        .onConflictDoUpdate({ target: events.id, set: columns });
      await rememberShare(tx, libraryId, change, false);
      // As long as nothing is stored of the clip here, its rows are those of the library.
      await tx
        .update(sharedClips)
        .set({ digest, digestOf: await rowsNow(tx, clip), framesThere: frames, isTheirs: true })
        .where(shareOf(libraryId, clip));
      await tx.delete(syncOutbox).where(outboxOf(libraryId, clip));
      await noteChange(tx, clip, { except: libraryId });
      if (position) await moveOn(tx, libraryId, position);
    });
    this.#onChange(clip);
  }

  async awayClip(clip: string): Promise<AwayClip | null> {
    const [away] = await selectAway(this.#db).where(and(IS_AWAY, eq(events.id, clip)));
    return away ?? null;
  }

  awayClips(libraryId: string): Promise<AwayClip[]> {
    return selectAway(this.#db).where(and(IS_AWAY, eq(sharedClips.libraryId, libraryId)));
  }

  async bringRows(
    { libraryId, clip, revision, digest, frames }: AwayClip,
    pages: readonly number[],
  ): Promise<void> {
    const isWanted = async (tx: Database) => {
      const [away] = await selectAway(tx).where(and(IS_AWAY, shareOf(libraryId, clip)));
      return away?.revision === revision;
    };
    if (!(await isWanted(this.#db))) return;
    const paths = await this.#placePictures(clip, revision, pages);
    await this.#db.transaction(async (tx) => {
      // Another tab may have brought them, or the library has other ones by now.
      if (!(await isWanted(tx))) return;
      await this.#replaceRows(tx, { clip, revision }, pages, paths);
      await tx.update(events).set({ framesPlanned: frames }).where(eq(events.id, clip));
      await tx.update(sharedClips).set({ framesThere: null }).where(eq(sharedClips.clipId, clip));
      await tx
        .update(sharedClips)
        .set({ digest, digestOf: await rowsNow(tx, clip) })
        .where(shareOf(libraryId, clip));
    });
    await this.#removeReplaced(clip, revision);
    this.#onChange(clip);
  }

  async letRowsGo(libraryId: string): Promise<number> {
    const shares = await this.#db
      .select({ clip: sharedClips.clipId })
      .from(sharedClips)
      .where(and(eq(sharedClips.libraryId, libraryId), sharedClips.isTheirs));
    let count = 0;
    for (const { clip } of shares) {
      if (!(await this.#db.transaction((tx) => letGo(tx, libraryId, clip)))) continue;
      await this.#removeUnnamed(clip);
      this.#onChange(clip);
      count += 1;
    }
    return count;
  }

  async rebaseClip(
    libraryId: string,
    change: ClipChange,
    onto: ClipContent,
    pending: PendingChange,
    position: Position | null,
  ): Promise<void> {
    await this.#take(libraryId, change, onto, async (tx) => {
      await putPending(tx, libraryId, pending);
      if (position) await moveOn(tx, libraryId, position);
    });
  }

  async partClip(libraryId: string, clip: string, copy: string, position: Position | null): Promise<void> {
    const shares = await this.#db.select().from(sharedClips).where(eq(sharedClips.clipId, clip));
    const isAlone = shares.every((share) => share.libraryId === libraryId);
    const videoPath = isAlone ? await this.#copyFiles(clip, copy) : null;
    await this.#db.transaction(async (tx) => {
      if (isAlone && (await isHere(tx, clip))) {
        await copyClipRows(tx, clip, copy, videoPath?.videoPath ?? null);
        await tx.delete(events).where(eq(events.id, clip));
      }
      await tx.delete(sharedClips).where(shareOf(libraryId, clip));
      await tx.delete(syncOutbox).where(outboxOf(libraryId, clip));
      if (position) await moveOn(tx, libraryId, position);
    });
    if (isAlone) await this.#files.removeClip(clip);
    this.#onChange(clip);
    this.#onChange(copy);
  }

  async setPending(libraryId: string, pending: PendingChange): Promise<void> {
    await this.#db.transaction((tx) => putPending(tx, libraryId, pending));
  }

  async shareAgain(libraryId: string, pending: PendingChange): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx
        .update(sharedClips)
        .set({ knownRevision: null, knownDigest: null, knownEvent: null })
        .where(shareOf(libraryId, pending.clip));
      await putPending(tx, libraryId, pending);
    });
  }

  // # Within

  async #pendingOf(tx: Database, libraryId: string, clip: string): Promise<PendingChange | null> {
    const [row] = await tx.select().from(syncOutbox).where(outboxOf(libraryId, clip));
    return row ? toPending(row) : null;
  }

  /**
   * Makes a clip what `content` says, in one transaction with what `finish` does. Its pictures are there before its rows.
   *
   * @param aside a copy of the clip as it was, whose files are there already
   */
  async #take(
    libraryId: string,
    change: ClipChange,
    { event, details, pages }: ClipContent,
    finish: (tx: Database) => Promise<void>,
    aside: CopiedFiles | null = null,
  ): Promise<void> {
    const { clip } = change;
    const paths = pages && (await this.#placePictures(clip, change.revision, pages));
    await this.#db.transaction(async (tx) => {
      if (aside && (await isHere(tx, clip)) && !(await isHere(tx, aside.copy)))
        await copyClipRows(tx, clip, aside.copy, aside.videoPath);
      const isNew = !(await isHere(tx, clip));
      await writeColumns(tx, change, { event, details, pages });
      if (pages && paths) await this.#replaceRows(tx, change, pages, paths);
      await rememberShare(tx, libraryId, change, pages !== null);
      if (isNew && pages)
        await tx.update(sharedClips).set({ isTheirs: true }).where(shareOf(libraryId, clip));
      if (await isHere(tx, clip)) await noteChange(tx, clip, { except: libraryId });
      await finish(tx);
    });
    if (pages) await this.#removeReplaced(clip, change.revision);
    this.#onChange(clip);
    if (aside) this.#onChange(aside.copy);
  }

  /** Writes kept pictures to the paths that their frames will have, and answers those by `frame_index`. */
  async #placePictures(
    clip: string,
    revision: string,
    pages: readonly number[],
  ): Promise<Map<number, string>> {
    const paths = new Map<number, string>();
    for (const page of pages) {
      const pictures = unpackPictures(await this.#readKept(comingPath(clip, revision, page, 'pictures')));
      await inParallel(pictures, async ({ frameNumber, bytes }) => {
        const extension = thumbnailType(bytes) === 'image/jpeg' ? 'jpg' : 'webp';
        const path = framePath(clip, frameNumber - 1, extension);
        paths.set(frameNumber - 1, path);
        await this.#files.write(path, bytes);
      });
    }
    return paths;
  }

  /** Puts kept rows in the place of all that a clip has, a page at a time, in the caller's transaction. */
  async #replaceRows(
    tx: Database,
    { clip, revision }: Pick<ClipChange, 'clip' | 'revision'>,
    pages: readonly number[],
    paths: ReadonlyMap<number, string>,
  ): Promise<void> {
    await clearRows(tx, clip);
    for (const page of pages) {
      const lines = await this.#readKept(comingPath(clip, revision, page, 'rows'));
      await insertPage(tx, clip, page, lines, (i) => paths.get(i) ?? framePath(clip, i));
    }
    await countAnew(tx, clip, { isChanged: true });
  }

  /** A part of a clip that comes. Files that no row names are swept up, so that one may be gone. */
  async #readKept(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#files.readWhole(path);
    if (bytes) return bytes;
    throw new FramesiftError(
      'write-incomplete',
      'A part of the clip that came is not here any more. The clip is read again later.',
      { transient: true },
    );
  }

  /** Removes what was kept of a clip that came, and files of what it replaced. */
  async #removeReplaced(clip: string, revision: string): Promise<void> {
    await this.#files.removeClip(comingFolder(revision));
    await this.#removeUnnamed(clip);
  }

  /** Removes pictures and packed vectors of rows that were replaced; the kept copy of the file stays. */
  async #removeUnnamed(clip: string): Promise<void> {
    const { needed } = await namedFiles(this.#db, clip);
    const paths = await this.#files.listFiles(clip);
    await this.#files.remove(paths.filter((path) => !path.startsWith('clips/') && !needed.has(path)));
  }

  /** Copies a clip's pictures and the copy of its file for another id. Where there is no room the file stays behind. */
  async #copyFiles(clip: string, copy: string): Promise<CopiedFiles> {
    const frames = await listFrames(this.#db, clip);
    await inParallel(frames, async ({ framePath: path }) => {
      const bytes = await this.#files.readWhole(path);
      if (bytes) await this.#files.write(path.replace(`/${clip}/`, `/${copy}/`), bytes);
    });
    const [row] = await this.#db.select({ path: events.videoPath }).from(events).where(eq(events.id, clip));
    const file = row?.path?.startsWith('clips/') ? await this.#files.readClipFile(row.path) : null;
    return { copy, videoPath: file && (await this.#files.storeClipFile(copy, file)) };
  }
}

/** Names of these verbs. */
export const SHARING_VERB_NAMES = [
  'libraries',
  'saveLibrary',
  'setLibrary',
  'forgetLibrary',
  'listShares',
  'shareClips',
  'stopSharing',
  'listNotices',
  'keepNotice',
  'dropNotice',
  'moveTo',
  'knownClips',
  'findClip',
  'keepDigest',
  'pendingChanges',
  'pendingOf',
  'clipContents',
  'readSharedRows',
  'readSharedPictures',
  'markSent',
  'keepPage',
  'adoptClip',
  'listClip',
  'awayClip',
  'awayClips',
  'bringRows',
  'letRowsGo',
  'rebaseClip',
  'partClip',
  'setPending',
  'shareAgain',
] as const satisfies readonly (keyof Sharing)[];

export type SharingVerbName = (typeof SHARING_VERB_NAMES)[number];

interface CopiedFiles {
  copy: string;
  videoPath: string | null;
}

/** Clips whose rows are in a library alone. */
const IS_AWAY = and(
  isNotNull(sharedClips.framesThere),
  isNotNull(sharedClips.knownRevision),
  eq(events.framesStored, 0),
);

function selectAway(tx: Database) {
  return tx
    .select({
      clip: sharedClips.clipId,
      libraryId: sharedClips.libraryId,
      revision: sql<string>`${sharedClips.knownRevision}`,
      digest: sql<string>`${sharedClips.knownDigest}`,
      frames: sql<number>`${sharedClips.framesThere}`,
    })
    .from(sharedClips)
    .innerJoin(events, eq(events.id, sharedClips.clipId))
    .$dynamic();
}

/** Removes a clip's rows that one library has as they are here, where nobody else needs them. False where they stay. */
async function letGo(tx: Database, libraryId: string, clip: string): Promise<boolean> {
  const shares = await tx.select().from(sharedClips).where(eq(sharedClips.clipId, clip));
  const waiting = await tx.select().from(syncOutbox).where(eq(syncOutbox.clipId, clip));
  const [row] = await tx.select().from(events).where(eq(events.id, clip)).for('update');
  const [share, ...others] = shares;
  if (!row || share?.libraryId !== libraryId || others.length > 0 || waiting.length > 0) return false;
  const isAsThere = share.digest !== null && share.digest === share.knownDigest;
  const isUnchanged = isAsThere && share.digestOf === (await rowsNow(tx, clip));
  if (!isUnchanged || row.videoPath !== null || row.ingestState !== 'done' || row.framesStored === 0)
    return false;
  await clearRows(tx, clip);
  await countAnew(tx, clip, { isChanged: true });
  await tx
    .update(sharedClips)
    .set({ framesThere: row.framesStored, digestOf: await rowsNow(tx, clip) })
    .where(shareOf(libraryId, clip));
  return true;
}

/** Characters of a revision in the name of its folder; a UUID has 36. */
const REVISION_LENGTH = 50;

/** The folder in which a revision of a clip waits: that of no clip, so that it is swept up at the next open. */
function comingFolder(revision: string): string {
  return `coming-${revision.slice(0, REVISION_LENGTH)}`;
}

/** Where a part of a clip that comes waits. */
function comingPath(clip: string, revision: string, page: number, kind: 'rows' | 'pictures'): string {
  return `frames/${comingFolder(revision)}/${clip}_${page}.${kind}`;
}

function shareOf(libraryId: string, clip: string) {
  return and(eq(sharedClips.libraryId, libraryId), eq(sharedClips.clipId, clip));
}

function outboxOf(libraryId: string, clip: string) {
  return and(eq(syncOutbox.libraryId, libraryId), eq(syncOutbox.clipId, clip));
}

async function moveOn(tx: Database, libraryId: string, { after, epoch }: Position): Promise<void> {
  await tx
    .update(libraries)
    .set({ after, epoch })
    .where(
      and(
        eq(libraries.id, libraryId),
        sql`(${libraries.after}, ${libraries.epoch}) is distinct from (${after}::bigint, ${epoch}::text)`,
      ),
    );
}

async function isHere(tx: Database, clip: string): Promise<boolean> {
  return (await tx.select({ id: events.id }).from(events).where(eq(events.id, clip))).length > 0;
}

function knownOf(share: typeof sharedClips.$inferSelect): KnownClip | null {
  const { knownRevision: revision, knownDigest: digest, knownEvent: event } = share;
  if (revision === null || digest === null || event === null) return null;
  return { revision, digest, event: JSON.parse(event) as EventColumns };
}

function knownColumns({ revision, digest, event }: KnownClip) {
  return { knownRevision: revision, knownDigest: digest, knownEvent: JSON.stringify(event) };
}

/** Writes the clip's own row. One that was deleted here, and of which no rows come, stays deleted. */
async function writeColumns(
  tx: Database,
  { clip, frames }: Pick<ClipChange, 'clip' | 'frames'>,
  { event, details, pages }: ClipContent,
): Promise<void> {
  const columns = fromShared(event, details);
  const planned = pages && { framesPlanned: frames };
  await tx
    .update(events)
    .set({ ...columns, ...planned })
    .where(eq(events.id, clip));
  if (!pages) return;
  await tx
    .insert(events)
    .values({ id: clip, ...columns, ...planned, ingestState: 'done' })
    .onConflictDoNothing();
  // Reading that goes on in a tab says itself when it is done.
  await tx
    .update(events)
    .set({ ingestState: 'done', ingestError: null })
    .where(and(eq(events.id, clip), ne(events.ingestState, 'running')));
}

async function rememberShare(
  tx: Database,
  libraryId: string,
  { clip, revision, digest, event }: ClipChange,
  hasNewRows: boolean,
): Promise<void> {
  const known = knownColumns({ revision, digest, event: event! });
  const rows = hasNewRows ? { digest, digestOf: await rowsNow(tx, clip), framesThere: null } : {};
  await tx
    .insert(sharedClips)
    .values({ libraryId, clipId: clip, ...known, ...rows })
    .onConflictDoUpdate({
      target: [sharedClips.libraryId, sharedClips.clipId],
      set: { ...known, ...rows },
    });
}
