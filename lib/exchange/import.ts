import type { ClipSummary, ImportResult, ImportedClip } from '@/lib/ports/library';
import type { ExchangeServices } from './exchange-services';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { plural } from '@/lib/shared/format';

import { ThumbnailWriter } from '@/lib/media/thumbnail';
import { importLibrary } from './backup';
import { chatJsonToManifest } from './chat-messages';
import { csvToManifest } from './csv';
import { fromJsonLines } from './jsonl';
import { readLines } from './lines';
import { parseManifest, type SelectionManifest } from './manifest';
import { MANIFEST_KEYWORD, readPngText } from './png-text';
import { recogniseExport, type SelectionFormat } from './recognise';
import type { ExportTask } from './pictures';
import { bad } from './rows';
import type { ExportedImage, ExportedClip, SelectedFrame, SelectionParameters } from './selection-to-export';
import { fromSql } from './sql';
import { decodeText } from './text';
import { readZip } from './zip';

/** A selection that came back: what was asked, of clips that are in the library, by their ids there. */
export interface SavedSelection {
  question: { text: string; images: ExportedImage[] };
  strategy: string;
  parameters: SelectionParameters;
  /** Those that are in the library, in the order in which they were searched. */
  clips: ExportedClip[];
  modelVersion: string;
  /** The frames as they were when the selection was exported. */
  frames: SelectedFrame[];
}

/** What bringing in a file did. */
export interface ImportOutcome {
  /** Clips that were added or changed, and those that the selection is of. */
  clipIds: string[];
  selection: SavedSelection | null;
  /** For the person. */
  sentence: string;
}

/** JSON and tables of selections are read whole; pictures inside messages make the largest of them. */
const MAX_TEXT_BYTES = 300_000_000;

const BROUGHT_BESIDE =
  'That library is back beside the one at work. “Open it” at the end of the page shows its clips.';

/** For whoever neither watches nor stops it. */
const UNWATCHED: ExportTask = { signal: new AbortController().signal, onProgress: () => undefined };

/**
 * Brings in a file that Framesift exported.
 *
 * @param task watches and stops a backup, which may take minutes; other files take a moment
 * @returns null for a file that is no export of ours
 * @throws FramesiftError `bad-input` with what is wrong in one that is; what is stored stays as it was
 */
export async function importFile(
  services: ExchangeServices,
  file: File,
  task = UNWATCHED,
): Promise<ImportOutcome | null> {
  const recognised = await recogniseExport(file);
  if (!recognised) return null;
  if (recognised.kind === 'library') {
    const { clipIds, sentence } = await importLibrary(services, file, task);
    return { clipIds, selection: null, sentence };
  }
  if (recognised.kind === 'library-files') {
    await services.database.bringBackLibrary(file);
    return { clipIds: [], selection: null, sentence: BROUGHT_BESIDE };
  }
  if (recognised.kind === 'rows') return importRows(services, file, recognised.format);
  if (recognised.format === 'zip') return importZip(services, file);
  const manifest = await readManifest(file, recognised.format);
  return manifest && showSelection(manifest, await services.database.listClips());
}

/** Each clip as soon as it has been read whole, in a transaction of its own. */
async function importRows(
  services: ExchangeServices,
  file: Blob,
  format: 'jsonl' | 'sql',
): Promise<ImportOutcome> {
  const lines = readLines(file);
  const results: ImportResult[] = [];
  try {
    for await (const clip of format === 'jsonl' ? fromJsonLines(lines) : fromSql(lines)) {
      results.push(await services.database.importClip(clip));
    }
  } catch (error) {
    const failure = toFramesiftError(error, 'This file could not be brought in.');
    if (results.length === 0) throw failure;
    throw new FramesiftError(
      failure.code,
      `${failure.message} The ${plural(results.length, 'clip')} before that ${results.length === 1 ? 'is' : 'are'} in the library.`,
      { transient: failure.transient, cause: failure },
    );
  }
  return { clipIds: results.map(({ clipId }) => clipId), selection: null, sentence: describeRows(results) };
}

