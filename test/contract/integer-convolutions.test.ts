import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web/wasm';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { goldenPicture } from '@/lib/encoder/golden';
import { convolutionTensors, withIntegerConvolutions } from '@/lib/encoder/integer-convolutions';
import { readModelConfig } from '@/lib/models/model-config';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { cosine } from '@/lib/shared/vectors';
import { seededRandom } from '../support/random';

// Two sessions of the bundled model: a second on an idle machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = join(import.meta.dirname, '../../public/models', BUNDLED_MODEL_ID);
const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const {
  activationRanges: ranges,
  mean,
  std,
} = readModelConfig(json('config.json'), json('preprocessor_config.json'));
const graph = new Uint8Array(readFileSync(join(folder, 'onnx/vision_model.onnx')));

const open = (file: Uint8Array) => ort.InferenceSession.create(file, { executionProviders: ['wasm'] });

async function embed(session: ort.InferenceSession, picture: Uint8Array): Promise<Float32Array> {
  const side = Math.sqrt(picture.length / 3);
  const pixels = new ort.Tensor('float32', normalisePixels([picture], side, mean, std), [1, 3, side, side]);
  const { image_embeds: embedding } = await session.run({ pixel_values: pixels });
  return embedding!.data as Float32Array;
}

/** A picture of soft blobs of colour: as smooth as film, and of no known thing. */
function blobs(side: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const waves = Array.from({ length: 9 }, () => [random() * 12, random() * 12, random() * 6.28] as const);
  return Uint8Array.from({ length: side * side * 3 }, (_, at) => {
    const x = Math.floor(at / 3) % side;
    const y = Math.floor(at / 3 / side);
    const sum = [0, 1, 2].reduce((total, k) => {
      const [across, down, phase] = waves[(at % 3) * 3 + k]!;
      return total + Math.sin((x / side) * across + (y / side) * down + phase);
    }, 0);
    return Math.round(127.5 + 42 * sum);
  });
}

/** How often an operator's name stands in a graph's nodes. */
function count(file: Uint8Array, operator: string): number {
  // Field 4 of a node, its length, its letters.
  const field = `\x22${String.fromCharCode(operator.length)}${operator}`;
  return Buffer.from(file).toString('latin1').split(field).length - 1;
}

describe('convolutions in integers', () => {
  const rewritten = withIntegerConvolutions(graph, ranges!);
  let floats: ort.InferenceSession;
  let integers: ort.InferenceSession;
  beforeAll(async () => {
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    floats = await open(graph);
    integers = await open(rewritten);
  });

  it('are all but the first two and those of shortcuts', () => {
    const all = count(graph, 'Conv');
    expect(count(rewritten, 'QLinearConv')).toBe(all - 5);
    expect(count(rewritten, 'Conv')).toBe(5);
    expect(count(rewritten, 'Cast')).toBe(count(graph, 'Cast') - (all - 5));
  });

  // Whose values lie at the ends of what was measured, or are all alike, agree least.
  it.each([
    ['the golden picture', goldenPicture(160), 0.999],
    ['the golden picture as a view', goldenPicture(128), 0.9995],
    ['blobs', blobs(128, 1), 0.9995],
    ['other blobs', blobs(128, 2), 0.9995],
    ['black', new Uint8Array(128 * 128 * 3), 0.998],
    ['white', new Uint8Array(128 * 128 * 3).fill(255), 0.998],
  ])('give the vector of %s that floats give', async (_, picture, least) => {
    expect(cosine(await embed(floats, picture), await embed(integers, picture))).toBeGreaterThan(least);
  });

  it('leave a graph as it is of which no ranges are known', async () => {
    const same = await open(withIntegerConvolutions(graph, {}));
    const picture = blobs(128, 3);
    expect(await embed(same, picture)).toEqual(await embed(floats, picture));
    await same.release();
  });

  it('convert those convolutions alone whose input and output are both known', () => {
    const [, , , , input, output] = convolutionTensors(graph);
    expect(count(withIntegerConvolutions(graph, { [input!]: [0, 1] }), 'QLinearConv')).toBe(0);
    expect(
      count(withIntegerConvolutions(graph, { [input!]: [0, 1], [output!]: [0, 1] }), 'QLinearConv'),
    ).toBe(1);
  });

  it('refuse what is no whole ONNX file', () => {
    expect(() => withIntegerConvolutions(graph.slice(0, 1_000_000), ranges!)).toThrow(
      'not a whole ONNX file',
    );
  });
});
