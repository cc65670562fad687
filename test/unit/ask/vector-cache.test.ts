import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_SEARCHED_ROWS, VectorCache, type VectorSource } from '@/lib/ask/vector-cache';
import type { DatabaseConnection } from '@/lib/db/client';
import { type ClipDatabase, type VectorStamp } from '@/lib/db/clip-database';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import {
  embeddedFrame,
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  randomUnitVector,
  storeMany,
} from '../db/support';

const MODEL = 'clip-test@1/fp32/p1';

// PostgreSQL in WebAssembly is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let pg: PGlite;
let connection: DatabaseConnection;
let database: ClipDatabase;
let source: CountingSource;
let cache: VectorCache;
let eventId: string;
let nowMs = 0;

/** The library of this page, counting what is asked of it. */
class CountingSource implements VectorSource {
  stamps = 0;
  rowsRead = 0;
  readonly #database: ClipDatabase;
  /** Runs between the stamp and the rows, once. */
  meanwhile: (() => Promise<unknown>) | undefined;
  /** The same, every time. */
  always: (() => Promise<unknown>) | undefined;

  constructor(database: ClipDatabase) {
    this.#database = database;
  }

  changeCounts(eventIds: string[]): Promise<number[]> {
    return Promise.resolve(this.#database.changeCounts(eventIds));
  }

  vectorStamps(modelVersion: string, eventIds: string[]): Promise<VectorStamp[]> {
    this.stamps += 1;
    return this.#database.vectorStamps(modelVersion, eventIds);
  }

  async readVectors(...args: Parameters<ClipDatabase['readVectors']>) {
    await this.always?.();
    const meanwhile = this.meanwhile;
    this.meanwhile = undefined;
    await meanwhile?.();
    const page = await this.#database.readVectors(...args);
    this.rowsRead += page.packed.frameIndexes.length;
    return page;
  }

  /** What was asked since the last call: stamp queries and rows. */
  take(): [number, number] {
    const taken: [number, number] = [this.stamps, this.rowsRead];
    this.stamps = this.rowsRead = 0;
    return taken;
  }
}

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  database = makeClipDatabase(connection);
  source = new CountingSource(database);
  nowMs = 0;
  cache = new VectorCache(source, { now: () => nowMs });
  eventId = await addClip();
});

async function addClip(...indexes: number[]): Promise<string> {
  const { id } = await database.createEvent({ description: 'a clip' });
  if (indexes.length > 0) await database.storeFrameBatch(id, frames(...indexes), MODEL);
  return id;
}

const frames = (...indexes: number[]) => indexes.map((index) => embeddedFrame(index));

async function read(modelVersion = MODEL, options?: { fresh?: boolean }) {
  const [found] = await cache.read(modelVersion, [eventId], options);
  const { frameIndexes, timestampsMs, spansMs, vectors } = found!;
  return {
    frameIndexes: [...frameIndexes],
    timestampsMs: [...timestampsMs],
    spansMs: [...spansMs],
    rows: [...frameIndexes].map((_, i) => vectors.slice(i * 512, (i + 1) * 512)),
  };
}

const expected = (...stored: EmbeddedFrame[]) => ({
  frameIndexes: stored.map((f) => f.frameIndex),
  timestampsMs: stored.map((f) => f.timestampMs),
  spansMs: stored.flatMap(({ span }) => (span ? [span.startMs, span.endMs] : [NaN, NaN])),
  rows: stored.map((f) => f.embedding),
});

