import type { ActivationRanges } from '@/lib/ports/encoder';
import { FramesiftError } from '@/lib/shared/errors';
import { OnnxFile, type OnnxSignature, type TensorInfo } from './onnx-file';

/**
 * [Note: What is read from a model's graphs]
 *
 * Names, number types and fixed lengths of a graph's inputs and outputs are the file's to say, not
 * ours: exports of one model differ in all of them. What this page cannot feed is refused here, before
 * anything is started, with a sentence that says why.
 *
 * Some models (TinyCLIP's export) are one graph with both towers, which wants a picture to read a text
 * and the other way round. Feeding it dummies would compute the other tower for nothing (90 ms a
 * question), so it is taken apart into the two graphs that other models come as.
 */

/** A model's graphs as they come: one file a tower, or one file with both. */
export type ModelGraphs =
  { vision: Uint8Array<ArrayBuffer>; text: Uint8Array<ArrayBuffer> } | { both: Uint8Array<ArrayBuffer> };

export type FloatType = 'float32' | 'float16';
export type IntegerType = 'int64' | 'int32';

/** The graph that makes embeddings of pictures, and how it is to be fed. */
export interface VisionTower {
  graph: Uint8Array<ArrayBuffer>;
  /** [n, 3, size, size] */
  pixels: { name: string; type: FloatType };
  /** [n, dimension] */
  output: { name: string; type: FloatType };
  /** For convolutions in integers where the graph runs on WASM; null for none. */
  activationRanges: ActivationRanges | null;
  /** Pictures in a run, where the graph takes no other number. */
  batch: number | null;
}

/** The graph that makes embeddings of texts, and how it is to be fed. */
export interface TextTower {
  graph: Uint8Array<ArrayBuffer>;
  /** [n, t] */
  ids: { name: string; type: IntegerType };
  /** [n, t]: 1 for ids, 0 for what fills a row. Most CLIP exports have none: the tower is causal. */
  mask: { name: string; type: IntegerType } | null;
  output: { name: string; type: FloatType };
  /** Texts in a run, where the graph takes no other number. */
  batch: number | null;
  /** Ids in a row, where the graph takes no other number. */
  length: number | null;
}

export interface Towers {
  vision: VisionTower;
  text: TextTower;
}

/** What a model's configuration says that its graphs must agree with. */
export interface TowerExpectations {
  embeddingDimension: number;
  contextLength: number;
  /** Side of the square input, in pixels. */
  imageSize: number;
  activationRanges?: ActivationRanges | null;
}

/** Names that exporters use; a graph that has others is read by its shapes. */
const VISION_OUTPUT = 'image_embeds';
const TEXT_OUTPUT = 'text_embeds';
const IDS_INPUT = 'input_ids';
const MASK_INPUT = 'attention_mask';

/**
 * Reads how a model's graphs are to be fed.
 *
 * @throws FramesiftError `model-mismatch` with the reason when they cannot be fed from here
 */
export function readTowers(graphs: ModelGraphs, expected: TowerExpectations): Towers {
  if ('vision' in graphs) {
    return { vision: readVision(graphs.vision, expected), text: readText(graphs.text, expected) };
  }
  const both = new OnnxFile(graphs.both);
  const outputs = both.signature.outputs.map(({ name }) => name);
  for (const name of [VISION_OUTPUT, TEXT_OUTPUT]) {
    if (!outputs.includes(name)) {
      throw misfit('graph', `has no output ${name}, only ${outputs.join(', ')}`);
    }
  }
  return {
    vision: readVision(both.extractOutput(VISION_OUTPUT), expected),
    text: readText(both.extractOutput(TEXT_OUTPUT), expected),
  };
}

