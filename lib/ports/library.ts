import type { IngestState, SmartDetectionType, SourceType } from '@/lib/shared/clip-columns';
import type { Moment, PictureSpan } from '@/lib/shared/clip-clock';
import type { EmbeddedFrame, FrameRequest } from '@/lib/shared/frames';
import type { PackedEmbeddings } from '@/lib/shared/packed-layout';

/** Whether embeddings count, or wait until they are complete to take the place of another model's. */
export type SetState = 'current' | 'replacement';

/** A clip's embeddings of one model version. */
export interface EmbeddingSet {
  modelVersion: string;
  state: SetState;
  frames: number;
  /** Another after every change of the embeddings, and later ones are higher. */
  revision: number;
}

/** What may be said about a clip when it is added and changed later. `null` empties a column. */
export interface ClipFields {
  description?: string;
  /** When the clip was recorded, as far as known. */
  timestamp?: Date;
  smartDetectionType?: SmartDetectionType | null;
  frameCountUsed?: number | null;
  /** JSON array of seconds. */
  frameTimestamps?: string | null;
  videoPath?: string | null;
  fileName?: string | null;
  fileBytes?: number | null;
  fileFingerprint?: string | null;
  durationMs?: number | null;
  width?: number | null;
  height?: number | null;
  modelVersion?: string | null;
  ingestState?: IngestState;
  ingestError?: string | null;
  framesPlanned?: number | null;
  sampling?: string | null;
  playerStartMs?: number | null;
  videoTrack?: number | null;
  /** JSON of lib/shared/clip-gaps.ts. */
  gaps?: string | null;
}

/** A clip to be added. */
export interface NewClip extends ClipFields {
  /** A UUIDv4 is made when there is none. */
  id?: string;
  description: string;
  /** `upload` unless told. */
  sourceType?: SourceType;
}

/** A row of `events`: a clip. Columns after `createdAt` are local, the server does not have them. */
export interface EventRow {
  id: string;
  timestamp: Date;
  description: string;
  sourceType: SourceType;
  smartDetectionType: SmartDetectionType | null;
  frameCountUsed: number | null;
  /** JSON array of seconds, one for each stored frame, in frame order. */
  frameTimestamps: string | null;
  videoPath: string | null;
  createdAt: Date;
  fileName: string | null;
  fileBytes: number | null;
  /** Hex digest that recognises the same file when it is opened again. */
  fileFingerprint: string | null;
  durationMs: number | null;
  width: number | null;
  height: number | null;
  /** The model that the clip was last ingested with. */
  modelVersion: string | null;
  ingestState: IngestState;
  ingestError: string | null;
  framesPlanned: number | null;
  /** JSON of how the frames were chosen. */
  sampling: string | null;
  /** Where a player of the file stands at clip time 0. Null for clips read before this was known. */
  playerStartMs: number | null;
  /** Which of the file's video tracks was read, from 0. Null where the page chose. */
  videoTrack: number | null;
  /** JSON of lib/shared/clip-gaps.ts. Null for none. */
  gaps: string | null;
  /** Rows in `event_frames`, kept by the writer. */
  framesStored: number;
}

/** A library that is searched on its server. */
export interface ClipPlace {
  libraryId: string;
  /** As people call it. */
  name: string;
  /** Frames of the clip there, while its rows are not here; null where they are. */
  frames: number | null;
}

/** A clip with how much of it is in the library. */
export interface ClipSummary extends EventRow {
  /** The library searched on its server that has the clip too; null for none. */
  sharedIn: ClipPlace | null;
  /** Frames that are stored. */
  frameCount: number;
  /** Embeddings in `frame_embeddings`, of any model. */
  embeddingCount: number;
  /** The same by model version. */
  embeddingCounts: Record<string, number>;
  /** All embeddings, those that wait to take the place of others included. */
  embeddingSets: EmbeddingSet[];
}

/** An embedding to be stored for a frame. */
export interface NewFrameEmbedding {
  /** 0-based position of the frame in its event. */
  frameIndex: number;
  /** 512 finite numbers; stored at unit length. */
  embedding: Float32Array | readonly number[];
}

/** A stored embedding. */
export interface FrameEmbedding {
  id: string;
  frameIndex: number;
  /** Unit length, 512 long. */
  embedding: Float32Array<ArrayBuffer>;
  modelVersion: string;
}

/** Which of a clip's embeddings are wanted; all where nothing is said. */
export interface FrameEmbeddingFilter {
  modelVersion?: string;
  frameIndex?: number;
}

/** A frame and how long its picture is on screen. */
export interface FrameSpan extends PictureSpan {
  frameIndex: number;
}

