import type { LoadedModel } from '@/lib/ports/encoder';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { EncoderService } from '@/lib/encoder/encoder-service';
import { measureProviders } from '@/lib/core/measure-providers';
import { measureThreads } from '@/lib/core/measure-threads';
import { produceBatches } from '@/lib/rpc/job-port';
import { installRpc, serve } from '@/lib/rpc/remote';
import { SupervisedWorker } from '@/lib/rpc/supervised-worker';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameBatch, FrameRequest, PreparedFrame } from '@/lib/shared/frames';
import { cosine } from '@/lib/shared/vectors';
import { ChannelWorker } from '../../support/channel-worker';
import {
  FakeRuntime,
  forever,
  embeddingsOf,
  type FakeRuntimeOptions,
  type Mishap,
} from '../../support/fake-runtime';
import { seededRandom } from '../../support/random';
import {
  closePages,
  FRAMES,
  graphs,
  openReadingPage,
  preprocessor,
  readClip,
  SIDE,
  type ReadingPage,
} from '../../support/reading-page';
import { encoderOf, TEST_MODEL } from '../../support/test-encoder';

/*
 * A clip of 40 frames, read by the page's own services, CLIP service, encoder and pipeline over real
 * message channels; only onnxruntime, the decoder and the database are stand-ins. Each test makes the
 * machine fail in one way and counts the frames.
 */

vi.setConfig({ testTimeout: 60_000 });

function pixelsOf(frameIndex: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(frameIndex + 1);
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.floor(random() * 256));
}

/** Opens clips that give every frame that they are asked for. */
class FakeVideo {
  openClip(_file: Blob, port: MessagePort): void {
    serve(new FakeSession(), port);
  }
}

class FakeSession {
  prepareFrames(
    { requests, batchSize }: { requests: FrameRequest[]; batchSize: number },
    port: MessagePort,
    signal: AbortSignal,
  ): Promise<void> {
    const frameOf = ({ frameIndex, timestampMs }: FrameRequest): PreparedFrame => ({
      frameIndex,
      timestampMs,
      width: SIDE,
      height: SIDE,
      pixels: pixelsOf(frameIndex),
      thumbnail: new Uint8Array([1]),
    });
    async function* batches(): AsyncGenerator<FrameBatch, void, undefined> {
      for (let at = 0; at < requests.length; at += batchSize) {
        yield await Promise.resolve({
          frames: requests.slice(at, at + batchSize).map(frameOf),
          failures: [],
        });
      }
    }
    return produceBatches(port, batches, { signal, creditMs: 5_000, consumer: 'The model' });
  }
}

const openPage = (mishaps: FakeRuntimeOptions): ReadingPage =>
  openReadingPage({
    mishaps,
    video: () => new ChannelWorker((port) => serve(new FakeVideo(), port)).asWorker(),
  });

/** Every frame once, each with the embedding of its own pixels, none given up. */
async function expectWholeClip(page: ReadingPage): Promise<LoadedModel> {
  const { failures } = await readClip(page);
  expect(failures).toEqual([]);
  const { database } = page;
  expect(database.state).toBe('done');
  expect([...database.frames.keys()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: FRAMES }, (_, index) => index),
  );
  expect([...database.writes.values()].every((count) => count === 1)).toBe(true);
  const model = await page.services.encoder.load(TEST_MODEL);
  for (const { frameIndex, embedding } of database.frames.values()) {
    const pixels = normalisePixels([pixelsOf(frameIndex)], SIDE, model.config.mean, model.config.std);
    expect(cosine(embeddingsOf(pixels, 1), embedding)).toBeGreaterThan(0.999999);
  }
  return model;
}

/** Happens on the run of a batch of frames that is the `nth` of all, once. */
function onNthBatch(nth: number, mishap: Mishap): Mishap {
  let batches = 0;
  return (call) => {
    if (call.rows === 1) return undefined; // the self-test
    batches += 1;
    return batches === nth ? mishap(call) : undefined;
  };
}

