import type { EncoderLimits, LoadOptions } from '@/lib/ports/encoder';
import type { SilenceWatcher } from '@/lib/ports/library';
import type { Models } from '@/lib/ports/models';
import type { Sharing } from '@/lib/ports/sharing';
import type { SearchService } from '@/lib/search/search-service';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { lendWorkers } from '@/lib/shared/lent-workers';
import { forwardRemote, serve, transfer, type Remote } from '@/lib/rpc/remote';
import { SupervisedWorker, type SupervisedWorkerOptions } from '@/lib/rpc/supervised-worker';
import { explainFailure, FramesiftError } from '@/lib/shared/errors';
import type { ProviderReport } from './measure-providers';
import { ENCODER_LIMITS, SupervisedEncoder, type EncoderWorkers } from './supervised-encoder';
import type { EncoderService, ModelsOpener } from '@/lib/encoder/encoder-service';
import type { ClipSession } from '@/lib/media/clip-session';
import { ClipSessions } from './clip-sessions';
import type { ModelService } from '@/lib/models/model-service';
import type { VideoService } from '@/lib/media/video-service';
import type { SyncService } from '@/lib/sync/sync-service';

/** Makes each worker; the page owns the files that they run. */
export interface WorkerFactories {
  database: () => Worker;
  video: () => Worker;
  encoder: () => Worker;
  models: () => Worker;
  search: () => Worker;
  sync: () => Worker;
  /** A thread of the model's runtime, which names the script. */
  thread: (script: string, name: string) => Worker;
}

/**
 * The page's workers, wired to each other, each made when it is first used: three that start at once
 * take a second from the one that a person waits for. The video and encoder workers can be thrown away and made
 * anew, which is the one cure for a lost graphics device, a hung run or a heap that has grown too large;
 * the library worker is ended when the browser is about to freeze the page. The models worker lives as long as the
 * page, and is made when the first model that does not come with the page is asked for.
 */
export class FramesiftServices {
  /** Called when a worker's script cannot be loaded or throws where nobody waits: its calls may never be answered. */
  onWorkerError: (message: string) => void = () => undefined;
  /** Called with a sentence when the tab that owns the library does not answer, and with null when it does again. */
  onLibrarySilence: (sentence: string | null) => void = () => undefined;
  readonly #factories: WorkerFactories;
  readonly #library: SupervisedWorker<ClipDatabase>;
  readonly #video: SupervisedWorker<VideoService>;
  readonly #encoder: SupervisedWorker<EncoderService>;
  readonly #models: SupervisedWorker<ModelService>;
  readonly #search: SupervisedWorker<SearchService>;
  readonly #sync: SupervisedWorker<SyncService>;
  /** The library, in whichever worker it is. */
  readonly database: Remote<ClipDatabase>;
  /** The shared libraries, in whichever worker the library is. */
  readonly sharing: Remote<Sharing>;
  /** What speaks to library servers, in whichever worker; made when a shared library is first of interest. */
  readonly sync: Remote<SyncService>;
  #sharing: Remote<Sharing> | undefined;
  /** An end that the encoder worker writes to, kept for the library worker until it is made. */
  #rowsPort: MessagePort | undefined;
  readonly #sessions: ClipSessions;
  #generation = 0;
  /** The model, in whichever worker it is; a loss of the worker is seen to in there. */
  readonly encoder: SupervisedEncoder;

