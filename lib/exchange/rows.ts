import type {
  EmbeddingDraftRow,
  EventFrameRow,
  ClipSummary,
  FrameEmbeddingRow,
  FrameSpan,
  ImportedClip,
} from '@/lib/ports/library';
import { INGEST_STATES, SMART_DETECTION_TYPES, SOURCE_TYPES } from '@/lib/shared/clip-columns';
import { parsePostgresTimestamp } from '@/lib/shared/postgres-timestamp';
import { embeddingFromJson } from '@/lib/shared/embedding-json';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { describeMisfit, z } from '@/lib/shared/zod';

/*
 * A clip's rows as they leave and come back, the same for JSON lines and SQL. Column names are the tables' own.
 */

/** The tables in the order in which their rows refer to each other, with the columns that the server has. */
export const SERVER_TABLES = {
  events: [
    'id',
    'timestamp',
    'description',
    'source_type',
    'smart_detection_type',
    'frame_count_used',
    'frame_timestamps',
    'video_path',
    'created_at',
  ],
  event_frames: [
    'id',
    'event_id',
    'frame_number',
    'frame_path',
    'timestamp_offset_ms',
    'width',
    'height',
    'file_size_bytes',
    'created_at',
  ],
  frame_embeddings: ['id', 'event_id', 'frame_index', 'embedding', 'model_version', 'created_at'],
} as const;

export type TableName = keyof typeof SERVER_TABLES;
export const TABLE_NAMES = Object.keys(SERVER_TABLES) as TableName[];

/** Local to the browser: embeddings of a re-reading that is not complete. In backups alone. */
export const DRAFTS_TABLE = 'frame_embedding_drafts';

export type Cell = string | number | null;
export type Row = Record<string, Cell>;

/** One clip, its rows a page at a time: a long one has more than should be in memory at once. */
export interface ClipRows {
  event: ClipSummary;
  frames: AsyncIterable<EventFrameRow[]>;
  embeddings: AsyncIterable<FrameEmbeddingRow[]>;
  /** Of a re-reading that is not complete; none but in a backup. */
  drafts?: AsyncIterable<EmbeddingDraftRow[]>;
  /** Of its frames, as far as they are known. */
  readSpans: () => Promise<FrameSpan[]>;
  /** How many of each follow, at least: a file with fewer was cut off. */
  counts: RowCounts;
}

export interface RowCounts {
  event_frames: number;
  frame_embeddings: number;
  frame_embedding_drafts?: number | undefined;
}

/** The source types that the server knows; its default stands in for a file that was opened in a browser. */
const SERVER_SOURCE_TYPES: readonly string[] = ['rtsp', 'usb', 'protect'];
const SERVER_DEFAULT_SOURCE_TYPE = 'rtsp';

/** The columns of `events` that the server has. */
export function toServerEvent(event: ClipSummary): Row {
  return {
    id: event.id,
    timestamp: event.timestamp.toISOString(),
    description: event.description,
    source_type: SERVER_SOURCE_TYPES.includes(event.sourceType)
      ? event.sourceType
      : SERVER_DEFAULT_SOURCE_TYPE,
    smart_detection_type: event.smartDetectionType,
    frame_count_used: event.frameCountUsed,
    frame_timestamps: event.frameTimestamps,
    video_path: event.videoPath,
    created_at: event.createdAt.toISOString(),
  };
}

/** What of a clip the server has no column for. */
export function toLocalEvent(event: ClipSummary, counts: RowCounts, spans: readonly FrameSpan[]): LocalEvent {
  return {
    source_type: event.sourceType,
    file_name: event.fileName,
    file_bytes: event.fileBytes,
    file_fingerprint: event.fileFingerprint,
    duration_ms: event.durationMs,
    width: event.width,
    height: event.height,
    model_version: event.modelVersion,
    ingest_state: event.ingestState,
    ingest_error: event.ingestError,
    frames_planned: event.framesPlanned,
    sampling: event.sampling,
    player_start_ms: event.playerStartMs,
    video_track: event.videoTrack,
    gaps: event.gaps,
    frame_spans: spans.map(({ frameIndex, startMs, endMs }) => [frameIndex, startMs, endMs]),
    row_counts: counts,
  };
}

export function toFrameRow(frame: EventFrameRow): Row {
  return {
    id: frame.id,
    event_id: frame.clipId,
    frame_number: frame.frameNumber,
    frame_path: frame.framePath,
    timestamp_offset_ms: frame.timestampOffsetMs,
    width: frame.width,
    height: frame.height,
    file_size_bytes: frame.fileSizeBytes,
    created_at: frame.createdAt.toISOString(),
  };
}

