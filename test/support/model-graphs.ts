import {
  elementTypeNumber,
  modelFile,
  node,
  valueInfo,
  weight,
  type Attribute,
  type ElementType,
} from './onnx-writer';
import { seededRandom } from './random';

/*
 * CLIP's two towers as ONNX graphs of full size with random weights, for tests of everything but the
 * numbers. Each weight is cut out of one block of noise by nodes that onnxruntime folds into a constant
 * when it starts the graph: the file is small, the arithmetic is that of the real model.
 */

export interface TowerSize {
  width: number;
  layers: number;
  heads: number;
}

export interface ClipSize {
  imageSize: number;
  patchSize: number;
  dimension: number;
  vocabulary: number;
  context: number;
  vision: TowerSize;
  text: TowerSize;
}

/** OpenAI's ViT-B/32: 88 million weights for pictures, 63 million for texts. */
export const CLIP_VIT_B32: ClipSize = {
  imageSize: 224,
  patchSize: 32,
  dimension: 512,
  vocabulary: 49_408,
  context: 77,
  vision: { width: 768, layers: 12, heads: 12 },
  text: { width: 512, layers: 12, heads: 8 },
};

/** TinyCLIP-ViT-8M-16-Text-3M: 8 million weights for pictures, 3 million (and the vocabulary's) for texts. */
export const TINY_CLIP: ClipSize = {
  imageSize: 224,
  patchSize: 16,
  dimension: 512,
  vocabulary: 49_408,
  context: 77,
  vision: { width: 256, layers: 10, heads: 4 },
  text: { width: 256, layers: 3, heads: 4 },
};

/** A tower of each kind that takes next to no time. */
export const TOY_MODEL: ClipSize = {
  imageSize: 32,
  patchSize: 16,
  dimension: 512,
  vocabulary: 49_408,
  context: 77,
  vision: { width: 32, layers: 1, heads: 2 },
  text: { width: 32, layers: 1, heads: 2 },
};

/** How an exporter chose to write a graph's inputs and outputs. */
export interface ExportStyle {
  /** Number type of pictures and embeddings. */
  floats?: 'float32' | 'float16';
  integers?: 'int64' | 'int32';
  /** Rows in a run; any number unless given. */
  batch?: number;
  /** Ids in a row; any number unless given. */
  length?: number;
  mask?: boolean;
  /** Other names than usual. */
  names?: Partial<Record<'pixel_values' | 'image_embeds' | 'input_ids' | 'text_embeds', string>>;
}

/** Length of the block of noise: a prime, so that rows of weights begin at ever different places of it. */
const NOISE_LENGTH = 65_521;

/** Makes an embedding's scale like a trained model's: outputs of a layer neither vanish nor blow up. */
const WEIGHT_SCALE = 0.04;

export function visionGraph(size: ClipSize, style: ExportStyle = {}): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder(style);
  builder.output(builder.vision(size), size, 'image_embeds');
  return builder.file();
}

export function textGraph(size: ClipSize, style: ExportStyle = {}): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder(style);
  builder.output(builder.text(size), size, 'text_embeds');
  return builder.file();
}

/** Both towers in one graph that wants both inputs and gives logits too, as Hugging Face exports CLIPModel. */
export function combinedGraph(size: ClipSize, style: ExportStyle = {}): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder({ mask: true, ...style });
  const text = builder.unit(builder.text(size));
  const image = builder.unit(builder.vision(size));
  const transposed = builder.add('Transpose', [image], { perm: [1, 0] });
  const perText = builder.add('MatMul', [text, transposed]);
  const perImage = builder.add('Transpose', [perText], { perm: [1, 0] });
  builder.rawOutput(perImage, 'logits_per_image', ['image_batch_size', 'text_batch_size']);
  builder.rawOutput(perText, 'logits_per_text', ['text_batch_size', 'image_batch_size']);
  builder.output(text, size, 'text_embeds');
  builder.output(image, size, 'image_embeds');
  return builder.file();
}

class GraphBuilder {
  readonly #style: ExportStyle;
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  readonly #constants = new Map<string, string>();
  #count = 0;
  #noiseAt = 0;

  constructor(style: ExportStyle) {
    this.#style = style;
    const random = seededRandom(7);
    // Sums of uniform numbers are near enough to a normal distribution.
    const noise = Float32Array.from(
      { length: NOISE_LENGTH },
      () => (random() + random() + random() - 1.5) * 2,
    );
    this.#weights.push(weight('noise', [NOISE_LENGTH], noise));
  }