/** Which rows of a clip an export wants next. */
export interface PageOptions {
  /** Frames after this `frame_index`; from the first on without it. */
  after?: number;
  /** These frames alone. */
  frameIndexes?: readonly number[];
}

/** A thumbnail of a frame, as bytes of a WebP or JPEG picture. */
export interface FrameThumbnail {
  frameIndex: number;
  thumbnail: Uint8Array<ArrayBuffer>;
}

/** What a file of exported rows says of one clip. Everything in it is checked before anything is written. */
export interface ImportedClip {
  event: ImportedEvent;
  frames: ImportedFrame[];
  embeddings: ImportedEmbedding[];
  /** Embeddings of a re-reading that is not complete: none but in a backup. */
  drafts: ImportedDraft[];
  /** How long the pictures of its frames stay; of frames that it does not name, nothing changes. */
  spans: FrameSpan[];
}

/** Its row of `events`. */
interface ImportedEvent {
  id: string;
  timestamp: Date;
  description: string;
  sourceType: SourceType;
  createdAt: Date;
  /** The other columns that the file has; those it has not stay as they are. */
  fields: Omit<ClipFields, 'timestamp' | 'description' | 'videoPath'>;
}

/** A row of `event_frames`. */
export interface ImportedFrame {
  id: string;
  frameIndex: number;
  timestampMs: number;
  framePath: string;
  width: number | null;
  height: number | null;
  fileSizeBytes: number | null;
  createdAt: Date;
}

/** A row of `frame_embeddings`. */
export interface ImportedEmbedding {
  id: string;
  frameIndex: number;
  /** 512 finite numbers; stored at unit length, bit for bit where they have it already. */
  embedding: Float32Array;
  modelVersion: string;
  createdAt: Date;
}

/** A row of `frame_embedding_drafts`. */
type ImportedDraft = Pick<ImportedEmbedding, 'frameIndex' | 'embedding' | 'modelVersion'>;

/** What an import did. */
export interface ImportResult {
  clipId: string;
  /** False when the library had the clip already and it was updated. */
  isNew: boolean;
  frames: number;
  embeddings: number;
}

/** Where a clip's embeddings of one model version are, and how many. */
export interface SearchedSet {
  clipId: string;
  /** Null where the clip has none. */
  state: SetState | null;
  frames: number;
  revision: number;
  /** Embeddings that the clip has of other models. */
  otherFrames: number;
}

/** One page of a clip's embeddings. */
export interface EmbeddingPage {
  /** Of the set when these were read. */
  revision: number;
  packed: PackedEmbeddings;
  /** `after` of the next page; null when this is the last. */
  next: number | null;
}

/** What does not fit together in a library: none of it in a sound one. */
export interface LibraryFlaws {
  /** Paths of files that no row names. */
  orphanFiles: string[];
  /** Paths that rows name and no file has. A picture may be lacking after an import of rows alone. */
  missingFiles: string[];
  /** `table: clip` of rows whose clip is gone, and of counts that are wrong. */
  wrongRows: string[];
}

/** A library in this browser beside the one at work. */
export interface KeptLibrary {
  name: string;
  /** False for one of another version of the page. */
  canBeOpened: boolean;
}

/** What an open library runs on. */
export interface ClipDatabaseInfo {
  /** `memory` where the browser keeps nothing for this site. */
  store: 'opfs-ahp' | 'idb' | 'memory';
  /** As the server names it, e.g. `18.6`. */
  postgresVersion: string;
  /** Libraries beside it, which keep their room until they are deleted. */
  kept: KeptLibrary[];
}

/** What is told of the tab that owns the library. */
export interface SilenceWatcher {
  /** Given a sentence for the person when that tab does not answer, null when it does again. */
  tell(sentence: string | null): void;
}

/** What is posted on LIBRARY_CHANNEL. */
export type LibraryNotice =
  /** A clip with its row as it is now; null when it is gone. */
  | { type: 'changed'; clipId: string; clip: ClipSummary | null }
  /** Another library worker owns the database now. The last notices of the one before may be lost: list anew. */
  | { type: 'owner' };

/** A row of `event_frames`: the picture of a frame. */
export interface EventFrameRow {
  id: string;
  clipId: string;
  /** One more than the frame's index. */
  frameNumber: number;
  framePath: string;
  timestampOffsetMs: number;
  width: number | null;
  height: number | null;
  fileSizeBytes: number | null;
  createdAt: Date;
}

/** A row of `frame_embeddings`, its embedding as the table has it. */
export interface FrameEmbeddingRow {
  id: string;
  clipId: string;
  frameIndex: number;
  /** JSON array of 512 numbers. */
  embedding: string;
  modelVersion: string;
  createdAt: Date;
}

/** A row of `frame_embedding_drafts`: an embedding that waits until its clip has been read again. */
export type EmbeddingDraftRow = Omit<FrameEmbeddingRow, 'id'>;

