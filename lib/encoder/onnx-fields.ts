import { joinBytes } from '@/lib/shared/bytes';
import { FramesiftError } from '@/lib/shared/errors';

// Protocol buffers as far as ONNX files need them: fields of a message are found, and messages put together again.

/** Where one protobuf field lies: its tag begins at `start`, its content at `from`, both end at `to`. */
export interface Field {
  number: number;
  start: number;
  from: number;
  to: number;
  /** Of a varint; 0 for others. */
  value: number;
}

const VARINT = 0;
const FIXED_64 = 1;
export const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Reads a message's fields in order. Lengths above 2^31 are fine: no bit operations on them. */
export class Fields {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  *[Symbol.iterator](): Generator<Field, void, undefined> {
    while (this.#at < this.#end) {
      const start = this.#at;
      const tag = this.#varint();
      const number = Math.floor(tag / 8);
      const wire = tag % 8;
      let value = 0;
      let from = this.#at;
      if (wire === VARINT) {
        value = this.#varint();
      } else {
        const length =
          wire === LENGTH_DELIMITED ? this.#varint() : wire === FIXED_64 ? 8 : wire === FIXED_32 ? 4 : null;
        if (length === null || number === 0) throw notOnnx();
        from = this.#at;
        this.#at += length;
      }
      if (this.#at > this.#end) throw notOnnx();
      yield { number, start, from, to: this.#at, value };
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || this.#at >= this.#end || scale > 2 ** 63) throw notOnnx();
      this.#at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

/** What every part of a file that cannot be read as ONNX is answered with. */
export function notOnnx(): FramesiftError {
  return new FramesiftError(
    'model-mismatch',
    'The model’s graph is not a whole ONNX file. Remove the model and fetch it again.',
  );
}

/** A number as a message has it: seven bits a byte, the lowest first. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}

const utf8 = new TextEncoder();

/** A field of bytes, of a text in UTF-8 or of a message of fields. */
export function field(
  number: number,
  content: Uint8Array | string | readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const parts = typeof content === 'string' ? [utf8.encode(content)] : [content].flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joinBytes([
    Uint8Array.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(length)]),
    ...parts,
  ]);
}

/** A field of one number that is not negative. */
export function numberField(number: number, value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...varint(number * 8 + VARINT), ...varint(value)]);
}
