import type { LoadOptions, LoadProgress } from '@/lib/ports/encoder';
import { describe, expect, it } from 'vitest';
import { goldenOf, goldenPicture, readGolden } from '@/lib/encoder/golden';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { classifyRunError } from '@/lib/encoder/run-errors';
import { FramesiftError } from '@/lib/shared/errors';
import { joinBytes } from '@/lib/shared/bytes';
import { cosine, normaliseRows } from '@/lib/shared/vectors';
import { textGraph, TOY_MODEL, visionGraph } from '../../support/model-graphs';
import { FakeRuntime, embeddingsOf, type FakeRuntimeOptions } from '../../support/fake-runtime';
import { PUBLISHED_PREPROCESSOR } from '../../support/published-files';
import { encoderOf, MemoryReferences, TEST_MODEL } from '../../support/test-encoder';

const graphs = { vision: visionGraph(TOY_MODEL), text: textGraph(TOY_MODEL) };
const preprocessor = {
  ...PUBLISHED_PREPROCESSOR,
  size: { height: 32, width: 32 },
  crop_size: { height: 32, width: 32 },
};

/** What the golden picture's embedding really is, of unit length. */
function trueImageEmbedding(): Float32Array<ArrayBuffer> {
  const { image_mean, image_std } = PUBLISHED_PREPROCESSOR;
  type Triple = [number, number, number];
  const pixels = normalisePixels([goldenPicture(32)], 32, image_mean as Triple, image_std as Triple);
  const embedding = embeddingsOf(pixels, 1);
  normaliseRows(embedding, 512);
  return embedding;
}

const wrong = () => Promise.resolve(new Float32Array(512).fill(1));

async function loadOn(
  options: FakeRuntimeOptions,
  {
    load = TEST_MODEL,
    references = new MemoryReferences(),
  }: { load?: LoadOptions; references?: MemoryReferences } = {},
) {
  const runtime = new FakeRuntime(options);
  const encoder = encoderOf({ graphs, preprocessor }, runtime, references);
  const progress: LoadProgress[] = [];
  const model = await encoder.load(load, (step) => progress.push(step));
  return { runtime, encoder, model, progress, references };
}

describe('a model without stored vectors', () => {
  it('is run on WASM first, and on WebGPU when that gives the same', async () => {
    const { model, runtime, references } = await loadOn({});
    expect(model.providerLabel).toBe('WebGPU');
    expect(runtime.starts).toEqual(['webgpu', 'wasm 4']);
    expect([...references.saved.keys()]).toEqual([model.modelVersion]);
    // The reference's session is given back.
    expect(runtime.closed).toBe(1);
  });

  it('is not run on WASM again when its reference is known', async () => {
    const references = new MemoryReferences();
    await loadOn({}, { references });
    const { runtime } = await loadOn({}, { references });
    expect(runtime.starts).toEqual(['webgpu']);
  });

  it('runs on WASM when WebGPU gives wrong embeddings, which are finite and look good', async () => {
    const { model, runtime } = await loadOn({
      onVision: ({ provider }) => (provider === 'webgpu' ? wrong() : undefined),
    });
    expect(model.providerLabel).toBe('WASM, 4 threads');
    expect(model.skipped).toMatchObject([{ rung: 'webgpu', failed: true }]);
    expect(model.skipped[0]!.reason).toMatch(/self-test gave wrong embeddings/);
    // WebGPU's session and the reference's.
    expect(runtime.closed).toBe(2);
  });

  it('has a reference for each number format', async () => {
    const references = new MemoryReferences();
    await loadOn({}, { references });
    await loadOn({}, { references, load: { ...TEST_MODEL, dtype: 'fp16' } });
    expect(references.saved.size).toBe(2);
  });
});

describe('a model with stored vectors', () => {
  const text = 'a red car';
  const golden = (imageEmbedding: Float32Array<ArrayBuffer>) => ({
    imageEmbedding,
    text,
    textEmbedding: new Float32Array(512).fill(1),
  });
  const textIsRight = { onText: wrong };

  it('is compared with them on every provider, and never run elsewhere for that', async () => {
    const runtime = new FakeRuntime(textIsRight);
    const encoder = encoderOf({ graphs, preprocessor, golden: golden(trueImageEmbedding()) }, runtime);
    expect((await encoder.load(TEST_MODEL)).providerLabel).toBe('WebGPU');
    expect(runtime.starts).toEqual(['webgpu']);
  });

  it('does not run where no provider reproduces them', async () => {
    const runtime = new FakeRuntime(textIsRight);
    const encoder = encoderOf(
      { graphs, preprocessor, golden: golden(new Float32Array(512).fill(1)) },
      runtime,
    );
    await expect(encoder.load(TEST_MODEL)).rejects.toMatchObject({ code: 'provider-failed' });
    expect(runtime.starts).toEqual(['webgpu', 'wasm 4', 'wasm 1']);
    expect(runtime.closed).toBe(3);
  });

  it('has other ones for other number formats', () => {
    const embeddings = (value: number) => ({
      image_embedding: [value, 0],
      text_embedding: [0, value],
    });
    const stored = readGolden({ ...embeddings(1), text, dtypes: { q8: embeddings(2) } });
    expect(goldenOf(stored, 'fp32')!.imageEmbedding[0]).toBe(1);
    expect(goldenOf(stored, 'fp16')!.imageEmbedding[0]).toBe(1);
    expect(goldenOf(stored, 'q8')).toMatchObject({ text, imageEmbedding: Float32Array.of(2, 0) });
    // 8-bit weights have embeddings of their own: those of fp32 say nothing about them.
    expect(goldenOf(readGolden({ ...embeddings(1), text }), 'q8')).toBeUndefined();
  });
});

