import * as ort from 'onnxruntime-web/wasm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ImageTextEncoder } from '@/lib/encoder/image-text-encoder';
import { onnxRuntime } from '@/lib/encoder/tower-session';
import { goldenPicture } from '@/lib/encoder/golden';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { OnnxFile } from '@/lib/encoder/onnx-file';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import { readTowers } from '@/lib/encoder/towers';
import { cosine } from '@/lib/shared/vectors';
import {
  CLIP_VIT_B32,
  combinedGraph,
  textGraph,
  TINY_CLIP,
  TOY_MODEL,
  visionGraph,
  type ExportStyle,
} from '../support/model-graphs';
import {
  openAiTokenizerJson,
  PUBLISHED_PREPROCESSOR,
  readBundledTokenizerJson,
} from '../support/published-files';
import { seededRandom } from '../support/random';
import { encoderOf, TEST_MODEL } from '../support/test-encoder';

/*
 * The files that people will bring, as far as they can be had here: graphs of the right names, types,
 * shapes and size with random weights, configuration as published, OpenAI's own vocabulary, run by the
 * onnxruntime-web that the page runs.
 */

// A full-size model takes seconds on an idle machine, minutes on a busy one.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const DIMENSION = 512;

function randomPicture(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size * size * 3 }, () => Math.floor(random() * 256));
}

function rowsOf(vectors: Float32Array): Float32Array[] {
  return Array.from({ length: vectors.length / DIMENSION }, (_, row) =>
    vectors.slice(row * DIMENSION, (row + 1) * DIMENSION),
  );
}

const LONG_TEXT = 'a red car drives past a house with a green door while it snows '.repeat(20);

describe.each([
  {
    name: 'CLIP ViT-B/32, a graph a tower',
    graphs: () => ({ vision: visionGraph(CLIP_VIT_B32), text: textGraph(CLIP_VIT_B32) }),
  },
  { name: 'TinyCLIP, one graph with both towers', graphs: () => ({ both: combinedGraph(TINY_CLIP) }) },
])('$name', ({ graphs }) => {
  let encoder: ImageTextEncoder;

  beforeAll(() => {
    encoder = encoderOf({ graphs: graphs(), tokenizer: openAiTokenizerJson() });
  });
  afterAll(() => encoder.close());

  it('is read from its files and starts', async () => {
    const model = await encoder.load(TEST_MODEL);
    expect(model).toMatchObject({
      providerLabel: 'WASM, 1 thread',
      config: {
        embeddingDimension: DIMENSION,
        contextLength: 77,
        vocabularySize: 49_408,
        resize: { size: 224, fit: 'centre-crop' },
        mean: PUBLISHED_PREPROCESSOR.image_mean,
        std: PUBLISHED_PREPROCESSOR.image_std,
      },
    });
  });

  it('makes the same vector of a picture alone and in a batch', async () => {
    const pictures = [1, 2, 3].map((seed) => randomPicture(224, seed));
    const together = rowsOf(await encoder.encodeImages(pictures));
    expect(together).toHaveLength(3);
    for (const [index, picture] of pictures.entries()) {
      expect(Math.hypot(...together[index]!)).toBeCloseTo(1, 5);
      const alone = await encoder.encodeImages([picture]);
      expect(cosine(alone, together[index]!)).toBeGreaterThan(0.99999);
    }
    expect(cosine(together[0]!, together[1]!)).toBeLessThan(0.9999);
  });

  it('makes the same vector of a text alone and beside longer ones', async () => {
    const texts = ['dog', 'a photo of a red car', LONG_TEXT];
    const together = rowsOf(await encoder.encodeTexts(texts));
    for (const [index, text] of texts.entries()) {
      expect(Math.hypot(...together[index]!)).toBeCloseTo(1, 5);
      const alone = await encoder.encodeTexts([text]);
      expect(cosine(alone, together[index]!)).toBeGreaterThan(0.99999);
    }
    expect(cosine(together[0]!, together[1]!)).toBeLessThan(0.9999);
  });
});

const TOY_PREPROCESSOR = {
  ...PUBLISHED_PREPROCESSOR,
  size: { shortest_edge: 32 },
  crop_size: { height: 32, width: 32 },
};

const toyGraphs = (style: ExportStyle = {}) => ({
  vision: visionGraph(TOY_MODEL, style),
  text: textGraph(TOY_MODEL, style),
});