function readVision(graph: Uint8Array<ArrayBuffer>, expected: TowerExpectations): VisionTower {
  const what = 'picture graph';
  const signature = new OnnxFile(graph).signature;
  const pictures = signature.inputs.filter(({ shape }) => shape.length === 4);
  const [pixels] = pictures;
  if (!pixels || signature.inputs.length !== 1) {
    throw misfit(what, `takes ${listOf(signature.inputs)}, not one input of pictures`);
  }
  const [batch, channels, height, width] = pixels.shape;
  if (typeof channels === 'number' && channels !== 3) {
    throw misfit(what, `takes pictures of ${channels} channels, not 3`);
  }
  for (const side of [height, width]) {
    if (typeof side === 'number' && side !== expected.imageSize) {
      throw misfit(
        what,
        `takes pictures of ${String(width)} × ${String(height)} pixels, while its preprocessor_config.json says ${expected.imageSize}`,
      );
    }
  }
  return {
    graph,
    pixels: { name: pixels.name, type: floatType(pixels, what) },
    output: findOutput(signature, VISION_OUTPUT, expected, what),
    activationRanges: expected.activationRanges ?? null,
    batch: fixedLength(batch),
  };
}

function readText(graph: Uint8Array<ArrayBuffer>, expected: TowerExpectations): TextTower {
  const what = 'text graph';
  const signature = new OnnxFile(graph).signature;
  const mask = signature.inputs.find(({ name }) => name === MASK_INPUT);
  const others = signature.inputs.filter((input) => input !== mask);
  const [ids] = others;
  if (!ids || others.length !== 1) {
    throw misfit(what, `takes ${listOf(signature.inputs)}, not ${IDS_INPUT} (and ${MASK_INPUT})`);
  }
  if (ids.shape.length !== 2) throw misfit(what, `takes ${listOf([ids])}, not rows of ids`);
  const length = fixedLength(ids.shape[1]);
  if (length !== null && length > expected.contextLength) {
    throw misfit(what, `takes ${length} ids a text, while its config.json allows ${expected.contextLength}`);
  }
  return {
    graph,
    ids: { name: ids.name, type: integerType(ids, what) },
    mask: mask ? { name: mask.name, type: integerType(mask, what) } : null,
    output: findOutput(signature, TEXT_OUTPUT, expected, what),
    batch: fixedLength(ids.shape[0]),
    length,
  };
}

/** The output of that name, or else the only one that holds one embedding a row. */
function findOutput(
  { outputs }: OnnxSignature,
  name: string,
  { embeddingDimension }: TowerExpectations,
  what: string,
): { name: string; type: FloatType } {
  const named = outputs.find((output) => output.name === name);
  const rows = outputs.filter(({ shape }) => shape.length === 2);
  const output = named ?? (rows.length === 1 ? rows[0] : undefined);
  if (!output) throw misfit(what, `gives ${listOf(outputs)}, none of which is ${name}`);
  const dimension = output.shape.at(-1);
  if (typeof dimension === 'number' && dimension !== embeddingDimension) {
    throw misfit(
      what,
      `gives embeddings of ${dimension} numbers, while its config.json says ${embeddingDimension}`,
    );
  }
  return { name: output.name, type: floatType(output, what) };
}

function fixedLength(length: number | string | undefined): number | null {
  return typeof length === 'number' ? length : null;
}

function floatType({ name, type }: TensorInfo, what: string): FloatType {
  if (type === 'float32' || type === 'float16') return type;
  throw misfit(what, `has ${name} as ${type}, where only float32 and float16 are supported`);
}

function integerType({ name, type }: TensorInfo, what: string): IntegerType {
  if (type === 'int64' || type === 'int32') return type;
  throw misfit(what, `has ${name} as ${type}, where only int64 and int32 are supported`);
}

function listOf(tensors: TensorInfo[]): string {
  if (tensors.length === 0) return 'nothing';
  return tensors.map(({ name, type, shape }) => `${name} (${type} [${shape.join(', ')}])`).join(', ');
}

function misfit(what: string, reason: string): FramesiftError {
  return new FramesiftError('model-mismatch', `This model cannot be used: its ${what} ${reason}.`);
}
