import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';

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
  client: PoolClient,
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
