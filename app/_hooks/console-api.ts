import type { AskOptions } from '@/lib/ask/compose-request';

import type { LibraryFailure } from '@/lib/ask/libraries';
import type { NewClip } from '@/lib/ports/library';
import type { Still, StillOptions } from '@/lib/ports/media';
import type { Answer } from '@/lib/ports/search';
import type { ImportOutcome } from '@/lib/exchange/import';
import type { EmbeddedFrame, PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import { getFramesift } from './framesift';
import { modelOptions } from './model-choices';

/**
 * What the page offers at the developer console as `framesift`, and to browser tests: the library's
 * verbs, reading SQL, and questions without the page. See the README.
 */
const consoleApi = {
  /** Clips in the library, newest first. */
  listClips: () => getFramesift().services.database.listClips(),
  /** A clip's embeddings as stored: id, frameIndex, embedding, modelVersion. */
  getFrameEmbeddings: (clipId: string, options: { modelVersion?: string } = {}) =>
    getFramesift().services.database.getFrameEmbeddings(clipId, options),
  /** Adds a clip without a file and returns its row. */
  createClip: (clip: NewClip) => getFramesift().services.database.createClip(clip),
  /** Stores frames of a clip with their pictures and embeddings, all or none, and returns the ids of their rows. */
  storeFrameBatch: (clipId: string, frames: EmbeddedFrame[], modelVersion: string) =>
    getFramesift().services.database.storeFrameBatch(clipId, frames, modelVersion),
  /** Removes a clip's embeddings and returns how many there were. */
  deleteFrameEmbeddings: (clipId: string) => getFramesift().services.database.deleteFrameEmbeddings(clipId),
  /** Removes a clip with everything that is stored of it. */
  deleteClip: (clipId: string) => getFramesift().services.database.deleteClip(clipId),
  /** One reading SQL statement on the page's PostgreSQL. */
  query: (sql: string, parameters: unknown[] = []) => getFramesift().services.database.query(sql, parameters),
  /** What does not fit together in the library: rows without files, files without rows, wrong counts. */
  scanLibrary: () => getFramesift().services.database.scan(),
  /** Which model's embeddings questions are compared with. */
  modelVersion: async (): Promise<string> =>
    (await getFramesift().services.encoder.load(modelOptions())).modelVersion,
  /** A text as the model's embedding; of a composed question, its first term's. */
  encodeText: async (text: string): Promise<Float32Array<ArrayBuffer>> => {
    const { services } = getFramesift();
    const { encodeQuestion } = await import('@/lib/ask/question');
    const model = await services.encoder.load(modelOptions());
    const { alternatives } = await encodeQuestion(services, model, { text, images: [] });
    const [term] = alternatives.flat();
    return term!.embedding;
  },
  /** Frames of a file as a model gets them, RGB of `resize.size`². */
  prepareFrames: async (file: Blob, timestampsMs: number[], resize: ResizeSpec): Promise<PreparedFrame[]> => {
    const { prepareMoments } = await import('@/lib/core/prepare-moments');
    return prepareMoments(getFramesift().services.openClip(file), timestampsMs, resize);
  },
  /** Frames of a file as upright pictures of its full size, or of `maxSide`. */
  readPictures: (
    file: Blob,
    timestampsMs: number[],
    options: StillOptions = { type: 'image/jpeg', quality: 0.95 },
  ): Promise<Still[]> => getFramesift().services.openClip(file).readStills(timestampsMs, options),
  /** The whole library as one file, which `importFile` brings back. */
  backUp: async (): Promise<File> => {
    const { exportLibrary } = await import('@/lib/exchange/backup');
    const unwatched = { signal: new AbortController().signal, onProgress: () => undefined };
    const { blob, name } = await exportLibrary(getFramesift().services, unwatched);
    return new File([blob], name, { type: blob.type });
  },
  /** Brings in a file that Framesift exported; null for any other file. */
  importFile: async (file: File): Promise<ImportOutcome | null> => {
    const { importFile } = await import('@/lib/exchange/import');
    return importFile(getFramesift().services, file);
  },
  /**
   * The frames that answer a question: of one clip, of several, or of all clips for null. Libraries are asked for clips whose frames
   * they alone have, as the page does; `failed` says which gave nothing, and why.
   *
   * @param options a number is how many; otherwise whatever a request can say
   */
  ask: async (
    clipIds: string | string[] | null,
    text: string,
    options: number | AskOptions = {},
  ): Promise<Answer & { failed: LibraryFailure[] }> => {
    const { services } = getFramesift();
    const [
      { answerQuestion },
      { tidyQuestion },
      { composeRequest },
      { askLibraries },
      { encodeQuestion },
      { revisionsOf },
    ] = await Promise.all([
      import('@/lib/ask/answer'),
      import('@/lib/ask/query-images'),
      import('@/lib/ask/compose-request'),
      import('@/lib/ask/libraries'),
      import('@/lib/ask/question'),
      import('@/lib/ask/revisions'),
    ]);
    const rest = typeof options === 'number' ? { count: options } : options;
    const library = await services.database.listClips();
    const asked = clipIds === null ? library.map(({ id }) => id) : [clipIds].flat();
    const known = new Map(library.map((clip) => [clip.id, clip]));
    const clips = asked.map((id) => known.get(id) ?? { id, durationMs: null });
    const model = await services.encoder.load(modelOptions());
    const question = await encodeQuestion(services, model, tidyQuestion({ text, images: [] }));
    const request = composeRequest(clips, { isOfAll: clipIds === null, ...rest });
    const { candidates, failed } = await askLibraries(services, request, question);
    const answer = await answerQuestion(services, question, request, {
      revisions: revisionsOf(library, model.modelVersion),
      candidates,
    });
    return { ...answer, failed, frames: answer.frames.map((frame) => ({ ...frame, eventId: frame.clipId })) };
  },
};

/** Names from when a clip was called an event in code. They answer until 0.3. */
const oldNames = {
  listEvents: consoleApi.listClips,
  createEvent: consoleApi.createClip,
  deleteEvent: consoleApi.deleteClip,
};

export type FramesiftConsole = typeof consoleApi & typeof oldNames;

/** Makes `window.framesift`. */
export function exposeConsoleApi(): void {
  Object.assign(window, { framesift: { ...oldNames, ...consoleApi } });
}
