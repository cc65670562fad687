import { answerQuestion, type Answer } from '@/lib/ask/answer';
import { encodeQuestion } from '@/lib/ask/question';
import type { ImportOutcome } from '@/lib/export/import';
import { prepareMoments } from '@/lib/ingest/prepare-moments';
import type { PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import type { FramePicture, PictureOptions } from '@/lib/video/frame-pictures';
import { getFramesift } from './framesift';
import { modelOptions } from './use-model';

/** Frames that `ask` returns unless told otherwise. */
const DEFAULT_COUNT = 8;

/**
 * What the page offers at the developer console as `framesift`, and to browser tests: the library's
 * verbs, reading SQL, and questions without the page. See the README.
 */
const consoleApi = {
  /** Clips in the library, newest first. */
  listEvents: () => getFramesift().services.database.listEvents(),
  /** A clip's vectors as stored: id, frameIndex, embedding, modelVersion. */
  getFrameEmbeddings: (eventId: string, options: { modelVersion?: string } = {}) =>
    getFramesift().services.database.getFrameEmbeddings(eventId, options),
  /** One reading SQL statement on the page's PostgreSQL. */
  query: (sql: string, parameters: unknown[] = []) => getFramesift().services.database.query(sql, parameters),
  /** A text as the model's unit vector. */
  encodeText: async (text: string): Promise<Float32Array> => {
    const { services } = getFramesift();
    const model = await services.clip.load(modelOptions());
    return (await encodeQuestion(services, model, { kind: 'text', text })).vector;
  },
  /** Frames of a file as a model gets them, RGB of `resize.size`²; takes the decoder from a clip that is being read. */
  prepareFrames: (file: Blob, timestampsMs: number[], resize: ResizeSpec): Promise<PreparedFrame[]> =>
    prepareMoments(getFramesift().services.video, file, timestampsMs, resize),
  /** Frames of a file as upright pictures of its full size, or of `maxSide`. */
  readPictures: (
    file: Blob,
    timestampsMs: number[],
    options: PictureOptions = { type: 'image/jpeg', quality: 0.95 },
  ): Promise<FramePicture[]> => getFramesift().services.video.readPictures(file, timestampsMs, options),
  /** Brings in a file that Framesift exported; null for any other file. */
  importFile: async (file: File): Promise<ImportOutcome | null> => {
    const { importFile } = await import('@/lib/export/import');
    return importFile(getFramesift().services, file);
  },
  /** The frames of a clip that answer a question. */
  ask: async (eventId: string, text: string, count = DEFAULT_COUNT): Promise<Answer> => {
    const { services } = getFramesift();
    const model = await services.clip.load(modelOptions());
    const query = await encodeQuestion(services, model, { kind: 'text', text });
    return answerQuestion(services, { eventId, modelVersion: model.modelVersion }, query, count);
  },
};

export type FramesiftConsole = typeof consoleApi;

/** Makes `window.framesift`. */
export function exposeConsoleApi(): void {
  Object.assign(window, { framesift: consoleApi });
}
