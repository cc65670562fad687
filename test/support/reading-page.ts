import { EncoderService } from '@/lib/encoder/encoder-service';
import { ingestClip } from '@/lib/ingest/ingest-clip';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import { FramesiftServices } from '@/lib/core/services';
import { serve } from '@/lib/rpc/remote';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { ChannelWorker } from './channel-worker';
import { textGraph, TOY_MODEL, visionGraph } from './model-graphs';
import { FakeRuntime, type FakeRuntimeOptions } from './fake-runtime';
import { PUBLISHED_PREPROCESSOR } from './published-files';
import { encoderOf, MemoryReferences, TEST_MODEL } from './test-encoder';

/** Frames of the clip that `readClip` reads, a second apart. */
export const FRAMES = 40;

/** Side of the model's input, in pixels. */
export const SIDE = 32;

/** Long enough for a step on a busy machine, short enough to wait for in a test. */
const LIMITS = { startMs: 1_500, runtimeMs: 500, queryMs: 1_500, batchMs: 3_000 };

export const graphs = { vision: visionGraph(TOY_MODEL), text: textGraph(TOY_MODEL) };

export const preprocessor = {
  ...PUBLISHED_PREPROCESSOR,
  size: { height: SIDE, width: SIDE },
  crop_size: { height: SIDE, width: SIDE },
};

/** What reading a clip needs of the library, in memory. */
export class FakeDatabase {
  readonly frames = new Map<number, EmbeddedFrame>();
  readonly writes = new Map<number, number>();
  state: string | undefined;
  /** Called before a batch is stored. */
  onStore: (frames: EmbeddedFrame[]) => Promise<void> | void = () => undefined;

  connect(port: MessagePort): void {
    serve(this, port);
  }

  getClip(): { embeddingCounts: Record<string, number> } {
    return { embeddingCounts: {} };
  }

  updateClip(_id: string, { ingestState }: { ingestState?: string }): void {
    this.state = ingestState ?? this.state;
  }

  storedFrameIndexes(): number[] {
    return [...this.frames.keys()];
  }

  async storeFrameBatch(_id: string, frames: EmbeddedFrame[]): Promise<void> {
    await this.onStore(frames);
    for (const frame of frames) {
      this.frames.set(frame.frameIndex, frame);
      this.writes.set(frame.frameIndex, (this.writes.get(frame.frameIndex) ?? 0) + 1);
    }
  }
}

/** The page's services over message channels, with a runtime and a library that are in memory. */
export interface ReadingPage {
  services: FramesiftServices;
  database: FakeDatabase;
  runtime: FakeRuntime;
  encoderWorkers: ChannelWorker[];
}

const open: FramesiftServices[] = [];

export interface ReadingPageOptions {
  /** What fails on this machine. */
  mishaps?: FakeRuntimeOptions;
  video: () => Worker;
  /** Stands in for the library in memory. */
  library?: object;
}

export function openReadingPage({ mishaps, video, library }: ReadingPageOptions): ReadingPage {
  const runtime = new FakeRuntime(mishaps);
  const references = new MemoryReferences();
  const database = new FakeDatabase();
  const encoderWorkers: ChannelWorker[] = [];
  const services = new FramesiftServices(
    {
      database: () => new ChannelWorker((port) => serve(library ?? database, port)).asWorker(),
      video,
      encoder: () => {
        const service = new EncoderService(encoderOf({ graphs, preprocessor }, runtime, references));
        const worker = new ChannelWorker((port) => serve(service, port));
        encoderWorkers.push(worker);
        return worker.asWorker();
      },
      models: () => {
        throw new Error('The bundled model needs no models worker.');
      },
      search: () => {
        throw new Error('Nobody asks about the clip.');
      },
      sync: () => {
        throw new Error('Nothing is shared.');
      },
      thread: () => {
        throw new Error('The fake runtime has no threads.');
      },
    },
    LIMITS,
  );
  open.push(services);
  return { services, database, runtime, encoderWorkers };
}

/** Closes every page that is open. */
export function closePages(): void {
  for (const services of open.splice(0)) services.close();
}

/** Reads a clip of `FRAMES` frames, or of so many, from `file`. */
export async function readClip(
  { services }: ReadingPage,
  file: Blob = new Blob(),
  signal: AbortSignal = new AbortController().signal,
  frames = FRAMES,
) {
  const requests = Array.from({ length: frames }, (_, frameIndex) => ({
    frameIndex,
    timestampMs: frameIndex * 1000,
  }));
  const statuses: Partial<IngestStatus>[] = [];
  const failures = await ingestClip(
    services,
    { clipId: 'clip', file, requests, decoder: 'webcodecs', model: TEST_MODEL },
    (status) => statuses.push(status),
    signal,
  );
  return { failures, statuses };
}