const fail = (error: Error) => () => Promise.reject(error);

beforeAll(installRpc);
afterEach(closePages);

describe('reading a clip', () => {
  it('needs one worker when nothing fails', async () => {
    const page = openPage({});
    const model = await expectWholeClip(page);
    expect(model.providerLabel).toBe('WebGPU');
    expect(page.encoderWorkers).toHaveLength(1);
    expect(page.runtime.visionRuns.filter((rows) => rows > 1)).toEqual([8, 8, 8, 8, 8]);
  });

  it('survives a lost device: a new worker, the same provider', async () => {
    const page = openPage({ onVision: onNthBatch(3, fail(new Error('WebGPU device lost (1): sleep.'))) });
    const model = await expectWholeClip(page);
    expect(model.providerLabel).toBe('WebGPU');
    expect(page.encoderWorkers).toHaveLength(2);
    expect(page.encoderWorkers[0]!.isTerminated).toBe(true);
  });

  it('goes on on WASM when the device keeps being lost, and says why', async () => {
    const page = openPage({
      onVision: ({ provider, rows }) =>
        provider === 'webgpu' && rows > 1 ? Promise.reject(new Error('Device is lost')) : undefined,
    });
    const model = await expectWholeClip(page);
    expect(model.providerLabel).toBe('WASM, 4 threads');
    expect(model.skipped).toMatchObject([{ rung: 'webgpu', failed: true }]);
    expect(model.skipped[0]!.reason).toMatch(/failed 2 times .*device was lost/);
    expect(page.encoderWorkers).toHaveLength(3);
  });

  it('survives a hung run', async () => {
    const page = openPage({ onVision: onNthBatch(3, forever) });
    await expectWholeClip(page);
    expect(page.encoderWorkers).toHaveLength(2);
  });

  it('is stopped while its model is being started, which goes on for others', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const page = openPage({ onStart: () => held });
    const stop = new AbortController();
    const reading = readClip(page, new Blob(), stop.signal);
    const question = page.services.encoder.load(TEST_MODEL);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    expect(page.database.state).toBe('cancelled');
    release();
    expect((await question).providerLabel).toBe('WebGPU');
    expect(page.encoderWorkers).toHaveLength(1);
  });

  it('halves the batch where memory is short, in the same worker', async () => {
    const page = openPage({
      onVision: ({ rows }) =>
        rows > 3 ? Promise.reject(new RangeError('Array buffer allocation failed')) : undefined,
    });
    await expectWholeClip(page);
    expect(page.encoderWorkers).toHaveLength(1);
    const batches = page.runtime.visionRuns.filter((rows) => rows > 1);
    expect(batches.slice(0, 3)).toEqual([8, 4, 2]);
    // Once found out, it is not tried again.
    expect(batches.slice(3).every((rows) => rows <= 2)).toBe(true);
  });

  it('replaces the worker when there is no memory for one picture either', async () => {
    // onnxruntime-web throws a bare number, and keeps doing so in that worker.
    let isFull = false;
    let starts = 0;
    const page = openPage({
      onStart: () => {
        starts += 1;
        if (starts > 2) isFull = false;
      },
      onVision: ({ runs }) => {
        if (runs === 4) isFull = true;
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as the runtime does
        return isFull ? Promise.reject(6_837_640) : undefined;
      },
    });
    await expectWholeClip(page);
    expect(page.encoderWorkers).toHaveLength(2);
  });

  it('takes another provider when one gives no usable embeddings any more', async () => {
    let isBroken = false;
    const page = openPage({
      onVision: ({ provider, rows, runs }) => {
        if (runs === 3) isBroken = true;
        return provider === 'webgpu' && isBroken ? Promise.resolve(new Float32Array(rows * 512)) : undefined;
      },
    });
    const model = await expectWholeClip(page);
    expect(model.providerLabel).toBe('WASM, 4 threads');
  });

  it('gives up with a sentence when nothing helps, and keeps what is stored', async () => {
    let batches = 0;
    const page = openPage({
      onVision: ({ rows }) => {
        if (rows > 1) batches += 1;
        return batches > 2 ? Promise.reject(new Error('Device is lost')) : undefined;
      },
    });
    await expect(readClip(page)).rejects.toMatchObject({ name: 'FramesiftError' });
    expect(page.database.state).toBe('failed');
    expect(page.database.frames.size).toBeGreaterThanOrEqual(8);
  });
});