describe('the ladder', () => {
  it.each<[string, FakeRuntimeOptions['onStart'], string, string[]]>([
    ['WebGPU', undefined, 'WebGPU', []],
    [
      'WASM threads when WebGPU throws',
      ({ provider }) => {
        if (provider === 'webgpu') throw new Error('no kernel');
      },
      'WASM, 4 threads',
      ['webgpu'],
    ],
    [
      'WASM on one thread when threads fail too',
      ({ threads }) => {
        if (threads > 1) throw new Error('no threads');
      },
      'WASM, 1 thread',
      ['webgpu', 'wasm-threads'],
    ],
  ])('takes %s', async (_, onStart, label, skipped) => {
    const { model, progress } = await loadOn(onStart ? { onStart } : {});
    expect(model.providerLabel).toBe(label);
    expect(model.skipped.map(({ rung }) => rung)).toEqual(skipped);
    expect(progress.at(-1)).toMatchObject({ stage: 'start', provider: label });
  });

  it('finds out at the start that a graph cannot be run', async () => {
    const failing = loadOn({ onVision: () => Promise.reject(new Error('unsupported operator')) });
    await expect(failing).rejects.toThrow(/wasm: unsupported operator/);
  });

  it('does not take the next rung in a worker that is lost', async () => {
    const runtime = new FakeRuntime({ onVision: () => Promise.reject(new Error('Device is lost')) });
    const encoder = encoderOf({ graphs, preprocessor }, runtime, new MemoryReferences());
    runtime.starts.length = 0;
    await expect(encoder.load({ ...TEST_MODEL, provider: 'webgpu' })).rejects.toMatchObject({
      code: 'worker-lost',
      transient: true,
    });
  });

  it('measures how many pictures a second it reads', async () => {
    const { encoder, runtime } = await loadOn({
      onVision: ({ rows }) =>
        rows > 1
          ? new Promise((resolve) => setTimeout(() => resolve(new Float32Array(rows * 512).fill(1)), 20))
          : undefined,
    });
    const { frames, elapsedMs, framesPerSecond } = await encoder.measureImages(8, 100);
    expect(frames).toBe((runtime.visionRuns.filter((rows) => rows === 8).length - 1) * 8);
    expect(elapsedMs).toBeGreaterThanOrEqual(100);
    expect(framesPerSecond).toBeCloseTo((frames * 1000) / elapsedMs, 6);
    expect(framesPerSecond).toBeLessThanOrEqual(8 / 0.019);
  });
});

describe('classifyRunError', () => {
  it.each([
    ['out-of-memory', new RangeError('Array buffer allocation failed')],
    ['out-of-memory', new Error('std::bad_alloc')],
    ['out-of-memory', new Error('Aborted(OOM)')],
    ['out-of-memory', new Error('failed to allocate memory on the device')],
    ['out-of-memory', 6_837_640],
    ['worker-lost', new Error('WebGPU device lost (2): Device was destroyed.')],
    ['worker-lost', new Error('[Device] is lost.')],
  ])('tells %s by what the runtime says: %s', (code, thrown) => {
    expect(classifyRunError(thrown)).toMatchObject({ code, transient: true });
  });

  it('leaves other errors as they are', () => {
    const error = new Error('Got invalid dimensions for input');
    expect(classifyRunError(error)).toBe(error);
    const own = new FramesiftError('model-mismatch', 'out of memory');
    expect(classifyRunError(own)).toBe(own);
  });
});

describe('a model that wants views of a picture', () => {
  const viewed = {
    graphs,
    preprocessor: {
      ...preprocessor,
      size: { height: 32, width: 32 },
      do_center_crop: false,
      views: { count: 2, share: 0.58, size: 16 },
    },
  };
  const pixels = (side: number, step: number) =>
    Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * step) % 251);

  it('gives a picture the mean direction of its views, of unit length, in one run a size', async () => {
    const runtime = new FakeRuntime();
    const encoder = encoderOf(viewed, runtime);
    const model = await encoder.load(TEST_MODEL);
    expect(model.modelVersion).toMatch(/p2v25810$/);
    const [one, two, whole] = [pixels(16, 7), pixels(16, 20), pixels(32, 3)];
    const row = (embeddings: Float32Array, index: number) =>
      embeddings.subarray(index * 512, (index + 1) * 512);
    const twice = await encoder.encodeImages([joinBytes([one, one]), joinBytes([two, two]), whole]);
    const mixed = await encoder.encodeImages([whole, joinBytes([one, two])]);
    expect(runtime.visionRuns.slice(-2)).toEqual([1, 2]);
    const mean = Float32Array.from({ length: 512 }, (_, at) => (row(twice, 0)[at]! + row(twice, 1)[at]!) / 2);
    normaliseRows(mean, 512);
    expect(cosine(row(twice, 0), row(twice, 1))).toBeLessThan(0.99);
    expect(cosine(row(mixed, 1), mean)).toBeCloseTo(1, 6);
    expect(Math.hypot(...row(mixed, 1))).toBeCloseTo(1, 5);
    expect(row(mixed, 0)).toEqual(row(twice, 2));
  });

  it('is measured by pictures with all their views', async () => {
    const runtime = new FakeRuntime({
      onVision: ({ rows }) =>
        rows > 1
          ? new Promise((resolve) => setTimeout(() => resolve(new Float32Array(rows * 512).fill(1)), 10))
          : undefined,
    });
    const encoder = encoderOf(viewed, runtime);
    await encoder.load(TEST_MODEL);
    const { frames } = await encoder.measureImages(4, 30);
    expect(frames).toBe((runtime.visionRuns.filter((rows) => rows === 8).length - 1) * 4);
  });
});
