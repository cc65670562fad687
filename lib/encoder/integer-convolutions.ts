import type { ActivationRanges } from '@/lib/ports/encoder';
import { joinBytes } from '@/lib/shared/bytes';
import { field, Fields, numberField, type Field } from './onnx-fields';
import { readModel, readNode, readTensor, type OnnxNode, type OnnxTensor } from './onnx-messages';

/**
 * [Note: Convolutions in integers]
 *
 * The bundled model's weights are int8 with a scale a channel, which its graph widens to float32 (Cast, Mul). In WebAssembly
 * a multiplication of integers costs less than half of one of floats, so there the graph is rewritten before it is started:
 * a convolution whose input and output have known ranges takes and gives bytes (QLinearConv, with the ReLU behind it in its
 * rounding), what else uses them is widened again, and the weights' bytes stay as they are. One file serves WebGPU and WASM.
 * Vectors agree with the float graph's to a cosine of 0.999 and more (decision 055), so that they are of one model version.
 *
 * Reference: ONNX operators QuantizeLinear, QLinearConv and DequantizeLinear of operator set 10.
 */

/** Element types of onnx.proto3's TensorProto.DataType. */
const FLOAT32 = 1;
const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;

/** Values of a byte. */
const LEVELS = 255;

/** A convolution's weights as its graph has them. */
interface PackedWeights {
  /** Name of the int8 tensor [out, in / group, height, width]. */
  integers: string;
  /** A scale for each output channel. */
  scales: Float32Array<ArrayBuffer>;
}

interface ByteScale {
  scale: number;
  zeroPoint: number;
}

/**
 * The same graph with its convolutions in integers, as far as their inputs' and outputs' ranges are known and their weights
 * are int8 widened by Cast and Mul. All else is computed in float32 as before.
 *
 * @param ranges least and greatest value of tensors, by name; values beyond are cut off
 * @throws FramesiftError `model-mismatch` when the bytes are no whole ONNX file
 */
export function withIntegerConvolutions(
  file: Uint8Array<ArrayBuffer>,
  ranges: ActivationRanges,
): Uint8Array<ArrayBuffer> {
  const { head, graph } = readModel(file);
  const others = head.map(({ start, to }) => file.subarray(start, to));
  return joinBytes([...others, field(7, new Rewriting(file, graph, ranges).graph())]);
}

/** What ranges are needed of: the input and output of each convolution, with the ReLU behind it. */
export function convolutionTensors(file: Uint8Array<ArrayBuffer>): string[] {
  const { graph } = readModel(file);
  return new Rewriting(file, graph, {}).convolutions().flat();
}

class Rewriting {
  readonly #file: Uint8Array<ArrayBuffer>;
  readonly #ranges: ActivationRanges;
  readonly #nodes: OnnxNode[] = [];
  readonly #weights = new Map<string, OnnxTensor>();
  /** Weights' bytes, by name. */
  readonly #kept = new Map<string, Uint8Array>();
  /** Name, inputs and outputs of the graph; shapes in between are worked out anew by whoever runs it. */
  readonly #others: Uint8Array[] = [];
  readonly #users = new Map<string, OnnxNode[]>();
  readonly #makers = new Map<string, OnnxNode>();
  readonly #written: Uint8Array[] = [];
  /** What the nodes written so far take. */
  readonly #needed = new Set<string>();
  /** Tensors that exist as bytes by now. */
  readonly #asBytes = new Set<string>();

  constructor(file: Uint8Array<ArrayBuffer>, graph: Field, ranges: ActivationRanges) {
    this.#file = file;
    this.#ranges = ranges;
    for (const part of new Fields(file, graph.from, graph.to)) {
      const bytes = file.subarray(part.start, part.to);
      if (part.number === 1) this.#addNode(readNode(file, part));
      else if (part.number === 5) {
        const tensor = readTensor(file, part);
        this.#weights.set(tensor.name, tensor);
        this.#kept.set(tensor.name, bytes);
      } else if (part.number !== 13) this.#others.push(bytes);
    }
  }