describe('starting a model', () => {
  it('falls back to WASM in a new worker when WebGPU hangs', async () => {
    const page = openPage({
      onStart: ({ provider }) => (provider === 'webgpu' ? forever<undefined>() : undefined),
    });
    const progress: string[] = [];
    const model = await page.services.encoder.load(TEST_MODEL, (step) => {
      if (step.stage === 'start') progress.push(step.provider);
    });
    expect(model.providerLabel).toBe('WASM, 4 threads');
    expect(model.skipped).toEqual([
      { provider: 'webgpu', rung: 'webgpu', reason: 'it did not start within 2 seconds', failed: true },
    ]);
    expect(progress).toEqual(['WebGPU', 'WASM, 4 threads']);
    expect(page.encoderWorkers.map(({ isTerminated }) => isTerminated)).toEqual([true, false]);
  });

  it('falls back to one thread when threads hang too', async () => {
    const page = openPage({ onStart: ({ threads }) => (threads > 1 ? forever<undefined>() : undefined) });
    const model = await page.services.encoder.load(TEST_MODEL);
    expect(model.providerLabel).toBe('WASM, 1 thread');
    expect(model.skipped.map(({ rung }) => rung)).toEqual(['webgpu', 'wasm-threads']);
  });

  it.each([
    ['half the threads', 2, 'WASM, 2 threads', [8, 4, 2]],
    ['one thread in the end', 1, 'WASM, 1 thread', [8, 4, 2, 1]],
  ])('takes %s when the runtime does not start with more', async (_, most, label, started) => {
    const page = openPage({
      capabilities: { gpuAdapter: false, processors: 16 },
      onRuntime: ({ threads }) => (threads > most ? forever<undefined>() : undefined),
    });
    const model = await page.services.encoder.load(TEST_MODEL);
    expect(model.providerLabel).toBe(label);
    expect(page.runtime.started).toEqual(started);
    expect(model.skipped.filter(({ rung }) => rung === 'wasm-threads')).toEqual([
      {
        provider: 'wasm',
        rung: 'wasm-threads',
        reason: `it did not start with ${most * 2} threads within 1 seconds`,
        failed: false,
      },
    ]);
    expect(page.encoderWorkers.slice(0, -1).every(({ isTerminated }) => isTerminated)).toBe(true);
    // What did not start is not tried again by the next worker.
    page.services.discardMediaWorkers();
    await page.services.encoder.encodeTexts(['a red car']);
    expect(page.runtime.started.at(-1)).toBe(most);
  });

  it('waits for a runtime whose file arrives slowly, and for one thread', async () => {
    const slow = async (onProgress: () => void) => {
      for (let tick = 0; tick < 8; tick += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        onProgress();
      }
    };
    const fetched = openPage({
      capabilities: { gpuAdapter: false },
      onRuntime: (__, onProgress) => slow(onProgress),
    });
    expect((await fetched.services.encoder.load(TEST_MODEL)).providerLabel).toBe('WASM, 4 threads');
    const single = openPage({
      capabilities: { gpuAdapter: false, sharedMemory: false },
      onRuntime: () => slow(() => undefined),
    });
    expect((await single.services.encoder.load(TEST_MODEL)).providerLabel).toBe('WASM, 1 thread');
    expect([fetched, single].map(({ encoderWorkers }) => encoderWorkers.length)).toEqual([1, 1]);
  });

  it('takes a new worker for one thread: the runtime keeps the number that it was started with', async () => {
    const page = openPage({
      onStart: ({ threads }) => {
        if (threads > 1) throw new Error('no threads');
        if (page.encoderWorkers.length === 1) {
          throw new FramesiftError('worker-lost', 'In a new worker, please.', { transient: true });
        }
      },
    });
    const model = await page.services.encoder.load(TEST_MODEL);
    expect(model.providerLabel).toBe('WASM, 1 thread');
    expect(model.skipped).toMatchObject([
      { rung: 'webgpu', reason: 'no threads' },
      { rung: 'wasm-threads', reason: 'no threads' },
    ]);
    // The two that threw are known by then, and not tried again.
    expect(page.runtime.starts).toEqual(['webgpu', 'wasm 4', 'wasm 1', 'wasm 1']);
  });

  it('of another model is refused while a clip is read, and takes a new worker afterwards', async () => {
    const page = openPage({});
    await page.services.encoder.load(TEST_MODEL);
    const reading = expectWholeClip(page);
    const other = { ...TEST_MODEL, dtype: 'fp16' } as const;
    await vi.waitFor(() => expect(page.database.frames.size).toBeGreaterThan(0), {
      timeout: 20_000,
      interval: 1,
    });
    await expect(page.services.encoder.load(other)).rejects.toMatchObject({ code: 'bad-input' });
    await reading;
    expect(await page.services.encoder.load(other)).toMatchObject({ dtype: 'fp16' });
    expect(page.encoderWorkers).toHaveLength(2);
  });

  it('says what hung when everything does', async () => {
    const page = openPage({ onStart: () => forever<undefined>() });
    await expect(page.services.encoder.load(TEST_MODEL)).rejects.toMatchObject({
      code: 'provider-failed',
      message: expect.stringMatching(/webgpu: it did not start.*wasm: it did not start/) as string,
    });
  });

  it('is done once for all who ask at the same time', async () => {
    const page = openPage({});
    const models = await Promise.all([1, 2, 3].map(() => page.services.encoder.load(TEST_MODEL)));
    expect(new Set(models).size).toBe(1);
    expect(page.runtime.starts).toEqual(['webgpu', 'wasm 4']);
  });

  it('tells listeners where the model is, also after a fallback', async () => {
    let isLost = false;
    const page = openPage({
      onText: ({ provider }) =>
        isLost && provider === 'webgpu' ? Promise.reject(new Error('Device is lost')) : undefined,
    });
    const labels: string[] = [];
    page.services.encoder.subscribe(({ providerLabel }) => labels.push(providerLabel));
    await page.services.encoder.load(TEST_MODEL);
    isLost = true;
    await page.services.encoder.encodeTexts(['a red car']);
    expect(labels[0]).toBe('WebGPU');
    expect(labels.at(-1)).toBe('WASM, 4 threads');
  });
});

