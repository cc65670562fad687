import { FramesiftError } from '@/lib/shared/errors';
import { Fields, LENGTH_DELIMITED, varint, type Field } from './onnx-fields';
import { readModel, readNode, readTensor, textAt } from './onnx-messages';

/**
 * [Note: Reading ONNX files]
 *
 * An ONNX file is one protobuf message (onnx.proto3). What it takes and gives stands in the graph's
 * `input` and `output` lists, and can be read without a runtime: so a model that does not fit is refused
 * with the reason before a session is made of it, and a graph that holds both towers is taken apart into
 * one a tower (`extractOutput`). Nothing is copied but what is kept; weights are never looked into.
 */

/** Element types of onnx.proto3's TensorProto.DataType that CLIP graphs use; any other is its number. */
const ELEMENT_TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

/** One input or output of a graph. */
export interface TensorInfo {
  name: string;
  /** As onnxruntime-web names it. */
  type: string;
  /** A fixed length, or the name of one that is free (empty where it has none). */
  shape: (number | string)[];
}

/** What a graph takes and gives. */
export interface OnnxSignature {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

/** What of a node counts when a graph is taken apart. */
interface Node {
  field: Field;
  /** Also what its branches and loops use. */
  inputs: string[];
  outputs: string[];
}

interface Graph {
  nodes: Node[];
  /** Weights, by name. */
  weights: Map<string, Field>;
  inputs: Map<string, Field>;
  outputs: Map<string, Field>;
  /** Shapes of values in between, by name. */
  values: Map<string, Field>;
  /** The graph's name and notes. */
  others: Field[];
}

/** An ONNX file in memory. */
export class OnnxFile {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Everything of the file but its graph: versions, operator sets, metadata. */
  readonly #head: Field[];
  readonly #graph: Graph;

  /** @throws FramesiftError `model-mismatch` when the bytes are no whole ONNX file, or lack their weights */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    const { head, graph } = readModel(bytes);
    this.#head = head;
    this.#graph = this.#readGraph(graph);
  }

  get signature(): OnnxSignature {
    const { inputs, outputs, weights } = this.#graph;
    return {
      // Old exporters list weights among the inputs too.
      inputs: [...inputs].filter(([name]) => !weights.has(name)).map(([, field]) => this.#tensorInfo(field)),
      outputs: Array.from(outputs.values(), (field) => this.#tensorInfo(field)),
    };
  }

  /**
   * A file that computes one output only: the nodes, weights and inputs that it depends on, nothing else.
   * Bytes are copied as they stand.
   */
  extractOutput(outputName: string): Uint8Array<ArrayBuffer> {
    const { nodes, weights, inputs, outputs, values, others } = this.#graph;
    const output = outputs.get(outputName);
    if (!output) throw new FramesiftError('internal', `The graph has no output ${outputName}.`);
    const needed = new Set<string>();
    const makerOf = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
    const keptNodes = new Set<Node>();
    const open = [outputName];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (needed.has(name)) continue;
      needed.add(name);
      const maker = makerOf.get(name);
      if (!maker || keptNodes.has(maker)) continue;
      keptNodes.add(maker);
      open.push(...maker.inputs);
    }
    const keptOf = (fields: ReadonlyMap<string, Field>) =>
      [...fields].filter(([name]) => needed.has(name)).map(([, field]) => field);
    return this.#write([
      ...others,
      ...nodes.filter((node) => keptNodes.has(node)).map(({ field }) => field),
      ...keptOf(weights),
      ...keptOf(inputs),
      output,
      ...keptOf(values),
    ]);
  }

  #write(graphFields: Field[]): Uint8Array<ArrayBuffer> {
    const lengthOf = (fields: Field[]) => fields.reduce((sum, { start, to }) => sum + to - start, 0);
    const graphLength = lengthOf(graphFields);
    const graphHead = [(7 << 3) | LENGTH_DELIMITED, ...varint(graphLength)];
    const result = new Uint8Array(lengthOf(this.#head) + graphHead.length + graphLength);
    let at = 0;
    const put = (bytes: ArrayLike<number>) => {
      result.set(bytes, at);
      at += bytes.length;
    };
    for (const { start, to } of this.#head) put(this.#bytes.subarray(start, to));
    put(graphHead);
    for (const { start, to } of graphFields) put(this.#bytes.subarray(start, to));
    return result;
  }

  #readGraph({ from, to }: Field): Graph {
    const graph: Graph = {
      nodes: [],
      weights: new Map(),
      inputs: new Map(),
      outputs: new Map(),
      values: new Map(),
      others: [],
    };
    for (const field of new Fields(this.#bytes, from, to)) {
      switch (field.number) {
        case 1:
          graph.nodes.push(this.#readNode(field));
          break;
        case 5:
          graph.weights.set(this.#readWeightName(field), field);
          break;
        case 11:
          graph.inputs.set(this.#stringOf(field, 1), field);
          break;
        case 12:
          graph.outputs.set(this.#stringOf(field, 1), field);
          break;
        case 13:
          graph.values.set(this.#stringOf(field, 1), field);
          break;
        case 15: {
          // A sparse weight's name is that of its values.
          const values = this.#find(field, 1);
          if (values) graph.weights.set(this.#readWeightName(values), field);
          break;
        }
        case 14:
          // Notes on how values were quantised; no runtime needs them.
          break;
        default:
          graph.others.push(field);
      }
    }
    return graph;
  }

  #readNode(field: Field): Node {
    const { inputs, outputs, attributes } = readNode(this.#bytes, field);
    // Branches and loops use values of the graph around them without listing them.
    for (const { from, to } of attributes) {
      for (const value of new Fields(this.#bytes, from, to)) {
        if (value.number !== 6 && value.number !== 11) continue;
        const inner = this.#readGraph(value);
        inputs.push(...inner.nodes.flatMap((node) => node.inputs), ...inner.outputs.keys());
      }
    }
    return { field, inputs, outputs };
  }

  #readWeightName(field: Field): string {
    const { name, isExternal } = readTensor(this.#bytes, field);
    if (isExternal) {
      throw new FramesiftError(
        'model-mismatch',
        'The model’s weights lie in a file beside its graph (.onnx_data), which is not supported. Use a model whose graph is one file.',
      );
    }
    return name;
  }

  #tensorInfo(field: Field): TensorInfo {
    const info: TensorInfo = { name: this.#stringOf(field, 1), type: 'unknown', shape: [] };
    const type = this.#find(field, 2);
    const tensor = type && this.#find(type, 1);
    if (!tensor) return info;
    for (const part of new Fields(this.#bytes, tensor.from, tensor.to)) {
      if (part.number === 1) info.type = ELEMENT_TYPES[part.value] ?? `type ${part.value}`;
      else if (part.number === 2) {
        for (const dimension of new Fields(this.#bytes, part.from, part.to)) {
          if (dimension.number === 1) info.shape.push(this.#dimension(dimension));
        }
      }
    }
    return info;
  }

  #dimension({ from, to }: Field): number | string {
    let length: number | string = '';
    for (const part of new Fields(this.#bytes, from, to)) {
      if (part.number === 1) length = part.value;
      else if (part.number === 2) length = textAt(this.#bytes, part);
    }
    return length;
  }

  #find({ from, to }: Field, number: number): Field | undefined {
    for (const field of new Fields(this.#bytes, from, to)) if (field.number === number) return field;
    return undefined;
  }

  #stringOf(field: Field, number: number): string {
    const found = this.#find(field, number);
    return found ? textAt(this.#bytes, found) : '';
  }
}
