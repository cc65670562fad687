import type {
  EmbeddingDraftRow,
  EventFrameRow,
  ClipSummary,
  FrameEmbeddingRow,
  FrameSpan,
  PageOptions,
} from '@/lib/ports/library';
import { ROWS_PER_EXPORT_PAGE } from '@/lib/shared/clip-columns';
import { throwIfCancelled } from '@/lib/shared/async';
import type { ClipRows } from './rows';

/** What is needed of the database worker. */
export interface RowReader {
  readEventFrameRows(clipId: string, options?: PageOptions): Promise<EventFrameRow[]>;
  readFrameEmbeddingRows(clipId: string, options?: PageOptions): Promise<FrameEmbeddingRow[]>;
  readFrameSpans(clipId: string, frameIndexes?: number[]): Promise<FrameSpan[]>;
}

export interface ReadRowsOptions {
  signal?: AbortSignal;
  /** Told how many embeddings have been read. */
  onEmbeddings?: (count: number) => void;
  /** Reads embeddings of re-readings that are not complete, where they are wanted too. */
  readDrafts?: (clipId: string, options: PageOptions) => Promise<EmbeddingDraftRow[]>;
}

/** The rows of clips, read as they are asked for. */
export function* readClips(
  database: RowReader,
  events: readonly ClipSummary[],
  { signal, onEmbeddings, readDrafts }: ReadRowsOptions = {},
): Generator<ClipRows, void, undefined> {
  let embeddings = 0;
  const count = (page: readonly unknown[]) => {
    throwIfCancelled(signal);
    embeddings += page.length;
    onEmbeddings?.(embeddings);
  };
  for (const event of events) {
    throwIfCancelled(signal);
    yield {
      event,
      frames: pages(
        (options) => database.readEventFrameRows(event.id, options),
        (last) => last.frameNumber - 1,
        () => throwIfCancelled(signal),
      ),
      embeddings: pages(
        (options) => database.readFrameEmbeddingRows(event.id, options),
        (last) => last.frameIndex,
        count,
      ),
      ...(readDrafts && {
        drafts: pages(
          (options) => readDrafts(event.id, options),
          (last) => last.frameIndex,
          count,
        ),
      }),
      readSpans: () => database.readFrameSpans(event.id),
      counts: {
        event_frames: event.frameCount,
        frame_embeddings: event.embeddingCount,
        ...(readDrafts && { frame_embedding_drafts: countDrafts(event) }),
      },
    };
  }
}

/** Embeddings of a clip that wait until it has been read again. */
export function countDrafts({ embeddingSets }: Pick<ClipSummary, 'embeddingSets'>): number {
  return embeddingSets.reduce((sum, { state, frames }) => sum + (state === 'replacement' ? frames : 0), 0);
}

async function* pages<T>(
  read: (options: PageOptions) => Promise<T[]>,
  frameIndexOf: (row: T) => number,
  onPage: (page: T[]) => void,
): AsyncGenerator<T[], void, undefined> {
  for (let after = -1; ;) {
    const page = await read({ after });
    onPage(page);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < ROWS_PER_EXPORT_PAGE) return;
    after = frameIndexOf(last);
  }
}

/** The rows of some frames of a clip, at most a page of them: what goes with the pictures of a selection. */
export async function readFramesOfClip(
  database: RowReader,
  event: ClipSummary,
  frameIndexes: readonly number[],
): Promise<ClipRows> {
  const frames = await database.readEventFrameRows(event.id, { frameIndexes });
  const embeddings = await database.readFrameEmbeddingRows(event.id, { frameIndexes });
  return {
    event: {
      ...event,
      framesPlanned: frames.length,
      frameCountUsed: frames.length,
      frameTimestamps: JSON.stringify(frames.map(({ timestampOffsetMs }) => timestampOffsetMs / 1000)),
      ingestState: 'done',
      ingestError: null,
    },
    frames: once(frames),
    embeddings: once(embeddings),
    readSpans: () => database.readFrameSpans(event.id, [...frameIndexes]),
    counts: { event_frames: frames.length, frame_embeddings: embeddings.length },
  };
}

async function* once<T>(rows: T[]): AsyncGenerator<T[], void, undefined> {
  await Promise.resolve();
  yield rows;
}