function describeRows(results: readonly ImportResult[]): string {
  if (results.length === 0) return 'This file has no clips in it.';
  const embeddings = results.reduce((sum, result) => sum + result.embeddings, 0);
  const added = results.filter(({ isNew }) => isNew).length;
  const updated = results.length - added;
  const what = [
    added > 0 && `${plural(added, 'clip')} added`,
    updated > 0 && `${plural(updated, 'clip')} updated`,
  ];
  const hint =
    added > 0
      ? ' Such a file has no pictures in it: they come when you choose the clip’s own file under the player.'
      : '';
  return `${what.filter(Boolean).join(' and ')}, with ${plural(embeddings, 'embedding')}.${hint}`;
}

async function readManifest(
  file: Blob,
  format: Exclude<SelectionFormat, 'zip'>,
): Promise<SelectionManifest | null> {
  if (format === 'png') {
    const text = await readPngText(file, MANIFEST_KEYWORD);
    return text === null ? null : parseManifest(text);
  }
  if (file.size > MAX_TEXT_BYTES) throw bad('This file is larger than any selection that Framesift exports.');
  const text = format === 'csv' ? decodeText(new Uint8Array(await file.arrayBuffer())) : await file.text();
  switch (format) {
    case 'csv': {
      const manifest = csvToManifest(text);
      if (!manifest) throw bad('This table has no frames in it, so there is no selection to show.');
      return manifest;
    }
    case 'chat':
      return chatJsonToManifest(text);
    case 'manifest':
      return parseManifest(text);
  }
}

type ManifestClip = SelectionManifest['clips'][number];

/** The clip that a manifest's clip is: by its id, or the file's fingerprint where it was opened anew. */
function findClip(clip: ManifestClip, library: readonly ClipSummary[]): ClipSummary | undefined {
  return (
    library.find(({ id }) => id === clip.eventId) ??
    library.find(({ fileFingerprint }) => clip.fingerprint !== null && fileFingerprint === clip.fingerprint)
  );
}

/** @throws FramesiftError when none of its clips is in the library */
function showSelection(
  manifest: SelectionManifest,
  library: readonly ClipSummary[],
  images: ReadonlyMap<number, Blob> = new Map(),
): ImportOutcome {
  const found = new Map<string, string>();
  const clips: ExportedClip[] = [];
  for (const clip of manifest.clips) {
    const here = findClip(clip, library);
    if (!here) continue;
    const { eventId, ...facts } = clip;
    found.set(eventId, here.id);
    clips.push({ ...facts, clipId: here.id });
  }
  const names = manifest.clips
    .filter(({ eventId }) => !found.has(eventId))
    .map(({ fileName }) => fileName ?? 'a clip without a name');
  if (clips.length === 0) {
    throw bad(
      `This selection is of ${names.slice(0, 3).join(', ') || 'no clip'}, which is not in the library. Open the clip and have it read, then bring this file in again.`,
    );
  }
  const here = <T extends { eventId: string }>(
    keys: readonly T[],
  ): (Omit<T, 'eventId'> & { clipId: string })[] =>
    keys.flatMap(({ eventId, ...key }) => {
      const clipId = found.get(eventId);
      return clipId === undefined ? [] : [{ ...key, clipId }];
    });
  const { question, strategy, parameters, modelVersion } = manifest;
  const selection: SavedSelection = {
    question: {
      text: question.text,
      images: question.attachments.map(({ number, name, source }) => {
        const image = images.get(number);
        return { number, name, source: sourceHere(source, found), ...(image ? { image } : {}) };
      }),
    },
    strategy,
    parameters: { ...parameters, pinned: here(parameters.pinned), dropped: here(parameters.dropped) },
    clips,
    modelVersion,
    frames: here(manifest.frames).map(
      ({ clipId, frameIndex, timestampMs, span, score, rank, likelihood, strength, isPinned }) => ({
        clipId,
        frameIndex,
        timestampMs,
        span: span ?? null,
        score,
        rank,
        likelihood,
        strength,
        isPinned,
      }),
    ),
  };
  const left =
    names.length === 0
      ? ''
      : ` ${plural(names.length, 'clip')} of it ${names.length === 1 ? 'is' : 'are'} not in the library.`;
  return {
    clipIds: clips.map(({ clipId }) => clipId),
    selection,
    sentence: `The selection for “${question.text}” is back.${left}`,
  };
}