describe('a question', () => {
  it.each<[string, () => Promise<never>]>([
    ['a lost device', () => Promise.reject(new Error('Device is lost'))],
    ['a hung run', forever],
    ['a full heap', () => Promise.reject(new Error('std::bad_alloc'))],
  ])('is answered in spite of %s', async (_, mishap) => {
    let isArmed = false;
    const page = openPage({
      onText: () => {
        if (!isArmed) return undefined;
        isArmed = false;
        return mishap();
      },
    });
    await page.services.encoder.load(TEST_MODEL);
    const before = await page.services.encoder.encodeTexts(['a red car']);
    isArmed = true;
    const after = await page.services.encoder.encodeTexts(['a red car']);
    expect(cosine(before, after)).toBeGreaterThan(0.999999);
    expect(page.encoderWorkers).toHaveLength(2);
  });

  it('that is wrong costs no worker', async () => {
    const page = openPage({});
    await page.services.encoder.load(TEST_MODEL);
    await expect(page.services.encoder.encodeTexts([' '])).rejects.toMatchObject({ code: 'bad-input' });
    expect(page.encoderWorkers).toHaveLength(1);
  });

  it('during a lost device leaves the clip whole: one loss costs one worker', async () => {
    let isArmed = false;
    const page = openPage({
      onVision: ({ rows }) => {
        if (rows === 1 || !isArmed) return undefined;
        isArmed = false;
        return Promise.reject(new Error('Device is lost'));
      },
    });
    await page.services.encoder.load(TEST_MODEL);
    isArmed = true;
    const reading = expectWholeClip(page);
    const embedding = await page.services.encoder.encodeTexts(['a red car']);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    await reading;
    expect(page.encoderWorkers).toHaveLength(2);
  });
});

