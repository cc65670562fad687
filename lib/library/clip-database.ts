import type {
  ClipDatabaseInfo,
  ClipFields,
  EmbeddingDraftRow,
  EventFrameRow,
  EventRow,
  ClipSummary,
  FrameEmbedding,
  FrameEmbeddingFilter,
  FrameEmbeddingRow,
  FrameSpan,
  FrameThumbnail,
  NewFrameEmbedding,
  ImportResult,
  ImportedClip,
  KeptLibrary,
  LibraryFlaws,
  LibraryNotice,
  MoreFollows,
  NewClip,
  PageOptions,
  SearchedSet,
  SetState,
  SilenceWatcher,
  EmbeddingPage,
} from '@/lib/ports/library';
import { connectRemote, serve, transfer, type Remote } from '@/lib/rpc/remote';
import { FramesiftError } from '@/lib/shared/errors';
import type { Moment } from '@/lib/shared/clip-clock';
import type { EmbeddedFrame, FrameRequest } from '@/lib/shared/frames';
import type { DatabaseConnection } from './client';
import type { ClipFiles } from './clip-files';
import { Gateway, type GatewayNames, type GatewayPorts } from './gateway';
import { inParallel } from '@/lib/shared/in-parallel';
import { LIBRARY_CHANNEL } from './library-channel';
import type { LibraryVerbs, VerbName } from './library-verbs';
import { openOwnedLibrary } from './owned-library';
import { SHARING_VERB_NAMES, type SharingVerbName } from './sharing-verbs';
import { unknownClip } from './validate';

/** What a ClipDatabase is made of: the browser's own in the worker, PGlite in memory and fakes in tests. */
export interface ClipDatabaseParts {
  /** Where this browser keeps the library, and how its tabs find each other; null ports for a library of this tab. */
  join: () => Promise<{ ports: GatewayPorts | null; names: GatewayNames; connect: Connect }>;
  openFiles: () => Promise<ClipFiles>;
  others: OtherLibraries;
}

/** Libraries beside the one at work: of kept-libraries.ts in a browser. */
export interface OtherLibraries {
  list(): Promise<KeptLibrary[]>;
  choose(name: string | null): Promise<void>;
  remove(name: string): Promise<void>;
  archive(name: string | null): Promise<{ name: string; archive: Blob }>;
  bringBack(archive: Blob): Promise<void>;
  /** Whether the one at work has its files where another has them too. */
  shareFiles(): Promise<boolean>;
  /** Removes files of libraries that are gone. */
  sweep(): Promise<void>;
}

/** @param options.asItIs see `openConnection` */
export type Connect = (options: { asItIs: boolean }) => Promise<DatabaseConnection>;

/**
 * The library as one tab has it: clips, their thumbnails and their embeddings. Lives in workers/db.worker.ts; the page and
 * the encoder worker call it over Comlink. What needs the database goes to the owner through the gateway, which may be in
 * another tab; thumbnails and copies of clips are read from private files here. The first call joins the other tabs.
 */
export class ClipDatabase {
  readonly #parts: ClipDatabaseParts;
  readonly #channel = new BroadcastChannel(LIBRARY_CHANNEL);
  #gateway: Promise<Gateway> | undefined;
  #files: Promise<ClipFiles> | undefined;
  #watcher: Remote<SilenceWatcher> | undefined;
  #silence: string | null = null;
  #asItIs = false;

  constructor(parts: ClipDatabaseParts) {
    this.#parts = parts;
  }

