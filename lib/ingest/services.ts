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

interface MediaWorkers {
  videoWorker: Worker;
  clipWorker: Worker;
  video: Comlink.Remote<VideoService>;
  clip: Comlink.Remote<ClipService>;
}

/**
 * The page's three workers, wired to each other. The video and CLIP workers can be thrown away and made
 * anew, which is the one cure for a lost graphics device, a hung run or a heap that has grown too large;
 * the database worker lives as long as the page.
 */
export class FramesiftServices {
  /** Called when a worker's script cannot be loaded or throws where nobody waits: its calls may never be answered. */
  onWorkerError: (message: string) => void = () => undefined;
  readonly database: Comlink.Remote<ClipDatabase>;
  readonly #factories: WorkerFactories;
  readonly #databaseWorker: Worker;
  #media: MediaWorkers | undefined;

  constructor(factories: WorkerFactories) {
    this.#factories = factories;
    this.#databaseWorker = this.#watched(factories.database(), 'database');
    this.database = Comlink.wrap<ClipDatabase>(this.#databaseWorker);
  }

  get video(): Comlink.Remote<VideoService> {
    return this.#mediaWorkers().video;
  }

  get clip(): Comlink.Remote<ClipService> {
    return this.#mediaWorkers().clip;
  }

  /** Ends the video and CLIP workers at once, whatever they are doing; the next use makes new ones. */
  discardMediaWorkers(): void {
    this.#media?.videoWorker.terminate();
    this.#media?.clipWorker.terminate();
    this.#media = undefined;
  }

  /** Ends everything. */
  close(): void {
    this.discardMediaWorkers();
    this.database[Comlink.releaseProxy]();
    this.#databaseWorker.terminate();
  }

  #mediaWorkers(): MediaWorkers {
    if (this.#media) return this.#media;
    const videoWorker = this.#watched(this.#factories.video(), 'video');
    const clipWorker = this.#watched(this.#factories.clip(), 'model');
    const video = Comlink.wrap<VideoService>(videoWorker);
    const clip = Comlink.wrap<ClipService>(clipWorker);
    const frames = new MessageChannel();
    const rows = new MessageChannel();
    // Messages keep their order, so whatever is called next finds the workers connected.
    void video.connect(Comlink.transfer(frames.port1, [frames.port1]));
    void this.database.connect(Comlink.transfer(rows.port1, [rows.port1]));
    void clip.connect(
      Comlink.transfer(frames.port2, [frames.port2]),
      Comlink.transfer(rows.port2, [rows.port2]),
    );
    this.#media = { videoWorker, clipWorker, video, clip };
    return this.#media;
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
