import { describe, expect, it } from 'vitest';
import { rankProviders } from '@/lib/encoder/execution-provider';
import { goldenMismatch, goldenPicture } from '@/lib/encoder/golden';
import { modelVersionOf, readModelConfig } from '@/lib/models/model-config';
import type { ProviderRung } from '@/lib/ports/encoder';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';

const FULL = {
  gpuAdapter: true,
  halfPrecision: true,
  promiseIntegration: true,
  sharedMemory: true,
  processors: 4,
};

describe('rankProviders', () => {
  it.each([
    { name: 'everything', capabilities: FULL, order: ['webgpu 4', 'wasm 4', 'wasm 1'], skipped: 0 },
    {
      name: 'no adapter',
      capabilities: { ...FULL, gpuAdapter: false },
      order: ['wasm 4', 'wasm 1'],
      skipped: 1,
    },
    {
      name: 'no JSPI',
      capabilities: { ...FULL, promiseIntegration: false },
      order: ['wasm 4', 'wasm 1'],
      skipped: 1,
    },
    {
      name: 'no isolation',
      capabilities: { ...FULL, sharedMemory: false },
      order: ['webgpu 1', 'wasm 1'],
      skipped: 0,
    },
    {
      name: 'many processors',
      capabilities: { ...FULL, processors: 128 },
      order: ['webgpu 16', 'wasm 16', 'wasm 1'],
      skipped: 0,
    },
  ])('with $name', ({ capabilities, order, skipped }) => {
    const ranked = rankProviders(capabilities, { preferred: 'auto', dtype: 'fp32' });
    expect(ranked.choices.map(({ provider, threads }) => `${provider} ${threads}`)).toEqual(order);
    expect(ranked.skipped).toHaveLength(skipped);
  });

  it.each<[string, number, ProviderRung | undefined, string[], string[]]>([
    ['two processors', 2, undefined, ['wasm 1'], ['webgpu', 'wasm-threads']],
    ['three', 3, undefined, ['wasm 1'], ['webgpu', 'wasm-threads']],
    ['four', 4, undefined, ['wasm 2', 'wasm 1'], ['webgpu']],
    ['one', 1, undefined, ['wasm 1'], ['webgpu']],
    ['two, where threads are asked for', 2, 'wasm-threads', ['wasm 2'], []],
  ])('leaves processors to decoding where the model is quick: %s', (_, processors, only, order, skipped) => {
    const ranked = rankProviders(
      { ...FULL, gpuAdapter: false, processors },
      { preferred: 'auto', dtype: 'fp32', isQuick: true, ...(only && { only }) },
    );
    expect(ranked.choices.map(({ provider, threads }) => `${provider} ${threads}`)).toEqual(order);
    expect(ranked.skipped.map(({ rung }) => rung)).toEqual(skipped);
  });

  it('starts a quick model with as many threads as were measured to be best', () => {
    const ranked = (measuredThreads: number, only?: ProviderRung) =>
      rankProviders(
        { ...FULL, gpuAdapter: false, processors: 8 },
        { preferred: 'auto', dtype: 'fp32', isQuick: true, measuredThreads, ...(only && { only }) },
      );
    expect(ranked(2).choices.map(({ threads }) => threads)).toEqual([2, 1]);
    expect(ranked(8).choices.map(({ threads }) => threads)).toEqual([8, 1]);
    expect(ranked(2, 'wasm-threads').choices.map(({ threads }) => threads)).toEqual([8]);
    expect(ranked(1).choices.map(({ threads }) => threads)).toEqual([1]);
    expect(ranked(1).skipped.at(-1)).toMatchObject({
      rung: 'wasm-threads',
      reason: 'one thread reads clips faster here, as was measured on 8 processors',
    });
  });

  it('leaves WebGPU out when WASM is asked for, and says so', () => {
    const { choices, skipped } = rankProviders(FULL, { preferred: 'wasm', dtype: 'fp32' });
    expect(choices.every(({ provider }) => provider === 'wasm')).toBe(true);
    expect(skipped).toEqual([
      { provider: 'webgpu', rung: 'webgpu', reason: 'WASM was asked for', failed: false },
    ]);
  });

  it.each([
    ['8-bit models anywhere', 'q8', FULL, /8-bit/],
    ['half precision where the adapter has none', 'fp16', { ...FULL, halfPrecision: false }, /shader-f16/],
  ] as const)('keeps off WebGPU %s', (_, dtype, capabilities, reason) => {
    const { choices, skipped } = rankProviders(capabilities, { preferred: 'auto', dtype });
    expect(choices.map(({ provider }) => provider)).toEqual(['wasm', 'wasm']);
    expect(skipped[0]!.reason).toMatch(reason);
  });

  it('runs half precision on WebGPU where the adapter has it', () => {
    expect(rankProviders(FULL, { preferred: 'auto', dtype: 'fp16' }).choices[0]!.provider).toBe('webgpu');
  });

  it('leaves out what has failed before, with the reason that was noted', () => {
    const demoted = [{ provider: 'webgpu', rung: 'webgpu', reason: 'it hung', failed: true }] as const;
    const { choices, skipped } = rankProviders(FULL, { preferred: 'webgpu', dtype: 'fp32', demoted });
    expect(choices.map(({ provider, threads }) => `${provider} ${threads}`)).toEqual(['wasm 4', 'wasm 1']);
    expect(skipped).toEqual(demoted);
  });

  it('takes one way alone when that is to be measured', () => {
    const only = 'wasm-single';
    expect(rankProviders(FULL, { preferred: 'auto', dtype: 'fp32', only }).choices).toEqual([
      { provider: 'wasm', threads: 1 },
    ]);
  });
});

