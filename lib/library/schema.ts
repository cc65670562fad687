import type { SetState } from '@/lib/ports/library';
import type { Holding } from '@/lib/ports/sharing';
import type { IngestState, SmartDetectionType, SourceType } from '@/lib/shared/clip-columns';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  varchar,
} from 'drizzle-orm/pg-core';
import { timestamptz } from './timestamp';

/*
 * The tables of the library. `frame_embeddings` is the server's table letter for letter, and
 * test/contract/schema.test.ts compares the migrated database with it. Ids are UUIDv4 as text and
 * timestamps are UTC, both made by the writer: the database has no defaults for them.
 */

/** Width of `model_version`, in `frame_embeddings` and in `events`. */
export const MODEL_VERSION_MAX_LENGTH = 50;

/** Width of `video_path` and `frame_path`. */
export const PATH_MAX_LENGTH = 500;

/** A clip. The columns after `created_at` are local: the server does not have them. */
export const events = pgTable('events', {
  id: text('id').primaryKey(),
  timestamp: timestamptz('timestamp').notNull(),
  description: text('description').notNull(),
  sourceType: varchar('source_type', { length: 20 }).$type<SourceType>().notNull().default('rtsp'),
  smartDetectionType: varchar('smart_detection_type', { length: 20 }).$type<SmartDetectionType>(),
  frameCountUsed: integer('frame_count_used'),
  /** JSON array of seconds, one for each stored frame, in frame order. */
  frameTimestamps: text('frame_timestamps'),
  videoPath: varchar('video_path', { length: PATH_MAX_LENGTH }),
  createdAt: timestamptz('created_at').notNull(),

  fileName: text('file_name'),
  fileBytes: bigint('file_bytes', { mode: 'number' }),
  /** Hex digest that recognises the same file when it is opened again. */
  fileFingerprint: text('file_fingerprint'),
  durationMs: integer('duration_ms'),
  width: integer('width'),
  height: integer('height'),
  /** The model that the clip was last ingested with; each embedding has its own in `frame_embeddings`. */
  modelVersion: varchar('model_version', { length: MODEL_VERSION_MAX_LENGTH }),
  ingestState: varchar('ingest_state', { length: 20 }).$type<IngestState>().notNull().default('pending'),
  ingestError: text('ingest_error'),
  framesPlanned: integer('frames_planned'),
  /** JSON of how the frames were chosen. */
  sampling: text('sampling'),
  /** Where a player of the file stands at clip time 0. Null for clips read before this was known. */
  playerStartMs: doublePrecision('player_start_ms'),
  /** Which of the file's video tracks was read, from 0. Null where the page chose. */
  videoTrack: integer('video_track'),
  /** JSON array of stretches that could not be read; see lib/shared/clip-gaps.ts. Null for none. */
  gaps: text('gaps'),
  /** Rows in `event_frames`, kept by the writer. */
  framesStored: integer('frames_stored').notNull().default(0),
});

