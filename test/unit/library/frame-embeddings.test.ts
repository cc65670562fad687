import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '@/lib/library/database';
import { createClip, deleteClip } from '@/lib/library/clips';
import {
  deleteFrameEmbeddings,
  getFrameEmbeddings,
  storedFrameIndexes,
  storeFrameEmbedding,
  storeFrameEmbeddingsBatch,
} from '@/lib/library/frame-embeddings';
import { FramesiftError } from '@/lib/shared/errors';
import { emptyTables, openMemoryDatabase, randomEmbedding, snapshot } from './support';

const MODEL = 'clip-test@1/fp32/p1';
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let pg: PGlite;
let db: Database;
let clipId: string;

beforeAll(async () => {
  const opened = await openMemoryDatabase();
  pg = opened.pg;
  db = opened.connection.db;
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  clipId = (await createClip(db, { description: 'a clip' })).id;
});

const rows = (...frameIndexes: number[]) =>
  frameIndexes.map((frameIndex) => ({ frameIndex, embedding: randomEmbedding(frameIndex) }));

describe('storing', () => {
  it('returns the ids of the rows, in the order of the batch', async () => {
    const ids = await storeFrameEmbeddingsBatch(db, clipId, rows(5, 0, 3), MODEL);
    expect(ids).toHaveLength(3);
    expect(ids.every((id) => UUID_V4.test(id))).toBe(true);
    const stored = await getFrameEmbeddings(db, clipId);
    expect(stored.map(({ id, frameIndex }) => [id, frameIndex])).toEqual([
      [ids[1], 0],
      [ids[2], 3],
      [ids[0], 5],
    ]);
  });

  it('keeps an embedding bit for bit and writes it as a JSON array of numbers', async () => {
    const embedding = randomEmbedding(7);
    const id = await storeFrameEmbedding(db, { clipId, frameIndex: 0, embedding, modelVersion: MODEL });
    const [stored] = await getFrameEmbeddings(db, clipId);
    expect(stored).toEqual({ id, frameIndex: 0, embedding, modelVersion: MODEL });
    const raw = await pg.query<{ embedding: string }>('select embedding from frame_embeddings');
    expect(JSON.parse(raw.rows[0]!.embedding)).toHaveLength(512);
  });

  it('brings other embeddings to unit length, from plain numbers too', async () => {
    const embedding = Array.from({ length: 512 }, (_, i) => (i === 3 ? 30 : i === 4 ? -40 : 0));
    await storeFrameEmbedding(db, { clipId, frameIndex: 0, embedding, modelVersion: MODEL });
    const [stored] = await getFrameEmbeddings(db, clipId);
    expect([stored!.embedding[3], stored!.embedding[4]]).toEqual([Math.fround(0.6), Math.fround(-0.8)]);
  });

  it('replaces the embedding of a frame and returns the id that is in the table', async () => {
    const [first, second] = await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1), MODEL);
    const again = await storeFrameEmbeddingsBatch(
      db,
      clipId,
      [
        { frameIndex: 1, embedding: randomEmbedding(99) },
        { frameIndex: 2, embedding: randomEmbedding(2) },
      ],
      'other-model',
    );
    expect(again[0]).toBe(second);
    const stored = await getFrameEmbeddings(db, clipId);
    expect(stored.map((row) => [row.id, row.modelVersion])).toEqual([
      [first, MODEL],
      [second, 'other-model'],
      [again[1], 'other-model'],
    ]);
    expect(stored[1]!.embedding).toEqual(randomEmbedding(99));
  });

  it('gives one frame of one model where that is asked for', async () => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1, 2), MODEL);
    const [row, ...others] = await getFrameEmbeddings(db, clipId, { modelVersion: MODEL, frameIndex: 1 });
    expect(others).toEqual([]);
    expect(row).toMatchObject({ frameIndex: 1, embedding: randomEmbedding(1) });
    expect(await getFrameEmbeddings(db, clipId, { modelVersion: 'other-model', frameIndex: 1 })).toEqual([]);
    expect(await getFrameEmbeddings(db, clipId, { frameIndex: 3 })).toEqual([]);
  });

  it('takes an empty batch and one of many inserts', async () => {
    expect(await storeFrameEmbeddingsBatch(db, clipId, [], MODEL)).toEqual([]);
    const many = Array.from({ length: 250 }, (_, i) => i);
    expect(new Set(await storeFrameEmbeddingsBatch(db, clipId, rows(...many), MODEL)).size).toBe(250);
    expect(await storedFrameIndexes(db, clipId, MODEL)).toEqual(many);
  });
});

