import { Fields, notOnnx, type Field } from './onnx-fields';

// Messages of onnx.proto3: where their parts lie in the bytes of a file. Nothing is copied, and weights are never looked into.

/** A computation of a graph. */
export interface OnnxNode {
  field: Field;
  operator: string;
  inputs: string[];
  outputs: string[];
  attributes: Field[];
}

/** A weight of a graph. */
export interface OnnxTensor {
  name: string;
  /** Of TensorProto.DataType. */
  type: number;
  /** Its numbers as plain bytes; null where they are kept in another of ONNX's ways. */
  data: Field | null;
  /** They lie in a file beside this one. */
  isExternal: boolean;
}

/**
 * A whole file: its graph, and everything else (versions, operator sets, metadata).
 *
 * @throws FramesiftError `model-mismatch` when the bytes are no whole ONNX file
 */
export function readModel(file: Uint8Array): { head: Field[]; graph: Field } {
  const head: Field[] = [];
  let graph: Field | undefined;
  for (const part of new Fields(file, 0, file.length)) {
    if (part.number === 7) graph = part;
    else head.push(part);
  }
  if (!graph) throw notOnnx();
  return { head, graph };
}

/** A node at its place. */
export function readNode(file: Uint8Array, field: Field): OnnxNode {
  const node: OnnxNode = { field, operator: '', inputs: [], outputs: [], attributes: [] };
  for (const part of new Fields(file, field.from, field.to)) {
    if (part.number === 1) node.inputs.push(textAt(file, part));
    else if (part.number === 2) node.outputs.push(textAt(file, part));
    else if (part.number === 4) node.operator = textAt(file, part);
    else if (part.number === 5) node.attributes.push(part);
  }
  return node;
}

/** A tensor at its place. */
export function readTensor(file: Uint8Array, { from, to }: Field): OnnxTensor {
  const tensor: OnnxTensor = { name: '', type: 0, data: null, isExternal: false };
  for (const part of new Fields(file, from, to)) {
    if (part.number === 2) tensor.type = part.value;
    else if (part.number === 8) tensor.name = textAt(file, part);
    else if (part.number === 9) tensor.data = part;
    else if (part.number === 14) tensor.isExternal = part.value === 1;
  }
  return tensor;
}

const utf8 = new TextDecoder();

/** The text of a field. */
export function textAt(file: Uint8Array, { from, to }: Field): string {
  return utf8.decode(file.subarray(from, to));
}