function sourceHere(
  source: SelectionManifest['question']['attachments'][number]['source'],
  found: ReadonlyMap<string, string>,
): ExportedImage['source'] {
  if (source.kind === 'picture') return source;
  const { eventId, ...place } = source;
  return { ...place, clipId: found.get(eventId) ?? eventId };
}

/** The selection of a ZIP; clips of it that are not in the library come in with the frames that it has. */
async function importZip(services: ExchangeServices, file: Blob): Promise<ImportOutcome | null> {
  const entries = await readZip(file);
  const json = entries.get('manifest.json');
  const text = json && new TextDecoder().decode(json);
  // Many ZIPs have a manifest.json; ours says what it is.
  if (text === undefined || !/"framesift"\s*:/.test(text)) return null;
  const manifest = parseManifest(text);
  for (const { file: name } of [...manifest.frames, ...manifest.question.attachments]) {
    if (name !== undefined && !entries.has(name)) {
      throw bad(`This ZIP lacks the picture ${name} that its manifest names. Fetch the whole file.`);
    }
  }
  const images = new Map(
    manifest.question.attachments.flatMap(({ number, file: name }) =>
      name === undefined
        ? []
        : [[number, new Blob([entries.get(name)!], { type: mediaType(name) })] as const],
    ),
  );
  let library = await services.database.listClips();
  const withFrames = new Set(manifest.frames.map(({ eventId }) => eventId));
  const missing = manifest.clips.filter((clip) => withFrames.has(clip.eventId) && !findClip(clip, library));
  if (missing.length === 0) return showSelection(manifest, library, images);

  const rows = entries.get('embeddings.jsonl');
  if (!rows) {
    throw bad(
      'This ZIP lacks embeddings.jsonl, without which frames of a clip that is not in the library cannot be brought in. Export it again, or open the clip first.',
    );
  }
  const wanted = new Set(missing.map(({ eventId }) => eventId));
  const clips: ImportedClip[] = [];
  for await (const clip of fromJsonLines(readLines(new Blob([rows])))) {
    if (wanted.has(clip.event.id)) clips.push(clip);
  }
  const [lacking] = missing.filter(({ eventId }) => !clips.some(({ event }) => event.id === eventId));
  if (lacking) throw bad(`This ZIP lacks the rows of ${lacking.fileName ?? 'a clip'} in embeddings.jsonl.`);
  for (const clip of clips) {
    const pictures = await readThumbnails(manifest, clip.event.id, entries);
    await services.database.importClip(clip, pictures);
  }
  library = await services.database.listClips();
  const shown = showSelection(manifest, library, images);
  return {
    ...shown,
    sentence: `${shown.sentence} ${clips.length === 1 ? 'Its clip was' : `${clips.length} of its clips were`} not in the library, so the frames in this ZIP came in for ${clips.length === 1 ? 'it' : 'them'}.`,
  };
}

async function readThumbnails(
  manifest: SelectionManifest,
  clipId: string,
  entries: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<{ frameIndex: number; thumbnail: Uint8Array<ArrayBuffer> }[]> {
  const writer = new ThumbnailWriter();
  const thumbnails: { frameIndex: number; thumbnail: Uint8Array<ArrayBuffer> }[] = [];
  for (const frame of manifest.frames) {
    if (frame.eventId !== clipId || frame.file === undefined) continue;
    const bitmap = await openPicture(entries.get(frame.file)!, frame.file);
    try {
      const upright = {
        rotationDegrees: 0,
        flip: false,
        displayWidth: bitmap.width,
        displayHeight: bitmap.height,
      } as const;
      thumbnails.push({ frameIndex: frame.frameIndex, thumbnail: await writer.write(bitmap, upright) });
    } finally {
      bitmap.close();
    }
  }
  return thumbnails;
}

async function openPicture(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes], { type: mediaType(name) }));
  } catch (cause) {
    throw new FramesiftError('bad-input', `The picture ${name} in this ZIP is damaged.`, { cause });
  }
}

function mediaType(name: string): string {
  if (name.endsWith('.webp')) return 'image/webp';
  return name.endsWith('.png') ? 'image/png' : 'image/jpeg';
}
