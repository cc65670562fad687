/*
 * Writes ONNX files: as much of onnx.proto3 as the graphs of these tests need. Independent of
 * lib/encoder/onnx-file.ts, which reads them; onnxruntime reads them too, so neither can be wrong alone.
 */
import { joinBytes } from '@/lib/shared/bytes';

export type ElementType = 'float32' | 'float16' | 'int32' | 'int64';

const ELEMENT_TYPE_NUMBERS: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  float16: 10,
};

export type Attribute = number | readonly number[] | { float: number };

export interface GraphParts {
  nodes: Uint8Array[];
  weights: Uint8Array[];
  inputs: Uint8Array[];
  outputs: Uint8Array[];
}

/** Bytes of a file with this graph, for operator set 17. */
export function modelFile({ nodes, weights, inputs, outputs }: GraphParts): Uint8Array<ArrayBuffer> {
  const graph = [
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, utf8('test')),
    ...weights.map((bytes) => field(5, bytes)),
    ...inputs.map((bytes) => field(11, bytes)),
    ...outputs.map((bytes) => field(12, bytes)),
  ];
  const operatorSet = [field(1, utf8('')), varintField(2, 17)];
  return joinBytes([
    varintField(1, 8),
    field(2, utf8('framesift-tests')),
    field(7, joinBytes(graph)),
    field(8, joinBytes(operatorSet)),
  ]);
}

/** An input or output; free lengths have names. */
export function valueInfo(name: string, type: ElementType, shape: readonly (number | string)[]): Uint8Array {
  const dimensions = shape.map((length) =>
    field(1, typeof length === 'number' ? varintField(1, length) : field(2, utf8(length))),
  );
  const tensor = joinBytes([varintField(1, ELEMENT_TYPE_NUMBERS[type]), field(2, joinBytes(dimensions))]);
  return joinBytes([field(1, utf8(name)), field(2, field(1, tensor))]);
}

/** A weight, given as its values. */
export function weight(
  name: string,
  dims: readonly number[],
  values: Float32Array | BigInt64Array,
): Uint8Array {
  const type: ElementType = values instanceof Float32Array ? 'float32' : 'int64';
  return joinBytes([
    ...dims.map((length) => varintField(1, length)),
    varintField(2, ELEMENT_TYPE_NUMBERS[type]),
    field(8, utf8(name)),
    field(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ]);
}

/** A weight that lies in another file. */
export function externalWeight(name: string, dims: readonly number[], location: string): Uint8Array {
  const entry = joinBytes([field(1, utf8('location')), field(2, utf8(location))]);
  return joinBytes([
    ...dims.map((length) => varintField(1, length)),
    varintField(2, ELEMENT_TYPE_NUMBERS.float32),
    field(8, utf8(name)),
    field(13, entry),
    varintField(14, 1),
  ]);
}

export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Uint8Array {
  return joinBytes([
    ...inputs.map((name) => field(1, utf8(name))),
    ...outputs.map((name) => field(2, utf8(name))),
    field(3, utf8(`${operator}/${outputs[0]!}`)),
    field(4, utf8(operator)),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  ]);
}

export function elementTypeNumber(type: ElementType): number {
  return ELEMENT_TYPE_NUMBERS[type];
}

function attribute(name: string, value: Attribute): Uint8Array {
  const head = field(1, utf8(name));
  if (typeof value === 'number') return joinBytes([head, varintField(3, value), varintField(20, 2)]);
  if ('float' in value) {
    const bytes = new Uint8Array(new Float32Array([value.float]).buffer);
    return joinBytes([head, Uint8Array.from([(2 << 3) | 5]), bytes, varintField(20, 1)]);
  }
  return joinBytes([head, ...value.map((one) => varintField(8, one)), varintField(20, 7)]);
}

function field(number: number, content: Uint8Array): Uint8Array {
  return joinBytes([varint((number << 3) | 2), varint(content.length), content]);
}

function varintField(number: number, value: number): Uint8Array {
  return joinBytes([varint(number << 3), varint(value)]);
}

/** Negative numbers take ten bytes, as two's complement of 64 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Uint8Array.from([...bytes, Number(left)]);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
