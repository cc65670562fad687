import * as Comlink from 'comlink';
import type { SearchService } from '@/lib/ask/search-service';
import type { ClipDatabase } from '@/lib/db/clip-database';
import { Interruption } from '@/lib/shared/async';
import { explainFailure, FramesiftError } from '@/lib/shared/errors';
import type { LoadOptions } from '@/lib/clip/clip-encoder';
import { measureProviders, type ProviderReport } from './measure-providers';
import { CLIP_MODEL_LIMITS, ClipModel, type ClipModelLimits, type ClipWorkers } from './clip-model';
import type { ClipService } from './clip-service';
import type { ModelService } from './model-service';
import type { VideoService } from './video-service';

/** Makes each worker; the page owns the files that they run. */
export interface WorkerFactories {
  database: () => Worker;
  video: () => Worker;
  clip: () => Worker;
  models: () => Worker;
  search: () => Worker;
}

interface OpenWorker<T> {
  worker: Worker;
  remote: Comlink.Remote<T>;
}

interface MediaWorkers {
  clip: OpenWorker<ClipService>;
  /** Undefined until a clip is opened, and then the CLIP worker's other end of `framesPort`. */
  video: OpenWorker<VideoService> | undefined;
  framesPort: MessagePort;
  /** Ends every call to the two that waits, once they are gone. */
  end: Interruption;
}

/** Its `end` ends every call that waits, once it is gone. */
type LibraryWorker = OpenWorker<ClipDatabase> & { end: Interruption };

/** The same. */
type SearchWorker = OpenWorker<SearchService> & { end: Interruption };