export function toEmbeddingRow(embedding: FrameEmbeddingRow): Row {
  return {
    id: embedding.id,
    event_id: embedding.clipId,
    frame_index: embedding.frameIndex,
    // The very text that is stored: the embedding comes back to the last digit.
    embedding: embedding.embedding,
    model_version: embedding.modelVersion,
    created_at: embedding.createdAt.toISOString(),
  };
}

export function toDraftRow(draft: EmbeddingDraftRow): Row {
  return {
    event_id: draft.clipId,
    frame_index: draft.frameIndex,
    embedding: draft.embedding,
    model_version: draft.modelVersion,
    created_at: draft.createdAt.toISOString(),
  };
}

const text = z.string();
const integer = z.int();
const moment = z.string().transform((value, context) => {
  try {
    const date = parsePostgresTimestamp(value);
    if (!Number.isNaN(date.getTime())) return date;
  } catch {
    // Told below.
  }
  context.addIssue({ code: 'custom', message: 'is not a time with its zone' });
  return z.NEVER;
});
const columns = {
  events: z.strictObject({
    id: text,
    timestamp: moment,
    description: text,
    source_type: z.enum(SOURCE_TYPES),
    smart_detection_type: z.enum(SMART_DETECTION_TYPES).nullable(),
    frame_count_used: integer.nullable(),
    frame_timestamps: text.nullable(),
    video_path: text.nullable(),
    created_at: moment,
  }),
  event_frames: z.strictObject({
    id: text,
    event_id: text,
    frame_number: integer,
    frame_path: text,
    timestamp_offset_ms: integer,
    width: integer.nullable(),
    height: integer.nullable(),
    file_size_bytes: integer.nullable(),
    created_at: moment,
  }),
  frame_embeddings: z.strictObject({
    id: text,
    event_id: text,
    frame_index: integer,
    embedding: text,
    model_version: text,
    created_at: moment,
  }),
  frame_embedding_drafts: z.strictObject({
    event_id: text,
    frame_index: integer,
    embedding: text,
    model_version: text,
    created_at: moment,
  }),
};
/** Most frames a clip can have, see lib/media/choose-timestamps.ts; more in a file is a mistake or worse. */
const MAX_ROWS_PER_TABLE = 20_000;

const local = z.strictObject({
  source_type: z.enum(SOURCE_TYPES),
  file_name: text.nullable(),
  file_bytes: integer.nullable(),
  file_fingerprint: text.nullable(),
  duration_ms: integer.nullable(),
  width: integer.nullable(),
  height: integer.nullable(),
  model_version: text.nullable(),
  ingest_state: z.enum(INGEST_STATES),
  ingest_error: text.nullable(),
  frames_planned: integer.nullable(),
  sampling: text.nullable(),
  // The next four are missing in files of before they were kept.
  player_start_ms: z.number().nullable().optional(),
  video_track: integer.nullable().optional(),
  gaps: text.nullable().optional(),
  /** `frame_index`, `start_ms` and `end_ms` of each. */
  frame_spans: z
    .array(z.tuple([integer.min(0), z.number(), z.number()]))
    .max(MAX_ROWS_PER_TABLE)
    .optional(),
  row_counts: z.strictObject({
    event_frames: integer,
    frame_embeddings: integer,
    frame_embedding_drafts: integer.optional(),
  }),
});
export type LocalEvent = z.infer<typeof local>;

const header = z.object({
  framesift: z.literal(1),
  format: z.literal('rows'),
  createdAt: z.string(),
  clips: z.int().min(0),
});
/** What a file of rows begins with. */
export type RowsHeader = z.infer<typeof header>;

export function parseHeader(json: string): RowsHeader {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new FramesiftError('bad-input', 'The first line of this file is damaged.', { cause });
  }
  const result = header.safeParse(value);
  if (result.success) return result.data;
  throw new FramesiftError(
    'bad-input',
    'The first line of this file is not what this version of Framesift writes. Reload this page to get the newest version, or export the clip again.',
  );
}

/** Puts clips together from rows in the order in which they are written: a clip, its pictures, its embeddings. */
export class ClipAssembler {
  #clip: ImportedClip | null = null;
  #counts: RowCounts | null = null;

