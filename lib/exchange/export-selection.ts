import type { ClipSummary } from '@/lib/ports/library';
import type { ExchangeServices } from './exchange-services';
import { throwIfCancelled } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { CHAT_PICTURE_MAX_SIDE, toChatMessages, toChatPicture, type ChatShape } from './chat-messages';
import { drawContactSheet, SHEET_PICTURE_MAX_SIDE } from './contact-sheet';
import { manifestToCsv } from './csv';
import { exportFileName, framePictureName, selectionFileName } from './file-name';
import { toJsonLines } from './jsonl';
import { textToBlob } from './lines';
import { toManifest } from './manifest';
import { collectPictures, type ExportTask, type FindClipFile } from './pictures';
import { readClips, readFramesOfClip, type RowReader } from './read-rows';
import type { ClipRows } from './rows';
import { framesInOrder, matchingSpans, type SelectionToExport } from './selection-to-export';
import { toSql } from './sql';
import { writeZip, type ZipEntry } from './zip';

/** A file to be given to the person. */
export interface ExportedFile {
  name: string;
  blob: Blob;
  /** What a person should know of it besides; null when there is nothing. */
  note: string | null;
}

/** JPEG at this quality cannot be told from the decoded frame by eye. */
const FULL_SIZE = { type: 'image/jpeg', quality: 0.95 } as const;
const SMALL_QUALITY = 0.85;

/** Frames at full resolution with the manifest, the table, and the embeddings that bring them back without their clip. */
export async function exportZip(
  services: ExchangeServices,
  selection: SelectionToExport,
  findFile: FindClipFile,
  task: ExportTask,
): Promise<ExportedFile> {
  const createdAt = new Date();
  const frames = framesInOrder(selection);
  const pictures = await collectPictures(services, selection, findFile, FULL_SIZE, task);
  const files = pictures.map((picture, i) =>
    picture ? framePictureName(i, frames[i]!, picture.blob.type) : null,
  );
  const manifest = toManifest(
    selection,
    createdAt,
    pictures.map((picture, i) =>
      picture
        ? {
            file: files[i]!,
            width: picture.width,
            height: picture.height,
            ...(picture.isThumbnail ? { isThumbnail: true } : {}),
          }
        : null,
    ),
  );
  const attachments: ZipEntry[] = [];
  for (const { number, image } of selection.question.images) {
    const entry = manifest.question.attachments.find((one) => one.number === number);
    if (!image || !entry) continue;
    entry.file = `attachments/${number}.${image.type === 'image/jpeg' ? 'jpg' : image.type === 'image/webp' ? 'webp' : 'png'}`;
    attachments.push({ name: entry.file, content: image });
  }
  const clips = await clipsWithFrames(services, selection);
  const rows = await textToBlob(
    toJsonLines(rowsOfFrames(services.database, clips, selection), {
      createdAt: createdAt.toISOString(),
      clips: clips.length,
    }),
    'application/jsonl',
  );
  throwIfCancelled(task.signal);
  const thumbnails = pictures.filter((picture) => picture?.isThumbnail).length;
  const missing = pictures.filter((picture) => picture === null).length;
  const note = pictureNote(thumbnails, missing);
  const blob = await writeZip(
    [
      // First, so that a ZIP of ours is known by its beginning.
      { name: 'manifest.json', content: JSON.stringify(manifest, null, 2) },
      { name: 'README.txt', content: describeZip(selection, createdAt, note) },
      { name: 'frames.csv', content: manifestToCsv(manifest) },
      { name: 'embeddings.jsonl', content: rows },
      ...attachments,
      ...pictures.flatMap((picture, i) => (picture ? [{ name: files[i]!, content: picture.blob }] : [])),
    ],
    createdAt,
  );
  return { name: selectionFileName(selection, 'zip'), blob, note };
}

function pictureNote(thumbnails: number, missing: number): string | null {
  const notes = [
    thumbnails > 0 &&
      `${thumbnails} of the pictures are small stored ones, because their clip’s file is not in this browser or cannot be decoded. Choose the file under the player for full resolution.`,
    missing > 0 && `${missing} of the frames have no picture.`,
  ].filter((part) => part !== false);
  return notes.length === 0 ? null : notes.join(' ');
}

function describeZip(selection: SelectionToExport, createdAt: Date, note: string | null): string {
  return [
    `Frames that answer “${selection.question.text}”, exported from Framesift on ${createdAt.toISOString()}.`,
    '',
    'frames/           the pictures, numbered in order of time, each with its time in minutes and seconds',
    'manifest.json     clips, times, scores, strategy, parameters, model and question',
    'frames.csv        the same as a table',
    'embeddings.jsonl  the frames’ rows and embeddings as JSON lines',
    ...(note === null ? [] : ['', note]),
    '',
    'Drop this ZIP on Framesift to get the selection back.',
    '',
  ].join('\r\n');
}