describe('what is read', () => {
  it('is one model’s rows in frame order, nothing of nothing', async () => {
    expect(await read()).toEqual(expected());
    await database.storeFrameBatch(eventId, frames(2, 0, 1), MODEL);
    await database.storeFrameBatch(eventId, frames(9), 'other');
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    expect(await read('other')).toEqual(expected(embeddedFrame(9)));
    expect(await cache.read(MODEL, ['nobody'])).toMatchObject([{ stamp: { rows: 0, otherRows: 0 } }]);
  });

  it('follows every write of this page at once, without an announcement', async () => {
    await database.storeFrameBatch(eventId, frames(0, 4), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 4)));
    await database.storeFrameBatch(eventId, frames(2), MODEL); // between
    expect(await read()).toEqual(expected(...frames(0, 2, 4)));
    await database.storeFrameBatch(eventId, [embeddedFrame(2, 77)], MODEL); // replaced
    expect(await read()).toEqual(expected(embeddedFrame(0), embeddedFrame(2, 77), embeddedFrame(4)));
    await database.storeFrameBatch(eventId, frames(5, 6), MODEL); // appended
    await database.storeFrameBatch(eventId, frames(7), MODEL);
    expect(await read()).toEqual(expected(embeddedFrame(0), embeddedFrame(2, 77), ...frames(4, 5, 6, 7)));
    await database.storeFrameBatch(eventId, frames(0), 'other'); // read again with another model
    expect(await read()).toEqual(expected(embeddedFrame(2, 77), ...frames(4, 5, 6, 7)));
    await database.deleteFrameEmbeddings(eventId);
    await database.storeFrameBatch(eventId, frames(1, 2, 3, 8, 9), MODEL); // as many as before
    expect(await read()).toEqual(expected(...frames(1, 2, 3, 8, 9)));
    await database.deleteEvent(eventId);
    expect(await read()).toEqual(expected());
  });

  it('comes from the drafts of the model that asks, until they take their place', async () => {
    const asDraft = { asDraft: true };
    await database.storeFrameBatch(eventId, frames(0, 1, 2), MODEL);
    await database.storeFrameBatch(eventId, [embeddedFrame(1, 51)], 'newer', asDraft);
    expect(await read('newer')).toEqual(expected(embeddedFrame(1, 51)));
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    await database.storeFrameBatch(eventId, [embeddedFrame(0, 50), embeddedFrame(2, 52)], 'newer', asDraft);
    expect(await read('newer')).toEqual(
      expected(embeddedFrame(0, 50), embeddedFrame(1, 51), embeddedFrame(2, 52)),
    );
    await database.finishReembedding(eventId, 'newer');
    expect(await read('newer')).toEqual(
      expected(embeddedFrame(0, 50), embeddedFrame(1, 51), embeddedFrame(2, 52)),
    );
    expect(await read()).toEqual(expected());
  });

  it('is right where rows come and go between the stamp and the rows', async () => {
    await database.storeFrameBatch(eventId, frames(0, 1, 2), MODEL);
    source.meanwhile = () => database.storeFrameBatch(eventId, frames(3), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 1, 2, 3)));
    await database.storeFrameBatch(eventId, frames(4), MODEL);
    source.meanwhile = async () => {
      await database.deleteFrameEmbeddings(eventId);
      await database.storeFrameBatch(eventId, frames(1, 9), MODEL);
    };
    await read();
    expect(await read()).toEqual(expected(...frames(1, 9)));
    source.meanwhile = () => database.deleteEvent(eventId);
    await database.storeFrameBatch(eventId, frames(5), MODEL);
    expect(await read()).toEqual(expected());
  });

  it('is right while a clip is being read, whose next batch always comes before', async () => {
    let stored = 0;
    source.always = () => database.storeFrameBatch(eventId, frames(stored++, stored++), MODEL);
    for (let question = 0; question < 12; question += 1) {
      await source.always();
      const found = await read();
      expect(found).toEqual(expected(...frames(...Array.from({ length: stored }, (_, index) => index))));
    }
    expect(stored).toBe(2 * 2 * 12);
  });

  it('comes in pages and is put together', async () => {
    const indexes = Array.from({ length: 4500 }, (_, index) => index);
    await storeMany(connection, eventId, MODEL, indexes.length, 1);
    // One more while the first page is read.
    source.meanwhile = () => database.storeFrameBatch(eventId, [embeddedFrame(4500, 3)], MODEL);
    const found = await read();
    expect(found.frameIndexes).toEqual([...indexes, 4500]);
    for (const [index, seed] of [
      [0, 1],
      [3999, 1],
      [4000, 1],
      [4499, 1],
      [4500, 3],
    ] as const) {
      expect(found.rows[index]).toEqual(randomUnitVector(seed));
    }
  });
});