describe('refusing', () => {
  const embedding = randomEmbedding(1);
  const bad = (change: (values: Float32Array) => void) => {
    const values = embedding.slice();
    change(values);
    return values;
  };
  const cases: [
    string,
    string,
    { frameIndex: number; embedding: Float32Array | number[] }[],
    string,
    string?,
  ][] = [
    [
      'an embedding that is too short',
      'bad-input',
      [{ frameIndex: 1, embedding: embedding.slice(1) }],
      MODEL,
    ],
    ['an empty embedding', 'bad-input', [{ frameIndex: 1, embedding: [] }], MODEL],
    ['NaN', 'bad-input', [{ frameIndex: 1, embedding: bad((v) => (v[9] = NaN)) }], MODEL],
    ['infinity', 'bad-input', [{ frameIndex: 1, embedding: bad((v) => (v[0] = -Infinity)) }], MODEL],
    ['the zero embedding', 'bad-input', [{ frameIndex: 1, embedding: bad((v) => v.fill(0)) }], MODEL],
    ['a negative index', 'bad-input', [{ frameIndex: -1, embedding: embedding }], MODEL],
    ['half an index', 'bad-input', [{ frameIndex: 0.5, embedding: embedding }], MODEL],
    ['an index beyond integer', 'bad-input', [{ frameIndex: 2 ** 31 - 1, embedding: embedding }], MODEL],
    [
      'one bad embedding among good ones',
      'bad-input',
      [...rows(1, 2), { frameIndex: 3, embedding: [1] }],
      MODEL,
    ],
    ['a frame twice', 'bad-input', rows(4, 4), MODEL],
    ['an empty model version', 'bad-input', rows(1), '  '],
    ['a model version of 51 characters', 'bad-input', rows(1), 'x'.repeat(51)],
    ['an unknown clip', 'unknown-clip', rows(1), MODEL, 'nobody'],
  ];

  it.each(cases)('%s changes nothing', async (_, code, batch, modelVersion, event) => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1), MODEL);
    const before = await snapshot(pg);
    const attempt = storeFrameEmbeddingsBatch(db, event ?? clipId, batch, modelVersion);
    await expect(attempt).rejects.toThrow(FramesiftError);
    await expect(attempt).rejects.toMatchObject({ code });
    expect(await snapshot(pg)).toEqual(before);
    // The session is as usable as before.
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1), MODEL);
  });

  it('takes a model version of 50 characters, counted as PostgreSQL does', async () => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(0), '𝄞'.repeat(50));
    expect(await storedFrameIndexes(db, clipId, '𝄞'.repeat(50))).toEqual([0]);
  });

  it('a batch of which a row is lost leaves nothing', async () => {
    await pg.exec(`
      create function lose_frame_13() returns trigger language plpgsql as 'begin return null; end';
      create trigger lose_frame_13 before insert on frame_embeddings
        for each row when (new.frame_index = 13) execute function lose_frame_13();`);
    try {
      const before = await snapshot(pg);
      await expect(storeFrameEmbeddingsBatch(db, clipId, rows(12, 13, 14), MODEL)).rejects.toMatchObject({
        code: 'write-incomplete',
        transient: true,
      });
      expect(await snapshot(pg)).toEqual(before);
    } finally {
      await pg.exec('drop trigger lose_frame_13 on frame_embeddings; drop function lose_frame_13');
    }
  });
});

describe('reading and deleting', () => {
  it('orders by frame index, over pages', async () => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(...Array.from({ length: 30 }, (_, i) => 29 - i)), MODEL);
    await pg.query(
      `insert into frame_embeddings select gen_random_uuid()::text, event_id, frame_index + 100 * n, embedding,
       model_version, created_at from frame_embeddings, generate_series(1, 40) n`,
    );
    const stored = await getFrameEmbeddings(db, clipId);
    expect(stored).toHaveLength(30 * 41);
    expect(stored.every((row, i) => i === 0 || row.frameIndex > stored[i - 1]!.frameIndex)).toBe(true);
  });

  it('tells models apart', async () => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1, 2), MODEL);
    await storeFrameEmbeddingsBatch(db, clipId, rows(1), 'other');
    const indexes = async (modelVersion: string) =>
      (await getFrameEmbeddings(db, clipId, { modelVersion })).map((row) => row.frameIndex);
    expect(await indexes(MODEL)).toEqual([0, 2]);
    expect(await indexes('other')).toEqual([1]);
    expect(await indexes('unheard of')).toEqual([]);
  });

  it('is empty for a clip without embeddings and for no clip', async () => {
    expect(await getFrameEmbeddings(db, clipId)).toEqual([]);
    expect(await getFrameEmbeddings(db, 'nobody')).toEqual([]);
    expect(await deleteFrameEmbeddings(db, 'nobody')).toBe(0);
  });

  it('deletes one clip’s embeddings and says how many', async () => {
    const other = (await createClip(db, { description: 'another' })).id;
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1, 2), MODEL);
    await storeFrameEmbeddingsBatch(db, other, rows(0), MODEL);
    expect(await deleteFrameEmbeddings(db, clipId)).toBe(3);
    expect(await getFrameEmbeddings(db, other)).toHaveLength(1);
  });

  it('loses the embeddings with their clip', async () => {
    await storeFrameEmbeddingsBatch(db, clipId, rows(0, 1), MODEL);
    expect(await deleteClip(db, clipId)).toBe(true);
    expect((await pg.query('select 1 from frame_embeddings')).rows).toEqual([]);
  });
});