describe('a graph that holds both towers', () => {
  it('gives the vectors that it gives whole', async () => {
    const graph = combinedGraph(TOY_MODEL);
    const encoder = encoderOf({ graphs: { both: graph }, preprocessor: TOY_PREPROCESSOR });
    const whole = await ort.InferenceSession.create(graph);
    try {
      const { config } = await encoder.load(TEST_MODEL);
      const picture = goldenPicture(32);
      const text = 'a photo of a cat';
      const { ids, length } = new ClipTokenizer(readBundledTokenizerJson(), 77).encodeBatch([text]);
      const outputs = await whole.run({
        pixel_values: new ort.Tensor(
          'float32',
          normalisePixels([picture], 32, config.mean, config.std),
          [1, 3, 32, 32],
        ),
        input_ids: new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, length]),
        attention_mask: new ort.Tensor('int64', new BigInt64Array(length).fill(1n), [1, length]),
      });
      const expected = (name: string) => outputs[name]!.data as Float32Array;
      expect(cosine(await encoder.encodeImages([picture]), expected('image_embeds'))).toBeGreaterThan(
        0.999999,
      );
      expect(cosine(await encoder.encodeTexts([text]), expected('text_embeds'))).toBeGreaterThan(0.999999);
    } finally {
      await whole.release();
      await encoder.close();
    }
  });
});

describe('onnxruntime in one worker', () => {
  it('is not asked for another number of threads than it was started with', async () => {
    const towers = readTowers(toyGraphs(), {
      embeddingDimension: DIMENSION,
      contextLength: 77,
      imageSize: 32,
    });
    const session = await onnxRuntime.startTowers(
      towers,
      { provider: 'wasm', threads: 1 },
      DIMENSION,
      'wasm',
    );
    await session.close();
    const again = onnxRuntime.startTowers(towers, { provider: 'wasm', threads: 2 }, DIMENSION, 'wasm');
    await expect(again).rejects.toMatchObject({ code: 'worker-lost', transient: true });
  });
});

describe('graphs written in another way', () => {
  const pictures = [1, 2, 3, 4, 5].map((seed) => randomPicture(32, seed));
  const texts = ['dog', 'a photo of a red car', LONG_TEXT];
  let plain: { images: Float32Array[]; texts: Float32Array[] };

  async function encodeAll(style: ExportStyle) {
    const encoder = encoderOf({ graphs: toyGraphs(style), preprocessor: TOY_PREPROCESSOR });
    try {
      await encoder.load(TEST_MODEL);
      return {
        images: rowsOf(await encoder.encodeImages(pictures)),
        texts: rowsOf(await encoder.encodeTexts(texts)),
      };
    } finally {
      await encoder.close();
    }
  }

  beforeAll(async () => {
    plain = await encodeAll({});
    // Else rows could be mixed up without a difference.
    for (const rows of Object.values(plain)) {
      for (const [index, row] of rows.slice(1).entries())
        expect(cosine(row, rows[index]!)).toBeLessThan(0.9999);
    }
  });

  it.each<[string, ExportStyle, number]>([
    ['32-bit ids', { integers: 'int32' }, 0.999999],
    ['half-precision inputs and outputs', { floats: 'float16' }, 0.99999],
    ['one row a run', { batch: 1 }, 0.999999],
    ['two rows a run, which does not divide five', { batch: 2 }, 0.999999],
    ['rows of the full context', { length: 77 }, 0.999999],
    ['an attention mask', { mask: true }, 0.999999],
    [
      'an attention mask, two full rows a run',
      { mask: true, batch: 2, length: 77, integers: 'int32' },
      0.999999,
    ],
    [
      'other names',
      { names: { pixel_values: 'x', image_embeds: 'y', input_ids: 'tokens', text_embeds: 'out' } },
      0.999999,
    ],
  ])('give the same vectors: %s', async (_, style, agreement) => {
    const styled = await encodeAll(style);
    for (const kind of ['images', 'texts'] as const) {
      expect(styled[kind]).toHaveLength(plain[kind].length);
      plain[kind].forEach((row, index) =>
        expect(cosine(row, styled[kind][index]!)).toBeGreaterThan(agreement),
      );
    }
  });

  it('are described as onnxruntime describes them', async () => {
    for (const style of [
      {},
      { batch: 2, length: 77, floats: 'float16', integers: 'int32', mask: true },
    ] as const) {
      for (const graph of Object.values(toyGraphs(style))) {
        const session = await ort.InferenceSession.create(graph);
        const described = (values: readonly ort.InferenceSession.ValueMetadata[]) =>
          values.map(
            (value) => value.isTensor && { name: value.name, type: value.type, shape: [...value.shape] },
          );
        const { inputs, outputs } = new OnnxFile(graph).signature;
        expect(inputs).toEqual(described(session.inputMetadata));
        expect(outputs).toEqual(described(session.outputMetadata));
        await session.release();
      }
    }
  });
});