/**
 * The page's workers, wired to each other, each made when it is first used: three that start at once
 * take a second from the one that a person waits for. The video and CLIP workers can be thrown away and made
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
  #library: LibraryWorker | undefined;
  /** The library, in whichever worker it is. */
  readonly database: Comlink.Remote<ClipDatabase>;
  /** Ends that the CLIP worker writes to, kept for the database worker until it is made. */
  #rowsPorts: MessagePort[] = [];
  #media: MediaWorkers | undefined;
  #generation = 0;
  #models: OpenWorker<ModelService> | undefined;
  #search: SearchWorker | undefined;
  /** The model, in whichever worker it is; a loss of the worker is seen to in there. */
  readonly clip: ClipModel;

  constructor(factories: WorkerFactories, limits: ClipModelLimits = CLIP_MODEL_LIMITS) {
    this.#factories = factories;
    this.database = forwarding(() => this.#libraryWorker().remote);
    const generation = () => this.#generation;
    const workers: ClipWorkers = {
      get generation() {
        return generation();
      },
      open: () => this.#mediaWorkers().clip.remote,
      discard: (reason) => this.discardMediaWorkers(reason),
    };
    this.clip = new ClipModel(workers, limits);
  }

  get video(): Comlink.Remote<VideoService> {
    const media = this.#mediaWorkers();
    if (!media.video) {
      const { worker, remote } = this.#open<VideoService>(this.#factories.video, 'video');
      void remote.connect(Comlink.transfer(media.framesPort, [media.framesPort]));
      media.video = { worker, remote: interruptible(remote, media.end) };
    }
    return media.video.remote;
  }

  /** Makes the CLIP worker ahead of its first use: its script loads while the page is still being built. */
  prepare(): void {
    this.#mediaWorkers();
  }

  /**
   * Ends the video and CLIP workers at once, whatever they are doing; the next use makes new ones. Calls
   * that wait for them are answered with `reason`.
   */
  discardMediaWorkers(
    reason = new FramesiftError('worker-lost', 'This page has ended its workers.', { transient: true }),
  ): void {
    const media = this.#media;
    if (!media) return;
    this.#media = undefined;
    this.#generation += 1;
    media.video?.worker.terminate();
    media.clip.worker.terminate();
    media.end.interrupt(reason);
  }

  /**
   * Ends the library worker at once, so that another tab may own the library; the next call makes a new one. For a page
   * that the browser is about to freeze: its worker would sleep with the database open.
   */
  releaseLibrary(): void {
    const library = this.#library;
    if (!library) return;
    this.#library = undefined;
    library.worker.terminate();
    const reason = new FramesiftError('worker-lost', 'This page was put to sleep. Try again.', {
      transient: true,
    });
    library.end.interrupt(reason);
    // It has a way to the worker that is gone, and nothing of its own.
    this.discardSearchWorker(reason);
    if (this.#media) this.#connectRows(this.#media.clip.remote);
  }

  get models(): Comlink.Remote<ModelService> {
    this.#models ??= this.#open<ModelService>(this.#factories.models, 'models');
    return this.#models.remote;
  }

  /** What scores and selects; its cache of vectors goes with it when it is discarded. */
  get search(): Comlink.Remote<SearchService> {
    return this.#searchWorker().remote;
  }

  /** Makes the search worker ahead of the first question, which would wait for its script. */
  prepareSearch(): void {
    this.#searchWorker();
  }

  /** Ends the search worker, whatever it is doing; the next question makes a new one. */
  discardSearchWorker(
    reason = new FramesiftError('worker-lost', 'This page has ended its workers.', { transient: true }),
  ): void {
    const search = this.#search;
    if (!search) return;
    this.#search = undefined;
    search.worker.terminate();
    search.end.interrupt(reason);
  }

  /**
   * How fast a model reads pictures in each way of running it here, best way first; `onReport` is called
   * as each is known. Takes some seconds a way and a worker of its own: for when nothing else is running.
   */
  measureProviders(
    options: LoadOptions,
    onReport: (report: ProviderReport) => void,
  ): Promise<ProviderReport[]> {
    const openWorker = () => {
      const worker = this.#factories.clip();
      const service = Comlink.wrap<ClipService>(worker);
      this.#connectModels(service);
      return { worker, service };
    };
    return measureProviders(openWorker, options, onReport);
  }

  /** Ends everything. */
  close(): void {
    this.discardMediaWorkers();
    this.discardSearchWorker();
    this.releaseLibrary();
    this.#models?.worker.terminate();
    this.#models = undefined;
  }

  #mediaWorkers(): MediaWorkers {
    if (this.#media) return this.#media;
    const { worker, remote } = this.#open<ClipService>(this.#factories.clip, 'model');
    this.#connectModels(remote);
    const frames = new MessageChannel();
    void remote.connect(Comlink.transfer(frames.port2, [frames.port2]));
    this.#connectRows(remote);
    const end = new Interruption();
    const clip = { worker, remote: interruptible(remote, end) };
    this.#media = { clip, video: undefined, framesPort: frames.port1, end };
    return this.#media;
  }

  #searchWorker(): SearchWorker {
    if (this.#search) return this.#search;
    const { worker, remote } = this.#open<SearchService>(this.#factories.search, 'search');
    const vectors = new MessageChannel();
    void remote.connect(Comlink.transfer(vectors.port2, [vectors.port2]));
    void this.database.connect(Comlink.transfer(vectors.port1, [vectors.port1]));
    const end = new Interruption();
    this.#search = { worker, remote: interruptible(remote, end), end };
    return this.#search;
  }

  #libraryWorker(): LibraryWorker {
    if (this.#library) return this.#library;
    const { worker, remote } = this.#open<ClipDatabase>(this.#factories.database, 'database');
    const end = new Interruption();
    this.#library = { worker, remote: interruptible(remote, end), end };
    // Messages keep their order, so whatever is called next finds the workers connected.
    for (const port of this.#rowsPorts.splice(0)) void remote.connect(Comlink.transfer(port, [port]));
    remote.watch(Comlink.proxy((sentence) => this.onLibrarySilence(sentence))).catch(() => undefined);
    return this.#library;
  }

  /** A way from the CLIP worker to the library worker, which is not made for it. */
  #connectRows(clip: Comlink.Remote<ClipService>): void {
    const { port1, port2 } = new MessageChannel();
    void clip.connectRows(Comlink.transfer(port2, [port2]));
    if (this.#library) void this.#library.remote.connect(Comlink.transfer(port1, [port1]));
    else this.#rowsPorts = [port1];
  }

  #open<T>(make: () => Worker, name: keyof typeof WORKER_TASKS): OpenWorker<T> {
    const worker = this.#watched(make(), name);
    return { worker, remote: Comlink.wrap<T>(worker) };
  }

  /** Tells a CLIP worker how to reach the models worker. */
  #connectModels(clip: Comlink.Remote<ClipService>): void {
    void clip.connectModels(Comlink.proxy(() => Promise.resolve(this.#openModelsPort())));
  }

  /** A way from the CLIP worker to the models worker, made when it is needed: the bundled model needs none. */
  #openModelsPort(): MessagePort {
    const channel = new MessageChannel();
    void this.models.connect(Comlink.transfer(channel.port1, [channel.port1]));
    return Comlink.transfer(channel.port2, [channel.port2]);
  }

  /** A worker whose failure is told to the page, and ends the calls that wait for it. */
  #watched(worker: Worker, name: keyof typeof WORKER_TASKS): Worker {
    const fail = (event: Event) => {
      const what = `The part of this page that ${WORKER_TASKS[name]} has stopped.`;
      this.onWorkerError(explainFailure(what, event, 'Reload the page to start it again.'));
      const lost = () =>
        new FramesiftError('worker-lost', explainFailure(what, event), { transient: true, cause: event });
      if (worker === this.#media?.video?.worker || worker === this.#media?.clip.worker) {
        this.discardMediaWorkers(lost());
      }
      if (worker === this.#search?.worker) this.discardSearchWorker(lost());
    };
    worker.addEventListener('error', fail);
    worker.addEventListener('messageerror', fail);
    return worker;
  }
}

/** What each worker does, in the words of the page. */
const WORKER_TASKS = {
  database: 'keeps the library',
  video: 'decodes clips',
  model: 'looks at pictures and words',
  models: 'fetches models',
  search: 'finds frames',
} as const;

/** A remote object whose every call goes to the one that `current` gives then. */
function forwarding<T>(current: () => Comlink.Remote<T>): Comlink.Remote<T> {
  return new Proxy({} as Comlink.Remote<T>, {
    get: (_, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (...values: unknown[]) => {
        const remote = current();
        return (Reflect.get(remote, name) as (...given: unknown[]) => unknown)(...values);
      };
    },
  });
}

/** The same remote object, whose calls that wait end with the interruption. */
function interruptible<T>(remote: Comlink.Remote<T>, end: Interruption): Comlink.Remote<T> {
  return new Proxy(remote, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof name !== 'string' || typeof member !== 'function') return member;
      return (...values: unknown[]) => end.race(Promise.resolve(Reflect.apply(member, undefined, values)));
    },
  });
}