describe('measuring threads', () => {
  const makeWorkers = (runtime: FakeRuntime) => {
    const workers: ChannelWorker[] = [];
    const make = () => {
      const service = new EncoderService(encoderOf({ graphs, preprocessor }, runtime));
      const worker = new ChannelWorker((port) => serve(service, port));
      workers.push(worker);
      return new SupervisedWorker<EncoderService>({ make: () => worker.asWorker() });
    };
    return { workers, make };
  };

  it('runs the model with each number of them beside other work, and ends its workers', async () => {
    const threads: number[] = [];
    const { workers, make } = makeWorkers(
      new FakeRuntime({ onStart: (choice) => void threads.push(choice.threads) }),
    );
    let exercises = 0;
    const beside = {
      exercise: () => {
        exercises += 1;
        return Promise.resolve(70);
      },
    };
    const { signal } = new AbortController();
    const speeds = await measureThreads(make, beside, TEST_MODEL, 4, signal);
    expect(threads).toEqual([1, 2, 4]);
    expect(speeds.map((speed) => speed.threads)).toEqual([1, 2, 4]);
    expect(speeds.every(({ framesPerSecond }) => framesPerSecond > 0)).toBe(true);
    expect(speeds[0]!.picturesPerSecond).toBe(70);
    expect(exercises).toBe(3);
    expect(workers.every(({ isTerminated }) => isTerminated)).toBe(true);
  });

  it('ends at once when somebody comes', async () => {
    const { workers, make } = makeWorkers(new FakeRuntime());
    const coming = new AbortController();
    const beside = {
      exercise: () => {
        coming.abort();
        return Promise.resolve(70);
      },
    };
    await expect(measureThreads(make, beside, TEST_MODEL, 8, coming.signal)).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(workers).toHaveLength(1);
    expect(workers[0]!.isTerminated).toBe(true);
  });
});

describe('measuring providers', () => {
  it('reports a speed or a reason for each, and ends its workers', async () => {
    const runtime = new FakeRuntime({
      onStart: ({ provider }) => {
        if (provider === 'webgpu') throw new Error('no kernel');
      },
    });
    const workers: ChannelWorker[] = [];
    const seen: string[] = [];
    const reports = await measureProviders(
      () => {
        const service = new EncoderService(encoderOf({ graphs, preprocessor }, runtime));
        const worker = new ChannelWorker((port) => serve(service, port));
        workers.push(worker);
        return new SupervisedWorker<EncoderService>({ make: () => worker.asWorker() });
      },
      TEST_MODEL,
      ({ rung }) => seen.push(rung),
    );
    expect(seen).toEqual(['webgpu', 'wasm-threads', 'wasm-single']);
    expect(reports[0]).toMatchObject({ speed: null, label: null });
    expect(reports[0]!.problem).toMatch(/no kernel/);
    expect(reports[1]).toMatchObject({ label: 'WASM, 8 threads', problem: null });
    expect(reports[1]!.speed!.framesPerSecond).toBeGreaterThan(0);
    expect(reports[2]).toMatchObject({ label: 'WASM, 1 thread', problem: null });
    expect(workers.every(({ isTerminated }) => isTerminated)).toBe(true);
  });
});