  constructor(factories: WorkerFactories, limits: EncoderLimits = ENCODER_LIMITS) {
    this.#factories = factories;
    this.#library = new SupervisedWorker<ClipDatabase>({
      make: factories.database,
      onStart: (library) => this.#wireLibrary(library),
      onFailure: (event) => this.#tellFailure('database', event),
    });
    this.#video = new SupervisedWorker<VideoService>({
      make: factories.video,
      onFailure: (event) => this.discardMediaWorkers(this.#tellFailure('video', event)),
      pulse: { ask: (video) => video.pulse(), onSilence: () => this.#endSilentVideo() },
    });
    this.#encoder = this.#superviseEncoder({
      onStart: (encoder) => this.#connectRows(encoder),
      onFailure: (event) => this.discardMediaWorkers(this.#tellFailure('model', event)),
    });
    this.#models = new SupervisedWorker<ModelService>({
      make: factories.models,
      onFailure: (event) => this.#tellFailure('models', event),
    });
    this.#search = new SupervisedWorker<SearchService>({
      make: factories.search,
      onStart: (search) => this.#connectEmbeddings(search),
      onFailure: (event) => this.discardSearchWorker(this.#tellFailure('search', event)),
    });
    this.#sync = new SupervisedWorker<SyncService>({
      make: factories.sync,
      onStart: (sync) => this.#connectShared(sync),
      onFailure: (event) => this.#sync.end(this.#tellFailure('sync', event)),
    });
    this.#sessions = new ClipSessions((file) => {
      const { port1, port2 } = new MessageChannel();
      wire(this.video.openClip(file, port2));
      return { remote: this.#video.connect<ClipSession>(port1), port: port1 };
    });
    this.database = forwardRemote(() => this.#library.remote);
    this.sharing = forwardRemote(() => this.#openSharing());
    this.sync = forwardRemote(() => this.#sync.remote);
    const generation = () => this.#generation;
    const workers: EncoderWorkers = {
      get generation() {
        return generation();
      },
      open: () => this.#encoder.remote,
      discard: (reason) => this.discardMediaWorkers(reason),
    };
    this.encoder = new SupervisedEncoder(workers, limits);
  }

  /** What is known and read of a clip's file, in whichever video worker it is open. */
  openClip(file: Blob): Remote<ClipSession> {
    return this.#sessions.of(file);
  }

  get video(): Remote<VideoService> {
    return this.#video.remote;
  }

  /** Makes the encoder worker ahead of its first use: its script loads while the page is still being built. */
  prepare(): void {
    this.#encoder.start();
  }

  /**
   * Ends the video and encoder workers at once, whatever they are doing; the next use makes new ones. Calls
   * that wait for them are answered with `reason`.
   */
  discardMediaWorkers(reason = endedByPage()): void {
    const ended = [this.#video.end(reason), this.#encoder.end(reason)];
    this.#sessions.forget();
    if (ended.includes(true)) this.#generation += 1;
  }

  /**
   * Ends the library worker at once, so that another tab may own the library; the next call makes a new one. For a page
   * that the browser is about to freeze: its worker would sleep with the database open.
   */
  releaseLibrary(): void {
    const reason = new FramesiftError('worker-lost', 'This page was put to sleep. Try again.', {
      transient: true,
    });
    if (!this.#library.end(reason)) return;
    // They have a way to the worker that is gone, and nothing of their own.
    this.discardSearchWorker(reason);
    this.#sync.end(reason);
    if (this.#encoder.isRunning) this.#connectRows(this.#encoder.remote);
  }

  get models(): Models {
    return this.#models.remote;
  }

  /** What scores and selects; its cache of embeddings goes with it when it is discarded. */
  get search(): Remote<SearchService> {
    return this.#search.remote;
  }

  /**
   * Makes the search and video workers ahead of the first question and the first file, which would wait for their scripts
   * (a fifth of a second) and for code that has never run.
   */
  prepareWorkers(): void {
    this.#search.start();
    if (!this.#video.isRunning) wire(this.video.warmUp());
  }

  /** Ends the search worker, whatever it is doing; the next question makes a new one. */
  discardSearchWorker(reason = endedByPage()): void {
    this.#search.end(reason);
  }

  /**
   * How fast a model reads pictures in each way of running it here, best way first; `onReport` is called
   * as each is known. Takes some seconds a way and a worker of its own: for when nothing else is running.
   */
  async measureProviders(
    options: LoadOptions,
    onReport: (report: ProviderReport) => void,
  ): Promise<ProviderReport[]> {
    const { measureProviders } = await import('./measure-providers');
    return measureProviders(() => this.#superviseEncoder(), options, onReport);
  }

  /**
   * Measures how fast the bundled model reads pictures beside other work, with each number of threads, unless that is known: see
   * [Note: Threads are measured beside other work]. For when nothing else is running.
   */
  async measureThreads(options: LoadOptions, processors: number, signal: AbortSignal): Promise<void> {
    const { measureThreadsOnce } = await import('./measure-threads');
    await measureThreadsOnce(() => this.#superviseEncoder(), this.video, options, processors, signal);
  }

  /** Ends everything. */
  close(): void {
    this.discardMediaWorkers();
    this.discardSearchWorker();
    this.releaseLibrary();
    this.#models.end(endedByPage());
  }

  /** A damaged file may hold a demuxer in a loop, and with it everything that the worker does. */
  #endSilentVideo(): void {
    this.#video.end(
      new FramesiftError(
        'worker-lost',
        'The part of this page that decodes clips stopped answering and was ended. If this happens again with the same file, the file is damaged: fetch it again, or convert it to MP4 (H.264).',
        { transient: true },
      ),
    );
    this.#sessions.forget();
  }

  #wireLibrary(library: Remote<ClipDatabase>): void {
    this.#sharing = undefined;
    // Messages keep their order, so whatever is called next finds the workers connected.
    if (this.#rowsPort) wire(library.connect(this.#rowsPort));
    this.#rowsPort = undefined;
    const { port1, port2 } = new MessageChannel();
    const watcher: SilenceWatcher = { tell: (sentence) => this.onLibrarySilence(sentence) };
    serve(watcher, port1);
    wire(library.watch(port2));
  }

  #openSharing(): Remote<Sharing> {
    // A library worker that is made here forgets the way to the one before.
    this.#library.start();
    if (this.#sharing) return this.#sharing;
    const { port1, port2 } = new MessageChannel();
    wire(this.#library.remote.connectSharing(port2));
    return (this.#sharing = this.#library.connect<Sharing>(port1));
  }

  #connectShared(sync: Remote<SyncService>): void {
    const { port1, port2 } = new MessageChannel();
    wire(sync.connect(port2));
    wire(this.database.connectSharing(port1));
  }

  #connectEmbeddings(search: Remote<SearchService>): void {
    const { port1, port2 } = new MessageChannel();
    wire(search.connect(port2));
    wire(this.database.connect(port1));
  }

  /** An encoder worker with a way to the models worker, and to the threads that are made for it and end with it. */
  #superviseEncoder({
    onStart,
    onFailure,
  }: Pick<
    SupervisedWorkerOptions<EncoderService>,
    'onStart' | 'onFailure'
  > = {}): SupervisedWorker<EncoderService> {
    let endThreads: (() => void) | undefined;
    return new SupervisedWorker<EncoderService>({
      make: this.#factories.encoder,
      onStart: (encoder) => {
        const { port1, port2 } = new MessageChannel();
        endThreads = lendWorkers(port1, this.#factories.thread);
        wire(encoder.connectThreads(port2));
        this.#connectModels(encoder);
        onStart?.(encoder);
      },
      onEnd: () => endThreads?.(),
      ...(onFailure && { onFailure }),
    });
  }

  /** A way from the encoder worker to the library worker, which is not made for it. */
  #connectRows(encoder: Remote<EncoderService>): void {
    const { port1, port2 } = new MessageChannel();
    wire(encoder.connectRows(port2));
    if (this.#library.isRunning) wire(this.#library.remote.connect(port1));
    else this.#rowsPort = port1;
  }

  /** Tells an encoder worker how to reach the models worker, which is made when it is needed: the bundled model needs none. */
  #connectModels(encoder: Remote<EncoderService>): void {
    const { port1, port2 } = new MessageChannel();
    const opener: ModelsOpener = {
      openModels: () => {
        const channel = new MessageChannel();
        wire(this.#models.remote.connect(channel.port1));
        return transfer(channel.port2, [channel.port2]);
      },
    };
    serve(opener, port1);
    wire(encoder.connectModels(port2));
  }

  /** Tells the page that a worker has failed, and gives the reason for the calls that wait. */
  #tellFailure(name: keyof typeof WORKER_TASKS, event: Event): FramesiftError {
    const what = `The part of this page that ${WORKER_TASKS[name]} has stopped.`;
    this.onWorkerError(explainFailure(what, event, 'Reload the page to start it again.'));
    return new FramesiftError('worker-lost', explainFailure(what, event), { transient: true, cause: event });
  }
}

function endedByPage(): FramesiftError {
  return new FramesiftError('worker-lost', 'This page has ended its workers.', { transient: true });
}

/** A call that wires workers to each other. It fails only with its worker, and then the next one is wired anew. */
function wire(call: Promise<void>): void {
  call.catch(() => undefined);
}

/** What each worker does, in the words of the page. */
const WORKER_TASKS = {
  database: 'keeps the library',
  video: 'decodes clips',
  model: 'looks at pictures and words',
  models: 'fetches models',
  search: 'finds frames',
  sync: 'speaks to shared libraries',
} as const;