describe('what is asked of the library', () => {
  beforeEach(() => database.storeFrameBatch(eventId, frames(0, 1, 2), MODEL));

  it('is nothing while nothing changes, and new rows alone while a clip grows', async () => {
    await read();
    expect(source.take()).toEqual([1, 3]);
    await read();
    expect(source.take()).toEqual([0, 0]);
    await database.storeFrameBatch(eventId, frames(3), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 1, 2, 3)));
    expect(source.take()).toEqual([1, 1]);
    await database.updateEvent(eventId, { ingestState: 'done' });
    await read();
    expect(source.take()).toEqual([1, 0]);
  });

  it('another tab’s change is looked for when it is heard of, when wanted, and after a minute', async () => {
    const otherTab = makeClipDatabase(connection);
    await read();
    await otherTab.storeFrameBatch(eventId, frames(3), MODEL);
    cache.noteChange(eventId);
    expect(await read()).toEqual(expected(...frames(0, 1, 2, 3)));
    await otherTab.storeFrameBatch(eventId, [embeddedFrame(1, 77)], MODEL);
    expect((await read(MODEL, { fresh: true })).rows[1]).toEqual(randomUnitVector(77));
    await otherTab.deleteEvent(eventId);
    source.take();
    nowMs = 59_000;
    await read();
    expect(source.take()).toEqual([0, 0]);
    nowMs = 61_000;
    expect(await read()).toEqual(expected());
  });

  it('a change that is heard of while the rows are read is looked for the next time', async () => {
    const otherTab = makeClipDatabase(connection);
    source.meanwhile = async () => {
      await otherTab.storeFrameBatch(eventId, [embeddedFrame(1, 77)], MODEL);
      cache.noteChange(eventId);
    };
    await read();
    await otherTab.storeFrameBatch(eventId, [embeddedFrame(2, 78)], MODEL);
    expect((await read()).rows[2]).toEqual(randomUnitVector(78));
  });

  it('two questions at once read the rows once', async () => {
    const [a, b] = await Promise.all([read(), read()]);
    expect(a).toEqual(b);
    expect(source.rowsRead).toBe(3);
  });

  it('keeps versions apart: the same rows are the same object, others are another', async () => {
    const [first] = await cache.read(MODEL, [eventId]);
    expect((await cache.read(MODEL, [eventId], { fresh: true }))[0]).toBe(first);
    await database.storeFrameBatch(eventId, frames(3), MODEL);
    const [second] = await cache.read(MODEL, [eventId]);
    expect(second!.version).not.toBe(first!.version);
    // Whoever still holds the first sees what it was.
    expect([...first!.frameIndexes]).toEqual([0, 1, 2]);
  });
});

describe('join', () => {
  it('lays clips end to end without a second copy, in any order, again and again', async () => {
    const ids = [await addClip(0, 1), await addClip(5), eventId, await addClip(2, 3)];
    const seeds = [[0, 1], [5], [], [2, 3]];
    for (const order of [[0, 1, 2, 3], [3, 1], [1, 3, 0], [1], [0, 1, 2, 3], [2]]) {
      const parts = await cache.read(
        MODEL,
        order.map((at) => ids[at]!),
      );
      const joined = cache.join(parts);
      const rows = Array.from({ length: joined.length / 512 }, (_, row) =>
        joined.slice(row * 512, (row + 1) * 512),
      );
      expect(rows).toEqual(order.flatMap((at) => seeds[at]!.map((seed) => randomUnitVector(seed))));
      for (const { vectors } of parts) if (vectors.length > 0) expect(vectors.buffer).toBe(joined.buffer);
      if (joined.length > 0) expect(cache.join(parts).buffer).toBe(joined.buffer);
    }
  });

  it('and a clip that grows afterwards is right too', async () => {
    const other = await addClip(7);
    await database.storeFrameBatch(eventId, frames(0), MODEL);
    cache.join(await cache.read(MODEL, [eventId, other]));
    await database.storeFrameBatch(eventId, frames(1), MODEL);
    const joined = cache.join(await cache.read(MODEL, [eventId, other]));
    expect(joined.slice(512, 1024)).toEqual(randomUnitVector(1));
    expect(joined.slice(1024)).toEqual(randomUnitVector(7));
  });
});

describe('how much is kept', () => {
  it('is what was used last, and the beginning of a scope that is too large', async () => {
    cache = new VectorCache(source, { maxRows: 5 });
    const ids = [await addClip(0, 1), await addClip(2, 3), await addClip(4, 5)];
    await cache.read(MODEL, ids);
    expect(cache.rows).toBe(4);
    source.take();
    await cache.read(MODEL, [ids[0]!, ids[1]!]);
    expect(source.take()).toEqual([0, 0]);
    await cache.read(MODEL, [ids[2]!]);
    expect(source.take()).toEqual([1, 2]);
    await cache.read(MODEL, [ids[0]!]);
    expect(source.take()).toEqual([0, 0]);
    await cache.read(MODEL, [ids[1]!]);
    expect(source.take()).toEqual([1, 2]);
  });

  it('is one clip, however long', async () => {
    cache = new VectorCache(source, { maxRows: 1 });
    await database.storeFrameBatch(eventId, frames(0, 1, 2), MODEL);
    await read();
    source.take();
    await read();
    expect(source.take()).toEqual([0, 0]);
  });

  it('more than memory can hold is refused before it is read', async () => {
    const stamps = () =>
      Promise.resolve([
        { source: 'stored' as const, rows: MAX_SEARCHED_ROWS + 1, newest: '9', otherRows: 0 },
      ]);
    vi.spyOn(source, 'vectorStamps').mockImplementation(stamps);
    await expect(read()).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/Choose fewer clips/) as string,
    });
  });
});