  #addNode(node: OnnxNode): void {
    this.#nodes.push(node);
    for (const name of node.outputs) this.#makers.set(name, node);
    for (const name of node.inputs) {
      const users = this.#users.get(name);
      if (users) users.push(node);
      else this.#users.set(name, [node]);
    }
  }

  /** The rewritten graph's fields. */
  graph(): Uint8Array[] {
    /** Convolutions that become integer ones, each with the ReLU that is part of it then. */
    const converted = new Map<OnnxNode, OnnxNode | null>();
    for (const node of this.#nodes) if (this.#canConvert(node)) converted.set(node, this.#reluBehind(node));
    const dropped = new Set([...converted.values()].filter((node) => node !== null));
    for (const { inputs } of converted.keys()) {
      const widened = inputs[1]!;
      if (!this.#users.get(widened)!.every((user) => converted.has(user))) continue;
      const multiply = this.#makers.get(widened)!;
      dropped.add(multiply).add(this.#makers.get(multiply.inputs[0]!)!);
    }
    for (const node of this.#nodes) {
      if (dropped.has(node)) continue;
      const relu = converted.get(node);
      if (relu === undefined) {
        this.#written.push(field(1, this.#file.subarray(node.field.from, node.field.to)));
        for (const name of node.inputs) this.#needed.add(name);
        continue;
      }
      const output = (relu ?? node).outputs[0]!;
      this.#writeConvolution(node, output);
      const isWanted = this.#users.get(output)?.some((user) => !converted.has(user)) ?? true;
      if (isWanted) this.#writeNode('DequantizeLinear', this.#byteNames(output), output);
    }
    const weights = [...this.#kept].filter(([name]) => this.#needed.has(name)).map(([, bytes]) => bytes);
    return [...this.#others, ...this.#written, ...weights];
  }

  convolutions(): [input: string, output: string][] {
    return this.#nodes
      .filter(({ operator }) => operator === 'Conv')
      .map((node) => [node.inputs[0]!, (this.#reluBehind(node) ?? node).outputs[0]!]);
  }

  #canConvert(node: OnnxNode): boolean {
    if (node.operator !== 'Conv') return false;
    const [input, weights, bias] = node.inputs;
    const output = (this.#reluBehind(node) ?? node).outputs[0]!;
    if (!this.#ranges[input!] || !this.#ranges[output]) return false;
    if (bias !== undefined && !this.#floatsOf(bias)) return false;
    return this.#packedWeights(weights!) !== null;
  }

  /** The ReLU that alone takes a convolution's output. */
  #reluBehind({ outputs }: OnnxNode): OnnxNode | null {
    const users = this.#users.get(outputs[0]!) ?? [];
    return users.length === 1 && users[0]!.operator === 'Relu' ? users[0]! : null;
  }

  #packedWeights(widened: string): PackedWeights | null {
    const multiply = this.#makers.get(widened);
    const cast = multiply?.operator === 'Mul' ? this.#makers.get(multiply.inputs[0]!) : undefined;
    if (cast?.operator !== 'Cast') return null;
    const integers = cast.inputs[0]!;
    const scales = this.#floatsOf(multiply!.inputs[1]!);
    if (this.#weights.get(integers)?.type !== INT8 || !scales) return null;
    return { integers, scales };
  }

  #writeConvolution({ inputs, attributes }: OnnxNode, output: string): void {
    const [input, widened, bias] = inputs;
    const { integers, scales } = this.#packedWeights(widened!)!;
    if (!this.#asBytes.has(input!)) {
      const [bytes, ...scale] = this.#byteNames(input!);
      this.#writeNode('QuantizeLinear', [input!, ...scale], bytes);
    }
    const channelScales = `${integers}:scales`;
    const zeros = `${integers}:zeros`;
    this.#writeWeight(channelScales, FLOAT32, [scales.length], scales);
    this.#writeWeight(zeros, INT8, [scales.length], new Int8Array(scales.length));
    const [bytes, ...outputScale] = this.#byteNames(output);
    const taken = [...this.#byteNames(input!), integers, channelScales, zeros, ...outputScale];
    if (bias !== undefined) {
      const { scale } = this.#byteScale(input!);
      const values = this.#floatsOf(bias)!.map((value, k) => Math.round(value / (scale * scales[k]!)));
      this.#writeWeight(`${bias}:integers`, INT32, [values.length], Int32Array.from(values));
      taken.push(`${bias}:integers`);
    }
    const asTheyStand = attributes.map(({ start, to }) => this.#file.subarray(start, to));
    this.#writeNode('QLinearConv', taken, bytes, asTheyStand);
  }

  /** Values of a float32 weight, or undefined where they are not kept as plain bytes. */
  #floatsOf(name: string): Float32Array<ArrayBuffer> | undefined {
    const tensor = this.#weights.get(name);
    if (tensor?.type !== FLOAT32 || !tensor.data) return undefined;
    const { from, to } = tensor.data;
    return from === to ? undefined : new Float32Array(this.#file.slice(from, to).buffer);
  }

  /** Names of a tensor's bytes, of their scale and of their zero point; the latter two are written the first time. */
  #byteNames(name: string): [bytes: string, scale: string, zeroPoint: string] {
    const names: [string, string, string] = [`${name}:bytes`, `${name}:scale`, `${name}:zero`];
    if (!this.#asBytes.has(name)) {
      this.#asBytes.add(name);
      const { scale, zeroPoint } = this.#byteScale(name);
      this.#writeWeight(names[1], FLOAT32, [], Float32Array.of(scale));
      this.#writeWeight(names[2], UINT8, [], Uint8Array.of(zeroPoint));
    }
    return names;
  }

  /** Zero is a value of its own, so that padding and what ReLU leaves are exact. */
  #byteScale(name: string): ByteScale {
    const [least, greatest] = this.#ranges[name]!;
    const low = Math.min(0, least);
    const scale = Math.fround((Math.max(0, greatest) - low) / LEVELS);
    return { scale, zeroPoint: Math.round(-low / scale) };
  }

  #writeNode(operator: string, inputs: string[], output: string, attributes: Uint8Array[] = []): void {
    const node = [
      ...inputs.map((name) => field(1, name)),
      field(2, output),
      field(4, operator),
      ...attributes,
    ];
    this.#written.push(field(1, node));
    for (const name of inputs) this.#needed.add(name);
  }

  #writeWeight(name: string, type: number, dims: number[], values: ArrayBufferView<ArrayBuffer>): void {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = [
      ...dims.map((length) => numberField(1, length)),
      numberField(2, type),
      field(8, name),
      field(9, data),
    ];
    this.#kept.set(name, field(5, tensor));
  }
}