/** Of a clip that comes in several calls: tabs are told of it by the one that `moreFollows` is not said to. */
export interface MoreFollows {
  moreFollows?: boolean;
}

/** The library as callers have it: verbs with plain data in and out, answered by whichever tab owns the database. */
export interface Library {
  /** Opens the library where no other tab has. After a failure a later call tries again. */
  open(): Promise<ClipDatabaseInfo>;
  createClip(event: NewClip): Promise<EventRow>;
  getClip(clipId: string): Promise<ClipSummary | null>;
  /** All clips, the newest in the library first. */
  listClips(): Promise<ClipSummary[]>;
  /** Setting `ingestState` to `done` also writes `frame_timestamps` and `frame_count_used`. */
  updateClip(clipId: string, changes: ClipFields): Promise<EventRow>;
  /** Removes a clip with all that is stored of it. False when there was none. */
  deleteClip(clipId: string): Promise<boolean>;
  /** Stores a batch, all or none; ids of its embeddings’ rows. With `asDraft` they wait for `finishReembedding`. */
  storeFrameBatch(
    clipId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    options?: { asDraft?: boolean },
  ): Promise<string[]>;
  /** Puts waiting embeddings in the place of a clip's embeddings of every other model. */
  finishReembedding(clipId: string, modelVersion: string): Promise<void>;
  /** Frames that have an embedding of a model, in order. */
  storedFrameIndexes(clipId: string, modelVersion: string): Promise<number[]>;
  getFrameEmbeddings(clipId: string, filter?: FrameEmbeddingFilter): Promise<FrameEmbedding[]>;
  /** Removes a clip's embeddings and returns how many there were. */
  deleteFrameEmbeddings(clipId: string): Promise<number>;
  readEventFrameRows(clipId: string, options?: PageOptions): Promise<EventFrameRow[]>;
  readFrameEmbeddingRows(clipId: string, options?: PageOptions): Promise<FrameEmbeddingRow[]>;
  readEmbeddingDraftRows(clipId: string, options?: PageOptions): Promise<EmbeddingDraftRow[]>;
  readFrameSpans(clipId: string, frameIndexes?: number[]): Promise<FrameSpan[]>;
  /** Puts an exported clip into the library, all of it or nothing. */
  importClip(clip: ImportedClip, thumbnails?: FrameThumbnail[], options?: MoreFollows): Promise<ImportResult>;
  /** Frames of a clip whose picture is not in this browser. */
  framesWithoutPicture(clipId: string): Promise<(FrameRequest & Moment)[]>;
  storeThumbnails(clipId: string, thumbnails: FrameThumbnail[], options?: MoreFollows): Promise<void>;
  /** Thumbnails in the order asked for; null where there is none. */
  readThumbnails(clipId: string, frameIndexes: number[]): Promise<(Blob | null)[]>;
  /** Keeps a copy of a clip's file and returns its path; null where there is too little room. */
  storeClipFile(clipId: string, file: File): Promise<string | null>;
  /** The kept copy of a clip's file; null where there is none. */
  readClipFile(clipId: string): Promise<File | null>;
  /** Compares every row with every file: for the console and tests. */
  assertKept(): Promise<void>;
  scan(): Promise<LibraryFlaws>;
  /** Libraries beside the one at work. */
  keptLibraries(): Promise<KeptLibrary[]>;
  removeKeptLibrary(name: string): Promise<void>;
  /** Makes another library the one at work; a new one for null. Before this tab has opened any; the page is loaded anew then. */
  chooseLibrary(name: string | null): Promise<void>;
  /** All files of a library as they are, as a tar archive; of the one at work for null. */
  archiveLibrary(name: string | null): Promise<{ name: string; archive: Blob }>;
  /** Puts a library that `archiveLibrary` saved beside the one at work. */
  bringBackLibrary(archive: Blob): Promise<void>;
  /** Opens the library without changing anything in it, to save what can be read. */
  openAsItIs(): Promise<void>;
  /** Runs one SQL statement that reads. */
  query(text: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** What a search reads of the library. */
export interface EmbeddingSource {
  /** Of each clip, the set that a search with a model compares. */
  searchedSets(modelVersion: string, clipIds: string[]): Promise<SearchedSet[]>;
  /** A page of a set's embeddings, packed, with the revision of that moment. */
  readEmbeddings(
    clipId: string,
    modelVersion: string,
    options: { state: SetState; after?: number },
  ): Promise<EmbeddingPage>;
  /** Makes the file of a set's embeddings anew; false where this browser has no such files. */
  packEmbeddings(clipId: string, modelVersion: string, state: SetState): Promise<boolean>;
}
