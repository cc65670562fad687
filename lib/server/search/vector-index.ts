import { escapeLiteral, type ClientBase } from 'pg';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { toFloat16 } from '@/lib/shared/float16';
import { copyRows, readCopy, textField } from '../copy-binary';
import { grantRights, isFrozen } from '../freeze';
import { roleOf, schemaOf } from '../names';
import { inTransaction } from '../transaction';
import { ROW_BYTES } from './row-layout';

/*
 * [Note: Vector index] A library that does not fit into the server's memory is searched by pgvector's HNSW index over its
 * vectors as half precision, in a table of their own. The table is there where the owner made it (`npm run library -- index`): no
 * migration makes it, since migrations are the same in every database, and pgvector is not in every one. It is derived from
 * `frame_vectors`, as that is from `frame_embeddings`.
 */

/** What of pgvector there has to be: since 0.8.0 a scan of its index goes on beyond its first candidates. */
const LEAST_VERSION = [0, 8];

/** Vectors that are written with one statement: a role's statement may take 15 s, and a vector takes some milliseconds in a large index. */
const VECTORS_AT_ONCE = 500;

/** Bytes that pgvector takes for a vector while it builds the index: 1,024, and its neighbours. */
export const BUILD_BYTES_PER_VECTOR = 1600;

/** Neighbours of a vector in the index, and candidates for them while it is built: pgvector's own defaults, written out. */
const BUILD_OPTIONS = 'm = 16, ef_construction = 64';

const TABLE = 'frame_half_vectors';
const INDEX = 'frame_half_vectors_hnsw';

/** Where pgvector's types and operators are. */
export interface VectorIndex {
  schema: string;
}

/** The index of the library that is first in the search path; null where there is none, or one that is still being built. */
export async function findVectorIndex(client: Pick<ClientBase, 'query'>): Promise<VectorIndex | null> {
  const { rows } = await client.query<VectorIndex>({
    name: 'vector-index',
    text: `select quote_ident(n.nspname) as schema from pg_index i
      join pg_opclass o on o.oid = i.indclass[0] join pg_namespace n on n.oid = o.opcnamespace
      where i.indexrelid = to_regclass('${INDEX}') and i.indisvalid`,
  });
  return rows[0] ?? null;
}

/** Whether the library that is first in the search path has the table, with or without its index. */
export async function hasHalfVectors(client: Pick<ClientBase, 'query'>): Promise<boolean> {
  const { rows } = await client.query<{ is: boolean }>({
    name: 'half-vectors',
    text: `select to_regclass('${TABLE}') is not null as is`,
  });
  return rows[0]!.is;
}

/** Clips of the library that is first in the search path some of whose vectors are not in the table. */
export async function findUnindexedClips(client: Pick<ClientBase, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ event_id: string }>(
    `select c.event_id from clips c where c.state = 'live' and
       (select count(*) from frame_vectors v where v.event_id = c.event_id) >
       (select count(*) from ${TABLE} h where h.event_id = c.event_id)
     order by c.event_id`,
  );
  return rows.map(({ event_id }) => event_id);
}

/** Takes a clip's vectors from the table. */
export async function deleteHalfVectors(client: ClientBase, clip: string): Promise<void> {
  await client.query(`delete from ${TABLE} where event_id = $1`, [clip]);
}

/** Puts those vectors of a clip into the table that are not there, in the caller's transaction, which holds off changes of the clip. */
export async function fillHalfVectors(client: ClientBase, clip: string): Promise<void> {
  const columns = `${TABLE} (event_id, frame_index, model_version, vector)`;
  const missing = `select v.frame_index, v.model_version, v.vector from frame_vectors v
    where v.event_id = ${escapeLiteral(clip)} and not exists
      (select 1 from ${TABLE} h where h.event_id = v.event_id and h.frame_index = v.frame_index)
    order by v.frame_index limit ${VECTORS_AT_ONCE}`;
  for (;;) {
    const rows = [];
    for await (const [frameIndex, model, vector] of readCopy(client, missing))
      rows.push([textField(clip), frameIndex!, model!, halfField(vector!)]);
    if (rows.length > 0) await copyRows(client, columns, rows);
    if (rows.length < VECTORS_AT_ONCE) return;
  }
}

/** A vector of `frame_vectors` as pgvector's `halfvec` in binary: how many numbers, nothing, and the numbers. */
function halfField(bytes: Buffer): Buffer {
  if (bytes.length !== ROW_BYTES) throw new Error('A vector has another length.');
  const values = Float32Array.from({ length: EMBEDDING_DIMENSION }, (_, i) => bytes.readFloatLE(4 * i));
  const field = Buffer.allocUnsafe(4 + 2 * EMBEDDING_DIMENSION);
  field.writeInt16BE(EMBEDDING_DIMENSION);
  field.writeInt16BE(0, 2);
  toFloat16(values).forEach((half, i) => field.writeUInt16BE(half, 4 + 2 * i));
  return field;
}