  /** Joins the other tabs and opens the library where no other has. After a failure a later call tries again. */
  async open(): Promise<ClipDatabaseInfo> {
    const [info, kept] = await Promise.all([this.#call('info'), this.#parts.others.list()]);
    return { ...info, kept };
  }

  /** Serves this database on a port as well, so that another worker can write to it directly. */
  connect(port: MessagePort): void {
    serve(this, port);
  }

  /**
   * Tells when the tab that owns the library does not answer, and when it does again.
   *
   * @param watcherPort where a SilenceWatcher is served
   */
  watch(watcherPort: MessagePort): void {
    this.#watcher = connectRemote<SilenceWatcher>(watcherPort);
    if (this.#silence !== null) this.#tellSilence();
  }

  // # Clips

  createClip(clip: NewClip): Promise<EventRow> {
    const id = clip.id ?? crypto.randomUUID();
    return this.#call('createClip', { ...clip, id });
  }

  getClip(clipId: string): Promise<ClipSummary | null> {
    return this.#call('getClip', clipId);
  }

  /** All clips, the newest in the library first. */
  listClips(): Promise<ClipSummary[]> {
    return this.#call('listClips');
  }

  /** Changes a clip. Setting `ingestState` to `done` also writes `frame_timestamps` and `frame_count_used`. */
  updateClip(clipId: string, changes: ClipFields): Promise<EventRow> {
    return this.#call('updateClip', clipId, changes);
  }

  /** Removes a clip with its frames, embeddings and files. False when there was none. */
  deleteClip(clipId: string): Promise<boolean> {
    return this.#call('deleteClip', clipId);
  }

  // # Frames and embeddings

  /**
   * Stores a batch of frames with their thumbnails and embeddings and returns the ids of the
   * frame_embeddings rows, in order. Thumbnails first, then all rows in one transaction: a row always has
   * its thumbnail, and a batch that fails leaves nothing.
   *
   * @param options.asDraft keeps the embeddings beside those of another model until `finishReembedding`; no ids then
   */
  storeFrameBatch(
    clipId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    options: { asDraft?: boolean } = {},
  ): Promise<string[]> {
    return this.#call('storeFrameBatch', clipId, frames, modelVersion, options);
  }

  /** Puts the drafts of a model in the place of a clip's embeddings of every other one, all at once. */
  finishReembedding(clipId: string, modelVersion: string): Promise<void> {
    return this.#call('finishReembedding', clipId, modelVersion);
  }

  /** Which frames already have an embedding of this model, in order: what a resumed ingest may skip. */
  storedFrameIndexes(clipId: string, modelVersion: string): Promise<number[]> {
    return this.#call('storedFrameIndexes', clipId, modelVersion);
  }

  /** Of each clip, what a search with a model compares. */
  searchedSets(modelVersion: string, clipIds: string[]): Promise<SearchedSet[]> {
    return this.#call('searchedSets', modelVersion, clipIds);
  }

  /**
   * Some thousand embeddings of a clip and a model in frame order, packed, and the revision of the moment that they were
   * read in; the arrays are transferred to the caller.
   *
   * @param options.state of the clip's set
   * @param options.after `next` of the page before
   */
  async readEmbeddings(
    clipId: string,
    modelVersion: string,
    options: { state: SetState; after?: number },
  ): Promise<EmbeddingPage> {
    const page = await this.#call('readEmbeddings', clipId, modelVersion, options);
    const { frameIndexes, timestampsMs, spansMs, embeddings } = page.packed;
    return transfer(page, [frameIndexes.buffer, timestampsMs.buffer, spansMs.buffer, embeddings.buffer]);
  }

  /** Makes the file of a clip's embeddings anew; false where this browser has no such files. */
  packEmbeddings(clipId: string, modelVersion: string, state: SetState): Promise<boolean> {
    return this.#call('packEmbeddings', clipId, modelVersion, state);
  }

  async storeFrameEmbedding(
    frame: NewFrameEmbedding & { clipId: string; modelVersion: string },
  ): Promise<string> {
    const [id] = await this.storeFrameEmbeddingsBatch(frame.clipId, [frame], frame.modelVersion);
    return id!;
  }

  storeFrameEmbeddingsBatch(
    clipId: string,
    rows: NewFrameEmbedding[],
    modelVersion: string,
  ): Promise<string[]> {
    return this.#call('storeFrameEmbeddingsBatch', clipId, rows, modelVersion);
  }

  getFrameEmbeddings(clipId: string, options: FrameEmbeddingFilter = {}): Promise<FrameEmbedding[]> {
    return this.#call('getFrameEmbeddings', clipId, options);
  }

  /** Removes the embeddings of a clip and returns how many there were; too few where another tab took over meanwhile. */
  deleteFrameEmbeddings(clipId: string): Promise<number> {
    return this.#call('deleteFrameEmbeddings', clipId);
  }

  // # Taking rows out and bringing them back

  /** The next page of a clip's frames as the table has them, for an export. */
  readEventFrameRows(clipId: string, options: PageOptions = {}): Promise<EventFrameRow[]> {
    return this.#call('readEventFrameRows', clipId, options);
  }

  /** The next page of a clip's embeddings as the table has them, for an export. */
  readFrameEmbeddingRows(clipId: string, options: PageOptions = {}): Promise<FrameEmbeddingRow[]> {
    return this.#call('readFrameEmbeddingRows', clipId, options);
  }

  /** The next page of the embeddings of a re-reading that is not complete, for a backup. */
  readEmbeddingDraftRows(clipId: string, options: PageOptions = {}): Promise<EmbeddingDraftRow[]> {
    return this.#call('readEmbeddingDraftRows', clipId, options);
  }

  /** The spans of a clip's frames that are known, in frame order; of these frames alone where they are named. */
  readFrameSpans(clipId: string, frameIndexes?: number[]): Promise<FrameSpan[]> {
    return this.#call('readFrameSpans', clipId, frameIndexes);
  }

  /**
   * Puts an exported clip into the library, all of it or nothing, see lib/library/import-clip.ts.
   *
   * @param thumbnails for its frames, where the export has pictures
   */
  importClip(
    clip: ImportedClip,
    thumbnails: FrameThumbnail[] = [],
    options: MoreFollows = {},
  ): Promise<ImportResult> {
    return this.#call('importClip', clip, thumbnails, options);
  }

  /** Frames of a clip whose thumbnail is not in this browser, as after an import of rows alone. */
  framesWithoutPicture(clipId: string): Promise<(FrameRequest & Moment)[]> {
    return this.#call('framesWithoutPicture', clipId);
  }

  /** Writes thumbnails of frames that have their rows already; frames without a row are left out. */
  storeThumbnails(clipId: string, thumbnails: FrameThumbnail[], options: MoreFollows = {}): Promise<void> {
    return this.#call('storeThumbnails', clipId, thumbnails, options);
  }

  // # Files

  /** The thumbnails of frames in the order asked for; null where there is none. */
  async readThumbnails(clipId: string, frameIndexes: number[]): Promise<(Blob | null)[]> {
    if (frameIndexes.length === 0) return [];
    const paths = await this.#call('thumbnailPaths', clipId, frameIndexes);
    const files = await this.#openFiles();
    const blobs: (Blob | null)[] = paths.map(() => null);
    await inParallel(paths, async (path, i) => {
      if (path !== null) blobs[i] = await files.read(path);
    });
    return blobs;
  }

  /**
   * Keeps a copy of the clip, so that its moments can be played later, and returns its path; null when
   * the browser has too little room.
   */
  async storeClipFile(
    clipId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const before = await this.getClip(clipId);
    if (!before) throw unknownClip(clipId);
    const files = await this.#openFiles();
    const path = await files.storeClipFile(clipId, file, onProgress);
    if (path === null) return null;
    try {
      await this.updateClip(clipId, { videoPath: path });
    } catch (error) {
      await files.remove([path]).catch(() => undefined);
      throw error;
    }
    if (before.videoPath !== null && before.videoPath !== path) await files.remove([before.videoPath]);
    return path;
  }

  /** The kept copy of the clip under its own name, or null when there is none. */
  async readClipFile(clipId: string): Promise<File | null> {
    const clip = await this.getClip(clipId);
    if (!clip?.videoPath) return null;
    const file = await (await this.#openFiles()).readClipFile(clip.videoPath);
    return file && new File([file], clip.fileName ?? file.name, { type: file.type });
  }

  /** Throws FramesiftError `storage-unavailable` when the browser has deleted the library's files behind the open page. */
  assertKept(): Promise<void> {
    return this.#call('assertKept');
  }

  /** What does not fit together in the library: nothing in a sound one. Reads every path, for tests and the console. */
  scan(): Promise<LibraryFlaws> {
    return this.#call('scan');
  }

  /** Serves the shared libraries on a port. */
  connectSharing(port: MessagePort): void {
    const answerTo =
      (name: SharingVerbName) =>
      async (...args: unknown[]) =>
        (await this.#join()).call(name, args);
    serve(Object.fromEntries(SHARING_VERB_NAMES.map((name) => [name, answerTo(name)])), port);
  }

  // # Other libraries

  /** Libraries beside the one at work. */
  keptLibraries(): Promise<KeptLibrary[]> {
    return this.#parts.others.list();
  }

  /** Deletes a library that is not at work. */
  removeKeptLibrary(name: string): Promise<void> {
    return this.#parts.others.remove(name);
  }

  /**
   * Makes another library the one at work; a new one for null. In a worker that has opened none: every other call of it
   * waits from then on, since the page must be loaded anew.
   *
   * @throws FramesiftError `storage-unavailable` while another tab has the library
   */
  async chooseLibrary(name: string | null): Promise<void> {
    if (this.#gateway) throw new FramesiftError('internal', 'This tab has the library open.');
    const choosing = this.#parts.others.choose(name);
    this.#gateway = choosing.then(
      () => new Promise<never>(() => undefined),
      () => {
        this.#gateway = undefined;
        return this.#join();
      },
    );
    this.#gateway.catch(() => undefined);
    await choosing;
  }

  /** All files of a library as they are, as a tar archive; of the one at work for null. */
  archiveLibrary(name: string | null): Promise<{ name: string; archive: Blob }> {
    return this.#parts.others.archive(name);
  }

  /**
   * Puts a library that `archiveLibrary` saved beside the one at work.
   *
   * @throws FramesiftError `bad-input` for one that this page or browser could not open; nothing is written then
   */
  bringBackLibrary(archive: Blob): Promise<void> {
    return this.#parts.others.bringBack(archive);
  }

  /** Opens the library without changing anything in it, whatever schema it has. In a worker that has opened none. */
  async openAsItIs(): Promise<void> {
    this.#asItIs = true;
    await this.#call('info');
  }

  /** Runs one statement that reads; PostgreSQL refuses any that writes. For the developer console and tests. */
  query(text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#call('query', text, params);
  }

  // # Within

  async #call<Name extends VerbName>(
    name: Name,
    ...args: Parameters<LibraryVerbs[Name]>
  ): Promise<Awaited<ReturnType<LibraryVerbs[Name]>>> {
    const gateway = await this.#join();
    return (await gateway.call(name, args)) as Awaited<ReturnType<LibraryVerbs[Name]>>;
  }

  #join(): Promise<Gateway> {
    this.#gateway ??= this.#makeGateway().catch((error: unknown) => {
      this.#gateway = undefined;
      throw error;
    });
    return this.#gateway;
  }

  async #makeGateway(): Promise<Gateway> {
    const { ports, names, connect } = await this.#parts.join();
    const post = (notice: LibraryNotice) => this.#channel.postMessage(notice);
    return new Gateway({
      tab: crypto.randomUUID(),
      ports,
      names,
      open: () =>
        openOwnedLibrary({
          connect: () => connect({ asItIs: this.#asItIs }),
          openFiles: () => this.#openFiles(),
          post,
          sweepOthers: async () => {
            if (!this.#asItIs) await this.#parts.others.sweep();
          },
          keepsStrayFiles: async () => this.#asItIs || (await this.#parts.others.shareFiles()),
        }),
      onOwner: () => post({ type: 'owner' }),
      onSilence: (sentence) => {
        this.#silence = sentence;
        this.#tellSilence();
      },
    });
  }

  #tellSilence(): void {
    // A page that is gone needs no telling.
    this.#watcher?.tell(this.#silence).catch(() => undefined);
  }

  #openFiles(): Promise<ClipFiles> {
    this.#files ??= this.#parts.openFiles().catch((error: unknown) => {
      this.#files = undefined;
      throw error;
    });
    return this.#files;
  }
}