/** The picture of a frame: a file at `frame_path` in the browser's private file system. */
export const eventFrames = pgTable(
  'event_frames',
  {
    id: text('id').primaryKey(),
    clipId: text('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    /** 1-based: one more than `frame_index`. */
    frameNumber: integer('frame_number').notNull(),
    framePath: varchar('frame_path', { length: PATH_MAX_LENGTH }).notNull(),
    timestampOffsetMs: integer('timestamp_offset_ms').notNull(),
    width: integer('width'),
    height: integer('height'),
    fileSizeBytes: integer('file_size_bytes'),
    createdAt: timestamptz('created_at').notNull(),
  },
  (table) => [unique('uq_event_frame_number').on(table.clipId, table.frameNumber)],
);

/**
 * How long the picture of a frame is on screen, in clip time, local to the browser. The frame's own time, in
 * `event_frames`, is the moment that was asked for and lies within it.
 */
export const frameSpans = pgTable(
  'frame_spans',
  {
    clipId: text('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    /** 0-based. */
    frameIndex: integer('frame_index').notNull(),
    startMs: doublePrecision('start_ms').notNull(),
    /** Where the next picture of the clip begins, or the clip ends. */
    endMs: doublePrecision('end_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.clipId, table.frameIndex] })],
);

/** The embedding of a frame. */
export const frameEmbeddings = pgTable(
  'frame_embeddings',
  {
    id: text('id').primaryKey(),
    clipId: text('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    /** 0-based position of the frame in its event. */
    frameIndex: integer('frame_index').notNull(),
    /** JSON array of 512 numbers, see embedding-json.ts. */
    embedding: text('embedding').notNull(),
    modelVersion: varchar('model_version', { length: MODEL_VERSION_MAX_LENGTH }).notNull(),
    createdAt: timestamptz('created_at').notNull(),
  },
  (table) => [
    unique('uq_frame_embedding_event_frame').on(table.clipId, table.frameIndex),
    index('ix_frame_embeddings_event_id').on(table.clipId),
    index('ix_frame_embeddings_event_frame').on(table.clipId, table.frameIndex),
    index('idx_frame_embeddings_model_version').on(table.modelVersion),
  ],
);

/**
 * Embeddings of a clip that is being read again with another model, local to the browser. `frame_embeddings` has
 * one row a frame, so the old ones stay there until these are complete and take their place.
 */
export const frameEmbeddingDrafts = pgTable(
  'frame_embedding_drafts',
  {
    clipId: text('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    frameIndex: integer('frame_index').notNull(),
    embedding: text('embedding').notNull(),
    modelVersion: varchar('model_version', { length: MODEL_VERSION_MAX_LENGTH }).notNull(),
    createdAt: timestamptz('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.clipId, table.frameIndex] })],
);

/**
 * How many embeddings a clip has of each model version, local to the browser. Kept by whoever writes embeddings, in the same
 * transaction: `current` ones lie in `frame_embeddings`, a `replacement` in `frame_embedding_drafts`.
 */
export const embeddingSets = pgTable(
  'embedding_sets',
  {
    clipId: text('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    modelVersion: varchar('model_version', { length: MODEL_VERSION_MAX_LENGTH }).notNull(),
    state: varchar('state', { length: 20 }).$type<SetState>().notNull(),
    frames: integer('frames').notNull(),
    /** Rises with every change, also over the end of a clip: the number of the transaction that wrote it. */
    revision: bigint('revision', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.clipId, table.modelVersion, table.state] })],
);

/** A library on a server that this browser is in. Local, as the tables below. */
export const libraries = pgTable('libraries', {
  /** The server's id of it. */
  id: text('id').primaryKey(),
  /** Origin of its server. */
  server: text('server').notNull(),
  name: text('name').notNull(),
  /** Lets this browser in. It is in no export and in no backup of rows. */
  token: text('token').notNull(),
  scope: varchar('scope', { length: 10 }).$type<'read' | 'write'>().notNull(),
  deviceId: text('device_id').notNull(),
  joinedAt: timestamptz('joined_at').notNull(),
  /** A person has stopped it. */
  isPaused: boolean('is_paused').notNull(),
  /** What of its clips is here. */
  holding: varchar('holding', { length: 10 }).$type<Holding>().notNull().default('copies'),
  /** How far its list of changes has been read; the epoch is null before the first answer. */
  after: bigint('after', { mode: 'number' }).notNull(),
  epoch: text('epoch'),
  syncedAt: timestamptz('synced_at'),
});

/** A clip that is in a shared library. It outlives the clip's own row until the library has heard of a deletion. */
export const sharedClips = pgTable(
  'shared_clips',
  {
    libraryId: text('library_id')
      .notNull()
      .references(() => libraries.id, { onDelete: 'cascade' }),
    clipId: text('event_id').notNull(),
    /** What the library had when this browser last heard of it; all null as long as it has never had the clip. */
    knownRevision: text('known_revision'),
    knownDigest: text('known_digest'),
    /** JSON of its row of `events`. */
    knownEvent: text('known_event'),
    /** Digest of the clip's rows here, and which rows it was computed of. */
    digest: text('digest'),
    digestOf: text('digest_of'),
    /** Frames that the library has of a clip whose rows are not here; null where they are. */
    framesThere: integer('frames_there'),
    /** Whether the clip came from the library: what of it is here can be had again. */
    isTheirs: boolean('is_theirs').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.libraryId, table.clipId] }),
    index('ix_shared_clips_event_id').on(table.clipId),
  ],
);

/** Changes that a shared library does not have yet, one a clip. Written in the transaction of the change. */
export const syncOutbox = pgTable(
  'sync_outbox',
  {
    libraryId: text('library_id')
      .notNull()
      .references(() => libraries.id, { onDelete: 'cascade' }),
    clipId: text('event_id').notNull(),
    revision: text('revision').notNull(),
    kind: varchar('kind', { length: 10 }).$type<'rows' | 'edit' | 'delete' | 'unshare'>().notNull(),
    /** JSON array of revisions under which it was sent before. */
    earlier: text('earlier').notNull(),
    changedAt: timestamptz('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.libraryId, table.clipId] })],
);

/** What a person should know of the changes of others, until it is put aside. */
export const syncNotices = pgTable(
  'sync_notices',
  {
    libraryId: text('library_id')
      .notNull()
      .references(() => libraries.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    /** JSON, see lib/sync/notices.ts. */
    notice: text('notice').notNull(),
    toldAt: timestamptz('told_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.libraryId, table.id] })],
);