  /** Begins a clip. The one before must have been taken. */
  begin(row: unknown, localColumns: unknown): void {
    if (this.#clip) throw bad('A clip begins before the one before it is complete.');
    const event = check(columns.events, row, 'events');
    const extra = localColumns === undefined ? null : check(local, localColumns, 'events (local)');
    this.#counts = extra?.row_counts ?? null;
    this.#clip = {
      event: {
        id: event.id,
        timestamp: event.timestamp,
        description: event.description,
        sourceType: extra?.source_type ?? event.source_type,
        createdAt: event.created_at,
        fields: {
          smartDetectionType: event.smart_detection_type,
          frameCountUsed: event.frame_count_used,
          frameTimestamps: event.frame_timestamps,
          ...(extra && {
            fileName: extra.file_name,
            fileBytes: extra.file_bytes,
            fileFingerprint: extra.file_fingerprint,
            durationMs: extra.duration_ms,
            width: extra.width,
            height: extra.height,
            modelVersion: extra.model_version,
            ingestState: extra.ingest_state,
            ingestError: extra.ingest_error,
            framesPlanned: extra.frames_planned,
            sampling: extra.sampling,
            ...(extra.player_start_ms !== undefined && { playerStartMs: extra.player_start_ms }),
            ...(extra.video_track !== undefined && { videoTrack: extra.video_track }),
            ...(extra.gaps !== undefined && { gaps: extra.gaps }),
          }),
        },
      },
      frames: [],
      embeddings: [],
      drafts: [],
      spans:
        extra?.frame_spans?.map(([frameIndex, startMs, endMs]) => ({ frameIndex, startMs, endMs })) ?? [],
    };
  }

  add(table: Exclude<TableName, 'events'> | typeof DRAFTS_TABLE, row: unknown): void {
    const clip = this.#clip;
    if (!clip) throw bad(`A row of ${table} comes before its clip.`);
    if (table === 'event_frames') {
      const frame = check(columns.event_frames, row, table);
      this.#assertOwn(frame.event_id, clip);
      clip.frames.push({
        id: frame.id,
        frameIndex: frame.frame_number - 1,
        timestampMs: frame.timestamp_offset_ms,
        framePath: frame.frame_path,
        width: frame.width,
        height: frame.height,
        fileSizeBytes: frame.file_size_bytes,
        createdAt: frame.created_at,
      });
    } else if (table === DRAFTS_TABLE) {
      const draft = check(columns.frame_embedding_drafts, row, table);
      this.#assertOwn(draft.event_id, clip);
      clip.drafts.push({
        frameIndex: draft.frame_index,
        embedding: embeddingFromJson(draft.embedding, EMBEDDING_DIMENSION),
        modelVersion: draft.model_version,
      });
    } else {
      const embedding = check(columns.frame_embeddings, row, table);
      this.#assertOwn(embedding.event_id, clip);
      clip.embeddings.push({
        id: embedding.id,
        frameIndex: embedding.frame_index,
        embedding: embeddingFromJson(embedding.embedding, EMBEDDING_DIMENSION),
        modelVersion: embedding.model_version,
        createdAt: embedding.created_at,
      });
    }
    if (Math.max(clip.frames.length, clip.embeddings.length, clip.drafts.length) > MAX_ROWS_PER_TABLE) {
      throw bad(`A clip has at most ${MAX_ROWS_PER_TABLE.toLocaleString('en')} frames; this one has more.`);
    }
  }

  /** The clip that is complete now; null when none has begun. */
  take(): ImportedClip | null {
    const clip = this.#clip;
    if (!clip) return null;
    const counts = this.#counts;
    if (
      counts &&
      (clip.frames.length < counts.event_frames ||
        clip.embeddings.length < counts.frame_embeddings ||
        clip.drafts.length < (counts.frame_embedding_drafts ?? 0))
    ) {
      throw cutOff();
    }
    this.#clip = null;
    return clip;
  }

  get isEmpty(): boolean {
    return this.#clip === null;
  }

  #assertOwn(clipId: string, clip: ImportedClip): void {
    if (clipId !== clip.event.id) throw bad('A row belongs to another clip than the one it stands under.');
  }
}

export function bad(message: string): FramesiftError {
  return new FramesiftError('bad-input', message);
}

export function cutOff(): FramesiftError {
  return bad('This file is cut off: rows are missing at its end. Export it again, or fetch the whole file.');
}

function check<T>(schema: z.ZodType<T>, row: unknown, table: string): T {
  const result = schema.safeParse(row);
  if (result.success) return result.data;
  throw bad(`A row of ${table} is not right: ${describeMisfit(result.error)}.`);
}