async function clipsWithFrames(
  services: ExchangeServices,
  selection: SelectionToExport,
): Promise<ClipSummary[]> {
  const ids = new Set(framesInOrder(selection).map(({ clipId }) => clipId));
  const clips: ClipSummary[] = [];
  for (const clipId of ids) {
    const clip = await services.database.getClip(clipId);
    if (clip) clips.push(clip);
  }
  return clips;
}

async function* rowsOfFrames(
  database: RowReader,
  clips: readonly ClipSummary[],
  selection: SelectionToExport,
): AsyncGenerator<ClipRows, void, undefined> {
  for (const clip of clips) {
    const indexes = selection.frames
      .filter(({ clipId }) => clipId === clip.id)
      .map(({ frameIndex }) => frameIndex);
    yield await readFramesOfClip(database, clip, indexes);
  }
}

/** The frames as a table. */
export function exportCsv(selection: SelectionToExport): ExportedFile {
  const csv = manifestToCsv(toManifest(selection, new Date()));
  const blob = new Blob([csv], { type: 'text/csv' });
  return { name: selectionFileName(selection, 'csv'), blob, note: null };
}

/** The frames on one sheet. */
export async function exportContactSheet(
  services: ExchangeServices,
  selection: SelectionToExport,
  findFile: FindClipFile,
  task: ExportTask,
): Promise<ExportedFile> {
  const options = { ...FULL_SIZE, maxSide: SHEET_PICTURE_MAX_SIDE };
  const pictures = await collectPictures(services, selection, findFile, options, task);
  const blob = await drawContactSheet(toManifest(selection, new Date()), pictures);
  return { name: selectionFileName(selection, 'png'), blob, note: null };
}

/** The frames as a message for a vision model, as JSON text. */
export async function exportChat(
  services: ExchangeServices,
  selection: SelectionToExport,
  findFile: FindClipFile,
  shape: ChatShape,
  task: ExportTask,
): Promise<ExportedFile> {
  const options = {
    type: 'image/jpeg',
    quality: SMALL_QUALITY,
    maxSide: CHAT_PICTURE_MAX_SIDE,
  } as const;
  const pictures = await collectPictures(services, selection, findFile, options, task);
  const encoded = await Promise.all(
    pictures.map((picture) => (picture ? toChatPicture(picture.blob) : Promise.resolve(null))),
  );
  const messages = toChatMessages(toManifest(selection, new Date()), encoded, shape);
  const blob = new Blob([JSON.stringify(messages)], { type: 'application/json' });
  return { name: selectionFileName(selection, 'json', shape), blob, note: null };
}

/** One file for each clip that has something to show: only the moments that answer. */
export async function exportCuts(
  services: ExchangeServices,
  selection: SelectionToExport,
  findFile: FindClipFile,
  { signal, onProgress }: ExportTask,
): Promise<ExportedFile[]> {
  const clips = selection.clips
    .map((clip) => ({ clip, spans: matchingSpans(selection, clip.clipId) }))
    .filter(({ spans }) => spans.length > 0);
  const files: ExportedFile[] = [];
  for (const [i, { clip, spans }] of clips.entries()) {
    const file = await findFile(clip.clipId).catch(() => null);
    if (!file) {
      throw new FramesiftError(
        'bad-input',
        `The file of ${clip.fileName ?? 'this clip'} is not in this browser any more, so it cannot be cut. Choose it under the player, then try again.`,
      );
    }
    const onShare = (share: number) => onProgress(i + share, clips.length);
    const cut = await services.openClip(file).cut(spans, signal, onShare);
    files.push({
      name: exportFileName(clip.fileName, selection.question.text, cut.extension, 'cut'),
      blob: cut.blob,
      note: cut.note,
    });
  }
  if (files.length === 0) throw new FramesiftError('bad-input', 'There is no moment to cut out.');
  return files;
}

/** The rows of clips, of one or of the whole library. */
export async function exportRows(
  services: ExchangeServices,
  clips: readonly ClipSummary[],
  format: 'jsonl' | 'sql',
  { signal, onProgress }: ExportTask,
): Promise<ExportedFile> {
  const total = clips.reduce((sum, { embeddingCount }) => sum + embeddingCount, 0);
  const rows = readClips(services.database, clips, {
    signal,
    onEmbeddings: (count) => onProgress(Math.min(count, total), total),
  });
  const header = { createdAt: new Date().toISOString(), clips: clips.length };
  const blob =
    format === 'jsonl'
      ? await textToBlob(toJsonLines(rows, header), 'application/jsonl')
      : await textToBlob(toSql(rows, header), 'application/sql');
  const [only, ...others] = clips;
  const name = others.length === 0 ? (only?.fileName ?? null) : `${clips.length} clips`;
  return { name: exportFileName(name, null, format, 'embeddings'), blob, note: null };
}