const CONFIG = { projection_dim: 512, text_config: { max_position_embeddings: 77 } };
const PREPROCESSOR = {
  size: { shortest_edge: 224 },
  crop_size: { height: 224, width: 224 },
  resample: 3,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};

const STRETCHED = { ...PREPROCESSOR, size: { height: 96, width: 96 }, do_center_crop: false };

describe('readModelConfig', () => {
  it("reads OpenAI CLIP's configuration", () => {
    expect(readModelConfig(CONFIG, PREPROCESSOR, 'd15189d7')).toMatchObject({
      contextLength: 77,
      resize: { size: 224, fit: 'centre-crop' },
      revision: 'd15189d7',
    });
  });

  it('takes older files that write the size as a number', () => {
    expect(readModelConfig(CONFIG, { ...PREPROCESSOR, size: 224, crop_size: 224 }).resize.size).toBe(224);
  });

  it('fills in what Hugging Face leaves out because it is the default', () => {
    const published = {
      model_type: 'clip',
      projection_dim: 512,
      text_config: { model_type: 'clip_text_model' },
    };
    expect(readModelConfig(published, PREPROCESSOR)).toMatchObject({
      contextLength: 77,
      vocabularySize: 49_408,
    });
  });

  it('leaves values as they are when the model does not normalise', () => {
    const preprocessor = { ...PREPROCESSOR, do_normalize: false, image_mean: undefined };
    expect(readModelConfig(CONFIG, preprocessor)).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it('stretches when nothing is cropped', () => {
    expect(readModelConfig(CONFIG, STRETCHED).resize).toEqual({ size: 96, fit: 'stretch' });
  });

  it('reads the views of a model that wants them', () => {
    const preprocessor = { ...STRETCHED, views: { count: 2, share: 0.58, size: 64 } };
    expect(readModelConfig(CONFIG, preprocessor).resize).toEqual({
      size: 96,
      fit: 'stretch',
      views: { count: 2, share: 0.58, size: 64 },
    });
  });

  it.each([
    ['another dimension', { ...CONFIG, projection_dim: 768 }, PREPROCESSOR, /768/],
    ['another filter', CONFIG, { ...PREPROCESSOR, resample: 2 }, /filter 2/],
    ['a crop of another size', CONFIG, { ...PREPROCESSOR, size: { shortest_edge: 256 } }, /crops/],
    [
      'no square',
      CONFIG,
      { ...PREPROCESSOR, size: { height: 96, width: 128 }, do_center_crop: false },
      /square/,
    ],
    ['a missing mean', CONFIG, { ...PREPROCESSOR, image_mean: undefined }, /image_mean/],
    ['no object', null, PREPROCESSOR, /config\.json/],
    ['another architecture', { ...CONFIG, model_type: 'siglip' }, PREPROCESSOR, /model_type/],
    ['another scale of bytes', CONFIG, { ...PREPROCESSOR, rescale_factor: 1 / 127.5 }, /rescale_factor/],
    [
      'views of what it crops',
      CONFIG,
      { ...PREPROCESSOR, views: { count: 2, share: 0.58, size: 64 } },
      /views/,
    ],
    ['a single view', CONFIG, { ...STRETCHED, views: { count: 1, share: 0.58, size: 64 } }, /views/],
    ['views of as many pixels', CONFIG, { ...STRETCHED, views: { count: 4, share: 0.5, size: 48 } }, /views/],
    ['views of nothing', CONFIG, { ...STRETCHED, views: { count: 2, share: 0, size: 64 } }, /views/],
    ['a picture left in its shape', CONFIG, { ...PREPROCESSOR, do_center_crop: false }, /uncropped/],
  ])('refuses %s', (_, config, preprocessor, message) => {
    expect(() => readModelConfig(config, preprocessor)).toThrow(message);
  });
});

describe('modelVersionOf', () => {
  it('names model, weights, dtype and preprocessing', () => {
    expect(modelVersionOf('clip-vit-b32', 'd15189d7028b43f1', 'q8')).toBe('clip-vit-b32@d15189d7/q8/p2');
  });

  it('names the views, which make another embedding', () => {
    expect(modelVersionOf('clip', 'd15189d7', 'fp32', { count: 2, share: 0.58, size: 64 })).toBe(
      'clip@d15189d7/fp32/p2v25840',
    );
  });

  it('leaves room for the views of an own model with the longest name', () => {
    const id = `own-${'n'.repeat(16)}-abcdef`;
    expect(modelVersionOf(id, 'd15189d7', 'fp32', { count: 2, share: 0.58, size: 128 })).toHaveLength(50);
  });

  it('refuses what the column would not hold', () => {
    expect(() => modelVersionOf('m'.repeat(40), 'abcdefgh', 'fp32')).toThrow(/too long/);
  });
});

describe('normalisePixels', () => {
  it('puts channels first and applies mean and deviation', () => {
    const picture = Uint8Array.from([0, 51, 255, 255, 102, 0, 0, 0, 0, 255, 255, 255]);
    const values = normalisePixels([picture, picture], 2, [0, 0.5, 1], [1, 0.5, 2]);
    const expected = [0, 1, 0, 1, -0.6, -0.2, -1, 1, 0, -0.5, -0.5, 0];
    expect(values).toHaveLength(24);
    expected.forEach((value, index) => {
      expect(values[index]).toBeCloseTo(value, 6);
      expect(values[index + 12]).toBeCloseTo(value, 6);
    });
  });

  it('refuses a picture of another size', () => {
    expect(() => normalisePixels([new Uint8Array(3)], 2, [0, 0, 0], [1, 1, 1])).toThrow(RangeError);
  });
});

describe('golden picture', () => {
  it('follows its formula', () => {
    const pixels = goldenPicture(32);
    const at = (x: number, y: number) => Array.from(pixels.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3));
    expect(at(0, 0)).toEqual([0, 0, 0]);
    expect(at(31, 31)).toEqual([255, 255, 0]);
    expect(at(16, 0)).toEqual([131, 0, 255]);
  });

  it('refuses wrong embeddings and NaN', () => {
    const unit = new Float32Array([1, 0]);
    const golden = { imageEmbedding: unit, text: 'x', textEmbedding: unit };
    expect(goldenMismatch(golden, unit, unit)).toBeUndefined();
    expect(goldenMismatch(golden, new Float32Array([0.99, 0.14]), unit)).toMatch(/cosine 0\.99/);
    expect(goldenMismatch(golden, unit, new Float32Array([NaN, 0]))).toMatch(/NaN/);
  });
});
