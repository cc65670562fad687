import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { from, to } from 'pg-copy-streams';

/** A field of PostgreSQL's binary format: its bytes; null for null. */
export type BinaryField = Buffer | null;

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);

/** PostgreSQL counts microseconds from 2000-01-01. */
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

/** Text, varchar and bytea have their bytes as they are. */
export function textField(value: string | null): BinaryField {
  return value === null ? null : Buffer.from(value);
}

export function integerField(value: number | null): BinaryField {
  if (value === null) return null;
  const field = Buffer.allocUnsafe(4);
  field.writeInt32BE(value);
  return field;
}

/** `double precision`. */
export function doubleField(value: number | null): BinaryField {
  if (value === null) return null;
  const field = Buffer.allocUnsafe(8);
  field.writeDoubleBE(value);
  return field;
}

/** A vector's float32, little-endian, as `bytea`. */
export function vectorField(value: Float32Array | null): BinaryField {
  if (value === null) return null;
  const field = Buffer.allocUnsafe(4 * value.length);
  value.forEach((number, i) => field.writeFloatLE(number, 4 * i));
  return field;
}

/** `timestamptz` of an ISO text. */
export function timeField(value: string | null): BinaryField {
  if (value === null) return null;
  const field = Buffer.allocUnsafe(8);
  field.writeBigInt64BE(BigInt(Date.parse(value) - POSTGRES_EPOCH_MS) * 1000n);
  return field;
}

/**
 * Puts rows into a table by `copy`.
 *
 * @param target table with its columns, in the order of the fields
 */
export async function copyRows(
  client: ClientBase,
  target: string,
  rows: readonly (readonly BinaryField[])[],
): Promise<void> {
  const chunks: Buffer[] = [SIGNATURE];
  for (const fields of rows) {
    const count = Buffer.allocUnsafe(2);
    count.writeInt16BE(fields.length);
    chunks.push(count);
    for (const field of fields) {
      chunks.push(integerField(field === null ? -1 : field.length)!);
      if (field !== null) chunks.push(field);
    }
  }
  chunks.push(END);
  const body = Buffer.concat(chunks);
  await pipeline(Readable.from([body]), client.query(from(`copy ${target} from stdin (format binary)`)));
}

/** Rows of a query by `copy`, as they come. Fields lie in memory that is not used again. */
export async function* readCopy(client: ClientBase, query: string): AsyncGenerator<BinaryField[]> {
  const stream = client.query(to(`copy (${query}) to stdout (format binary)`));
  let rest: Buffer = Buffer.alloc(0);
  let isBegun = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    if (!isBegun) {
      if (rest.length < SIGNATURE.length) continue;
      at = SIGNATURE.length;
      isBegun = true;
    }
    for (let row = rowAt(rest, at); row; row = rowAt(rest, at)) {
      at = row.end;
      yield row.fields;
    }
    rest = rest.subarray(at);
  }
}

/** The row that begins at `at`, and where it ends; null where it has not come whole, and at the end of all. */
function rowAt(bytes: Buffer, at: number): { fields: BinaryField[]; end: number } | null {
  if (at + 2 > bytes.length) return null;
  const count = bytes.readInt16BE(at);
  if (count < 0) return null;
  const fields: BinaryField[] = [];
  let end = at + 2;
  for (let i = 0; i < count; i += 1) {
    if (end + 4 > bytes.length) return null;
    const length = bytes.readInt32BE(end);
    end += 4;
    if (length < 0) {
      fields.push(null);
      continue;
    }
    if (end + length > bytes.length) return null;
    fields.push(bytes.subarray(end, end + length));
    end += length;
  }
  return { fields, end };
}
