import type { ClipSummary, ImportedClip } from '@/lib/ports/library';
import { isAway } from '@/lib/shared/away';
import { throwIfCancelled } from '@/lib/shared/async';
import { ROWS_PER_EXPORT_PAGE } from '@/lib/shared/clip-columns';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { plural } from '@/lib/shared/format';
import { readTar, writeTar, type TarFile } from '@/lib/shared/tar';
import type { ExchangeServices } from './exchange-services';
import type { ExportedFile } from './export-selection';
import { fromJsonLines, toJsonLines } from './jsonl';
import { readLines, textToBlob } from './lines';
import type { ExportTask } from './pictures';
import { countDrafts, readClips } from './read-rows';
import { BACKUP_ROWS } from './recognise';
import { bad } from './rows';

/*
 * [Note: Backup] All that a library has, as one tar archive that may be larger than memory: `library.jsonl`, the rows as
 * they are exported, with embeddings of re-readings that are not complete, then thumbnails at `frames/<clip>/<frame index>` and copies of clips at `clips/<clip>/file`. Tar, since
 * a ZIP without its 64-bit extension ends at 65,535 files and 4 GB. Packed embeddings are made again from the rows.
 */

/** Pictures in one call of the library. */
const PICTURES_PER_WRITE = 200;

type BackupServices = Pick<ExchangeServices, 'database'>;

/**
 * Everything in the library as one file.
 *
 * @throws FramesiftError `cancelled`; `bad-input` where a clip lost rows meanwhile, since such a file would be refused
 */
export async function exportLibrary(
  { database }: BackupServices,
  { signal, onProgress }: ExportTask,
): Promise<ExportedFile> {
  const createdAt = new Date();
  const library = (await database.listClips()).filter((clip) => !isAway(clip));
  const total = library.reduce((sum, clip) => sum + countRows(clip), 0);
  let embeddings = 0;
  let pictures = 0;
  const tell = () => onProgress(Math.min(embeddings + pictures, total), total);
  const rows = await textToBlob(
    toJsonLines(
      readClips(database, library, {
        signal,
        onEmbeddings: (count) => {
          embeddings = count;
          tell();
        },
        readDrafts: (clipId, options) => database.readEmbeddingDraftRows(clipId, options),
      }),
      { createdAt: createdAt.toISOString(), clips: library.length },
    ),
    'application/jsonl',
  );
  assertNothingLost(library, await database.listClips());
  let missing = 0;
  async function* files(): AsyncGenerator<TarFile, void, undefined> {
    yield { path: BACKUP_ROWS, content: rows };
    for (const clip of library) {
      for (let after = -1; ;) {
        throwIfCancelled(signal);
        const page = await database.readEventFrameRows(clip.id, { after });
        const indexes = page.map(({ frameNumber }) => frameNumber - 1);
        for (const [i, content] of (await database.readThumbnails(clip.id, indexes)).entries()) {
          if (content) yield { path: `frames/${clip.id}/${indexes[i]!}`, content };
        }
        pictures += page.length;
        tell();
        if (page.length < ROWS_PER_EXPORT_PAGE) break;
        after = indexes.at(-1)!;
      }
      const copy = await database.readClipFile(clip.id);
      if (copy) yield { path: `clips/${clip.id}/file`, content: copy };
      else missing += 1;
    }
  }
  const blob = await writeTar(files(), createdAt, 'application/x-tar');
  throwIfCancelled(signal);
  const day = createdAt.toISOString().slice(0, 10);
  return { name: `framesift-library_${day}.tar`, blob, note: noteOf(missing) };
}

function assertNothingLost(before: readonly ClipSummary[], after: readonly ClipSummary[]): void {
  const counts = new Map(after.map((clip) => [clip.id, countRows(clip)]));
  if (before.every((clip) => counts.get(clip.id)! >= countRows(clip))) return;
  throw new FramesiftError(
    'bad-input',
    'A clip was deleted, or its reading with another model was completed, while the library was backed up. Back up again.',
    { transient: true },
  );
}

function countRows(clip: ClipSummary): number {
  return clip.frameCount + clip.embeddingCount + countDrafts(clip);
}

function noteOf(missing: number): string | null {
  if (missing === 0) return null;
  const [whose, which] = missing === 1 ? ['its', 'that file'] : ['their', 'those files'];
  return `${plural(missing, 'clip')} had no copy of ${whose} file in this browser; keep ${which} as well.`;
}

/** What came back. */
export interface RestoredLibrary {
  /** Those of the backup, also those that were in the library already. */
  clipIds: string[];
  /** For the person. */
  sentence: string;
}

/**
 * Brings a backup in, clip by clip: rows in a transaction, then pictures and the copy of the file. Of a clip that the
 * library has with as many frames, what is there stays and what is missing comes.
 *
 * @throws FramesiftError `bad-input` where it is damaged, `cancelled`; clips before that are in the library
 */