/** What `buildVectorIndex` is told, and tells. */
export interface BuildOptions {
  /** Memory for building, in megabytes; beyond it pgvector works on disk, many times as slowly. */
  megabytes: number;
  /** Told how many vectors are in the table, of how many. */
  onFilled?: (done: number, total: number) => void;
}

/**
 * Makes the index of a library, or brings it up to date. It may be cut off and begun again, and devices may go on pushing.
 * Returns how many vectors it has.
 *
 * @throws FramesiftError `bad-input` where the database has no pgvector, or an old one
 */
export async function buildVectorIndex(
  owner: ClientBase,
  id: string,
  { megabytes, onFilled = () => undefined }: BuildOptions,
): Promise<number> {
  const schema = await findPgvector(owner, id);
  await inTransaction(owner, async () => {
    const wasFrozen = await isFrozen(owner, id);
    await owner.query(`set local search_path = ${schemaOf(id)}`);
    await owner.query(
      `create table if not exists ${TABLE} (
         event_id text not null references events (id) on delete cascade,
         frame_index integer not null,
         model_version varchar(50) not null,
         vector ${schema}.halfvec(${EMBEDDING_DIMENSION}) not null,
         primary key (event_id, frame_index))`,
    );
    await grantRights(owner, id, wasFrozen);
  });
  await owner.query(`set search_path = ${schemaOf(id)}`);
  try {
    await fillIndex(owner, onFilled);
    await makeIndex(owner, schema, megabytes);
    // What a commit added that had looked for the table before it was there.
    await fillIndex(owner);
    const { rows } = await owner.query<{ count: string }>(`select count(*) as count from ${TABLE}`);
    return Number(rows[0]!.count);
  } finally {
    await owner.query('reset search_path');
  }
}

/** Removes the index of a library and its table. Returns whether there was one. */
export async function dropVectorIndex(owner: ClientBase, id: string): Promise<boolean> {
  return inTransaction(owner, async () => {
    await owner.query(`set local search_path = ${schemaOf(id)}`);
    const was = await hasHalfVectors(owner);
    await owner.query(`drop table if exists ${TABLE}`);
    return was;
  });
}

/** Puts what is missing of each clip into the table, a transaction a clip. The library is first in the search path. */
export async function fillIndex(
  owner: ClientBase,
  onFilled: NonNullable<BuildOptions['onFilled']> = () => undefined,
): Promise<void> {
  const { rows } = await owner.query<{ event_id: string; vectors: number }>(
    `select event_id, vectors from clips where state = 'live' order by change_seq`,
  );
  const vectorsOf = new Map(rows.map(({ event_id, vectors }) => [event_id, vectors]));
  const total = rows.reduce((sum, { vectors }) => sum + vectors, 0);
  const clips = await findUnindexedClips(owner);
  let done = total - clips.reduce((sum, clip) => sum + (vectorsOf.get(clip) ?? 0), 0);
  for (const clip of clips) {
    await inTransaction(owner, async () => {
      await owner.query('select 1 from clips where event_id = $1 for share', [clip]);
      await fillHalfVectors(owner, clip);
    });
    done += vectorsOf.get(clip) ?? 0;
    onFilled(done, total);
  }
}

/** Makes the index unless there is one. `concurrently`: commits go on. What a cut-off attempt left is of no use. */
async function makeIndex(owner: ClientBase, schema: string, megabytes: number): Promise<void> {
  if (await findVectorIndex(owner)) return;
  await owner.query(`drop index if exists ${INDEX}`);
  await owner.query(`set maintenance_work_mem = '${megabytes}MB'`);
  await owner.query('set statement_timeout = 0');
  try {
    await owner.query(
      `create index concurrently ${INDEX} on ${TABLE} using hnsw (vector ${schema}.halfvec_ip_ops) with (${BUILD_OPTIONS})`,
    );
  } finally {
    await owner.query('reset maintenance_work_mem');
    await owner.query('reset statement_timeout');
  }
}

/** The schema in which pgvector is, which the library's role may use. */
async function findPgvector(owner: ClientBase, id: string): Promise<string> {
  const { rows } = await owner.query<{ version: string; schema: string; isUsable: boolean }>(
    `select e.extversion as version, quote_ident(n.nspname) as schema,
       has_schema_privilege($1, n.oid, 'usage') as "isUsable"
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`,
    [roleOf(id)],
  );
  const [found] = rows;
  if (!found)
    throw new FramesiftError(
      'bad-input',
      'This database has no pgvector. Install it on the server, then run “create extension vector” in this database as its administrator.',
    );
  const version = found.version.split('.').map(Number);
  if (version[0]! * 1000 + (version[1] ?? 0) < LEAST_VERSION[0]! * 1000 + LEAST_VERSION[1]!)
    throw new FramesiftError(
      'bad-input',
      `This database has pgvector ${found.version}; ${LEAST_VERSION.join('.')} or newer is needed. Install it on the server, then run “alter extension vector update”.`,
    );
  if (!found.isUsable)
    throw new FramesiftError(
      'bad-input',
      `The libraries’ roles may not use the schema ${found.schema}, where pgvector is. Run “grant usage on schema ${found.schema} to public” as the database’s administrator.`,
    );
  return found.schema;
}
