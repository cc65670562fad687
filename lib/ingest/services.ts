import * as Comlink from 'comlink';
import type { ClipDatabase } from '@/lib/db/clip-database';
import type { ClipService } from './clip-service';
import type { VideoService } from './video-service';

/** Makes each worker; the page owns the files that they run. */
export interface WorkerFactories {
  database: () => Worker;
  video: () => Worker;
  clip: () => Worker;
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
}

/**
 * The page's three workers, wired to each other, each made when it is first used: three that start at once
 * take a second from the one that a person waits for. The video and CLIP workers can be thrown away and made
 * anew, which is the one cure for a lost graphics device, a hung run or a heap that has grown too large;
 * the database worker lives as long as the page.
 */
export class FramesiftServices {
  /** Called when a worker's script cannot be loaded or throws where nobody waits: its calls may never be answered. */
  onWorkerError: (message: string) => void = () => undefined;
  readonly #factories: WorkerFactories;
  #database: OpenWorker<ClipDatabase> | undefined;
  /** Ends that the CLIP worker writes to, kept for the database worker until it is made. */
  #rowsPorts: MessagePort[] = [];
  #media: MediaWorkers | undefined;

  constructor(factories: WorkerFactories) {
    this.#factories = factories;
  }

  get database(): Comlink.Remote<ClipDatabase> {
    this.#database ??= this.#open<ClipDatabase>(this.#factories.database, 'database');
    this.#connectRows(this.#database.remote);
    return this.#database.remote;
  }

  get video(): Comlink.Remote<VideoService> {
    const media = this.#mediaWorkers();
    if (!media.video) {
      media.video = this.#open<VideoService>(this.#factories.video, 'video');
      void media.video.remote.connect(Comlink.transfer(media.framesPort, [media.framesPort]));
    }
    return media.video.remote;
  }

  get clip(): Comlink.Remote<ClipService> {
    return this.#mediaWorkers().clip.remote;
  }

  /** Makes the CLIP worker ahead of its first use: its script loads while the page is still being built. */
  prepare(): void {
    this.#mediaWorkers();
  }

  /** Ends the video and CLIP workers at once, whatever they are doing; the next use makes new ones. */
  discardMediaWorkers(): void {
    this.#media?.video?.worker.terminate();
    this.#media?.clip.worker.terminate();
    this.#media = undefined;
  }

  /** Ends everything. */
  close(): void {
    this.discardMediaWorkers();
    this.#database?.remote[Comlink.releaseProxy]();
    this.#database?.worker.terminate();
    this.#database = undefined;
  }

  #mediaWorkers(): MediaWorkers {
    if (this.#media) return this.#media;
    const clip = this.#open<ClipService>(this.#factories.clip, 'model');
    const frames = new MessageChannel();
    const rows = new MessageChannel();
    void clip.remote.connect(
      Comlink.transfer(frames.port2, [frames.port2]),
      Comlink.transfer(rows.port2, [rows.port2]),
    );
    this.#rowsPorts.push(rows.port1);
    if (this.#database) this.#connectRows(this.#database.remote);
    this.#media = { clip, video: undefined, framesPort: frames.port1 };
    return this.#media;
  }

  /** Messages keep their order, so whatever is called next finds the workers connected. */
  #connectRows(database: Comlink.Remote<ClipDatabase>): void {
    for (const port of this.#rowsPorts.splice(0)) void database.connect(Comlink.transfer(port, [port]));
  }

  #open<T>(make: () => Worker, name: string): OpenWorker<T> {
    const worker = this.#watched(make(), name);
    return { worker, remote: Comlink.wrap<T>(worker) };
  }

  #watched(worker: Worker, name: string): Worker {
    worker.addEventListener('error', ({ message }) => {
      const detail = message ? ` (${message})` : '';
      this.onWorkerError(
        `The ${name} worker of this page has failed${detail}. Reload the page to start it again.`,
      );
    });
    return worker;
  }
}