export async function importLibrary(
  { database }: BackupServices,
  file: Blob,
  { signal, onProgress }: ExportTask,
): Promise<RestoredLibrary> {
  const { rows, pictures, copies } = await openBackup(file);
  const total = [...pictures.values()].reduce((sum, some) => sum + some.length, 0) + copies.size;
  let done = 0;
  const tell = (count: number) => onProgress((done += count), total);
  tell(0);
  const clipIds: string[] = [];
  let kept = 0;
  let copiesLeftOut = 0;
  try {
    for await (const clip of fromJsonLines(readLines(rows))) {
      throwIfCancelled(signal);
      const { id } = clip.event;
      const before = await database.getClip(id);
      const ofClip = pictures.get(id) ?? [];
      // A clip that is new to other tabs is told of when its pictures are there.
      const isNew = before === null && ofClip.length > 0;
      if (before && hasAll(before, clip)) kept += 1;
      else await database.importClip(clip, [], { moreFollows: isNew });
      const isMissing = before && new Set((await database.framesWithoutPicture(id)).map(indexOf));
      const wanted = isMissing ? ofClip.filter(({ frameIndex }) => isMissing.has(frameIndex)) : ofClip;
      try {
        for (let start = 0; start < wanted.length; start += PICTURES_PER_WRITE) {
          throwIfCancelled(signal);
          const some = wanted.slice(start, start + PICTURES_PER_WRITE);
          const moreFollows = isNew && start + PICTURES_PER_WRITE < wanted.length;
          await database.storeThumbnails(id, await Promise.all(some.map(readPicture)), { moreFollows });
          tell(some.length);
        }
      } catch (error) {
        if (isNew) await database.storeThumbnails(id, []).catch(() => undefined);
        throw error;
      }
      tell(ofClip.length - wanted.length);
      const copy = copies.get(id);
      if (copy) {
        throwIfCancelled(signal);
        const hasCopy = before !== null && (await database.readClipFile(id)) !== null;
        const whole = new File([copy], clip.event.fields.fileName ?? 'clip');
        if (!hasCopy && (await database.storeClipFile(id, whole)) === null) copiesLeftOut += 1;
        tell(1);
      }
      clipIds.push(id);
    }
  } catch (error) {
    if (clipIds.length === 0) throw error;
    const failure = toFramesiftError(error, 'This backup could not be brought in.');
    const there = `${plural(clipIds.length, 'clip')} of it ${clipIds.length === 1 ? 'is' : 'are'} in the library.`;
    throw new FramesiftError(
      failure.code,
      isCancelled(error) ? `Stopped: ${there}` : `${failure.message} ${there}`,
      {
        transient: failure.transient,
        cause: failure,
      },
    );
  }
  return { clipIds, sentence: sentenceOf(clipIds.length, kept, copiesLeftOut) };
}

interface StoredPicture {
  frameIndex: number;
  content: Blob;
}

/** @throws FramesiftError `bad-input` where it is cut off, damaged, or no backup */
async function openBackup(file: Blob): Promise<{
  rows: Blob;
  pictures: Map<string, StoredPicture[]>;
  copies: Map<string, Blob>;
}> {
  const files = await readTar(file).catch((cause: unknown) => {
    throw new FramesiftError(
      'bad-input',
      'This backup is damaged or cut off, so nothing of it was brought in. Use another copy of the file.',
      { cause },
    );
  });
  const rows = files.get(BACKUP_ROWS);
  if (!rows) throw bad('This archive has no rows of a library in it, so it is no backup.');
  const pictures = new Map<string, StoredPicture[]>();
  const copies = new Map<string, Blob>();
  for (const [path, content] of files) {
    const [, folder, clipId, name] = /^(frames|clips)\/([\w-]+)\/(\d{1,9}|file)$/.exec(path) ?? [];
    if (folder === undefined) continue;
    if (folder === 'clips') {
      copies.set(clipId!, content);
      continue;
    }
    const ofClip = pictures.get(clipId!) ?? [];
    pictures.set(clipId!, ofClip);
    ofClip.push({ frameIndex: Number(name), content });
  }
  return { rows, pictures, copies };
}

function hasAll(stored: ClipSummary, { frames, embeddings, drafts }: ImportedClip): boolean {
  const versions = new Set(drafts.map(({ modelVersion }) => modelVersion));
  return (
    stored.frameCount >= frames.length &&
    stored.embeddingCount >= embeddings.length &&
    // A re-reading that has come as far, or to its end, or that made way for one with a third model.
    (drafts.length === 0 ||
      countDrafts(stored) >= drafts.length ||
      stored.embeddingSets.some(
        ({ state, modelVersion }) => state === 'current' && versions.has(modelVersion),
      ))
  );
}

function indexOf({ frameIndex }: { frameIndex: number }): number {
  return frameIndex;
}

async function readPicture({ frameIndex, content }: StoredPicture) {
  return { frameIndex, thumbnail: new Uint8Array(await content.arrayBuffer()) };
}

function sentenceOf(clips: number, kept: number, copiesLeftOut: number): string {
  const isOne = copiesLeftOut === 1;
  return [
    clips === 0
      ? 'This backup has no clips in it.'
      : `${plural(clips, 'clip')} of the backup ${clips === 1 ? 'is' : 'are'} in the library.`,
    kept > 0 &&
      (kept === clips
        ? 'All of it was there already.'
        : `${plural(kept, 'clip')} of them ${kept === 1 ? 'was' : 'were'} there already.`),
    copiesLeftOut > 0 &&
      `There was no room for the ${isOne ? 'file of one of them' : `files of ${copiesLeftOut} of them`}: choose ${isOne ? 'it' : 'them'} below the picture to play ${isOne ? 'it' : 'them'}.`,
  ]
    .filter(Boolean)
    .join(' ');
}