  file(): Uint8Array<ArrayBuffer> {
    return modelFile({
      nodes: this.#nodes,
      weights: this.#weights,
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }

  /** Adds a node and returns the name of its output. */
  add(operator: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const name = `v${this.#count++}`;
    this.#nodes.push(node(operator, inputs, [name], attributes));
    return name;
  }

  /** Pictures to [n, dimension]. */
  vision({ imageSize, patchSize, dimension, vision }: ClipSize): string {
    const { floats = 'float32', batch = 'image_batch_size' } = this.#style;
    const pixels = this.#named('pixel_values');
    this.#inputs.push(valueInfo(pixels, floats, [batch, 3, imageSize, imageSize]));
    const side = imageSize / patchSize;
    const patches = this.add(
      'Conv',
      [this.#asFloat32(pixels), this.#noise([vision.width, 3, patchSize, patchSize])],
      { strides: [patchSize, patchSize] },
    );
    const flat = this.add('Reshape', [patches, this.#int64([0, vision.width, side * side])]);
    const rows = this.add('Transpose', [flat], { perm: [0, 2, 1] });
    const count = this.add('Slice', [this.add('Shape', [pixels]), this.#int64([0]), this.#int64([1])]);
    const shape = this.add('Concat', [count, this.#int64([1, vision.width])], { axis: 0 });
    const first = this.add('Expand', [this.#noise([1, 1, vision.width]), shape]);
    const all = this.add('Concat', [first, rows], { axis: 1 });
    const placed = this.add('Add', [all, this.#noise([1, side * side + 1, vision.width])]);
    const normalised = this.#layerNorm(placed, vision.width);
    const last = this.#layers(normalised, vision);
    const pooled = this.add('Gather', [last, this.#scalarInt64(0)], { axis: 1 });
    const embedding = this.#layerNorm(pooled, vision.width);
    return this.add('MatMul', [embedding, this.#noise([vision.width, dimension])]);
  }

  /** Ids to [n, dimension], read at the highest id, which is the end marker. */
  text({ dimension, vocabulary, context, text }: ClipSize): string {
    const { integers = 'int64', batch = 'text_batch_size', length = 'sequence_length', mask } = this.#style;
    const input = this.#named('input_ids');
    this.#inputs.push(valueInfo(input, integers, [batch, length]));
    const ids = integers === 'int64' ? input : this.#cast(input, 'int64');
    const columns = this.add('Slice', [this.add('Shape', [ids]), this.#int64([1]), this.#int64([2])]);
    const zero = this.#int64([0]);
    const tokens = this.add('Gather', [this.#noise([vocabulary, text.width]), ids]);
    const positions = this.add('Slice', [this.#noise([context, text.width]), zero, columns, zero]);
    const placed = this.add('Add', [tokens, positions]);
    const ahead = Float32Array.from({ length: context * context }, (_, at) =>
      at % context > Math.floor(at / context) ? -1e9 : 0,
    );
    const table = this.#constant('causal', [context, context], ahead);
    const axes = this.#int64([0, 1]);
    const twice = this.add('Concat', [columns, columns], { axis: 0 });
    let hidden = this.add('Slice', [table, this.#int64([0, 0]), twice, axes]);
    if (mask) {
      const name = 'attention_mask';
      this.#inputs.push(valueInfo(name, integers, [batch, length]));
      const attended = this.#cast(name, 'float32');
      const minus = this.add('Sub', [attended, this.#scalar(1)]);
      const large = this.add('Mul', [minus, this.#scalar(1e9)]);
      hidden = this.add('Add', [hidden, this.add('Unsqueeze', [large, this.#int64([1, 2])])]);
    }
    const last = this.#layerNorm(this.#layers(placed, text, hidden), text.width);
    const end = this.add('ArgMax', [ids], { axis: 1, keepdims: 1 });
    const pooled = this.add('GatherND', [last, end], { batch_dims: 1 });
    return this.add('MatMul', [pooled, this.#noise([text.width, dimension])]);
  }

  /** Rows scaled to unit length. */
  unit(rows: string): string {
    const length = this.add('ReduceL2', [rows], { axes: [-1], keepdims: 1 });
    return this.add('Div', [rows, length]);
  }

  output(value: string, { dimension }: ClipSize, name: 'image_embeds' | 'text_embeds'): void {
    const { floats = 'float32' } = this.#style;
    const batch = this.#style.batch ?? (name === 'image_embeds' ? 'image_batch_size' : 'text_batch_size');
    const given = floats === 'float32' ? value : this.#cast(value, floats);
    this.rawOutput(given, this.#named(name), [batch, dimension], floats);
  }

  rawOutput(value: string, name: string, shape: (number | string)[], type: ElementType = 'float32'): void {
    this.#nodes.push(node('Identity', [value], [name]));
    this.#outputs.push(valueInfo(name, type, shape));
  }

  #layers(input: string, { width, layers, heads }: TowerSize, mask?: string): string {
    let x = input;
    for (let layer = 0; layer < layers; layer += 1) {
      x = this.add('Add', [x, this.#attention(this.#layerNorm(x, width), width, heads, mask)]);
      x = this.add('Add', [x, this.#perceptron(this.#layerNorm(x, width), width)]);
    }
    return x;
  }

  #attention(x: string, width: number, heads: number, mask: string | undefined): string {
    const each = width / heads;
    const split = (value: string, perm: number[]) =>
      this.add('Transpose', [this.add('Reshape', [value, this.#int64([0, 0, heads, each])])], { perm });
    const query = split(
      this.add('Mul', [this.#linear(x, width, width), this.#scalar(each ** -0.5)]),
      [0, 2, 1, 3],
    );
    const key = split(this.#linear(x, width, width), [0, 2, 3, 1]);
    const value = split(this.#linear(x, width, width), [0, 2, 1, 3]);
    const scores = this.add('MatMul', [query, key]);
    const masked = mask === undefined ? scores : this.add('Add', [scores, mask]);
    const mixed = this.add('MatMul', [this.add('Softmax', [masked], { axis: -1 }), value]);
    const joined = this.add('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    return this.#linear(this.add('Reshape', [joined, this.#int64([0, 0, width])]), width, width);
  }

  #perceptron(x: string, width: number): string {
    const wide = this.#linear(x, width, 4 * width);
    const gate = this.add('Sigmoid', [this.add('Mul', [wide, this.#scalar(1.702)])]);
    return this.#linear(this.add('Mul', [wide, gate]), 4 * width, width);
  }

  #linear(x: string, from: number, to: number): string {
    return this.add('Add', [this.add('MatMul', [x, this.#noise([from, to])]), this.#noise([to])]);
  }

  #layerNorm(x: string, width: number): string {
    const ones = this.#constant(`ones${width}`, [width], new Float32Array(width).fill(1));
    const zeros = this.#constant(`zeros${width}`, [width], new Float32Array(width));
    return this.add('LayerNormalization', [x, ones, zeros], { axis: -1, epsilon: { float: 1e-5 } });
  }

  /** A weight of that shape, which onnxruntime works out once, when it starts the graph. */
  #noise(dims: number[]): string {
    const length = dims.reduce((product, dim) => product * dim, 1);
    this.#noiseAt = (this.#noiseAt + 7919) % NOISE_LENGTH;
    const repeats = Math.ceil((this.#noiseAt + length) / NOISE_LENGTH);
    const long = this.add('Tile', ['noise', this.#int64([repeats])]);
    const cut = this.add('Slice', [
      long,
      this.#int64([this.#noiseAt]),
      this.#int64([this.#noiseAt + length]),
    ]);
    const shaped = this.add('Reshape', [cut, this.#int64(dims)]);
    return this.add('Mul', [shaped, this.#scalar(WEIGHT_SCALE)]);
  }

  #named(name: keyof NonNullable<ExportStyle['names']>): string {
    return this.#style.names?.[name] ?? name;
  }

  #asFloat32(name: string): string {
    return (this.#style.floats ?? 'float32') === 'float32' ? name : this.#cast(name, 'float32');
  }

  #cast(name: string, type: ElementType): string {
    return this.add('Cast', [name], { to: elementTypeNumber(type) });
  }

  #int64(values: number[]): string {
    const name = `i${values.join('_')}`;
    return this.#constant(name, [values.length], BigInt64Array.from(values, BigInt));
  }

  #scalarInt64(value: number): string {
    return this.#constant(`s${value}`, [], BigInt64Array.of(BigInt(value)));
  }

  #scalar(value: number): string {
    return this.#constant(`f${value}`, [], Float32Array.of(value));
  }

  #constant(name: string, dims: number[], values: Float32Array | BigInt64Array): string {
    if (!this.#constants.has(name)) {
      this.#constants.set(name, name);
      this.#weights.push(weight(name, dims, values));
    }
    return name;
  }
}
