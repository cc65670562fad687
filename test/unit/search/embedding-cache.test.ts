import type { EmbeddingSource, SearchedSet } from '@/lib/ports/library';
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { revisionsOf } from '@/lib/ask/revisions';
import { MAX_SEARCHED_ROWS, EmbeddingCache, type EmbeddingFiles } from '@/lib/search/embedding-cache';
import { embeddingFilesIn } from '@/lib/search/embedding-files';
import type { DatabaseConnection } from '@/lib/library/client';
import type { EditedFile as FileAccess } from '@/lib/files/file-tree';
import { ClipFiles } from '@/lib/library/clip-files';
import { OpfsTree } from '@/lib/files/opfs-tree';
import type { ClipDatabase } from '@/lib/library/clip-database';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { FakeDirectory } from '../../support/fake-opfs';
import {
  embeddedFrame,
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  randomEmbedding,
  storeMany,
} from '../library/support';

const MODEL = 'clip-test@1/fp32/p1';

// PostgreSQL in WebAssembly is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let pg: PGlite;
let connection: DatabaseConnection;
let database: ClipDatabase;
let source: CountingSource;
let cache: EmbeddingCache;
let clipId: string;
let root: FakeDirectory;
let files: EmbeddingFiles | null;

/** The library of this page, counting what is asked of it. */
class CountingSource implements EmbeddingSource {
  asked = 0;
  packed = 0;
  readonly #database: ClipDatabase;
  /** Runs between what is said of a set and its rows, once. */
  meanwhile: (() => Promise<unknown>) | undefined;
  /** The same, every time. */
  always: (() => Promise<unknown>) | undefined;

  constructor(database: ClipDatabase) {
    this.#database = database;
  }

  async searchedSets(modelVersion: string, clipIds: string[]): Promise<SearchedSet[]> {
    this.asked += 1;
    const sets = await this.#database.searchedSets(modelVersion, clipIds);
    await this.always?.();
    const meanwhile = this.meanwhile;
    this.meanwhile = undefined;
    await meanwhile?.();
    return sets;
  }

  readEmbeddings(...args: Parameters<ClipDatabase['readEmbeddings']>) {
    return this.#database.readEmbeddings(...args);
  }

  packEmbeddings(...args: Parameters<ClipDatabase['packEmbeddings']>) {
    this.packed += 1;
    return this.#database.packEmbeddings(...args);
  }

  /** How often the library was asked since the last call. */
  take(): number {
    const taken = this.asked;
    this.asked = 0;
    return taken;
  }
}

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(() => emptyTables(pg));

/** A library whose embeddings lie in files beside it, or come from the database alone. */
async function openLibrary(hasFiles: boolean): Promise<void> {
  root = new FakeDirectory({ hasAccess: hasFiles });
  files = hasFiles ? embeddingFilesIn(Promise.resolve(new OpfsTree(root.asHandle()))) : null;
  database = makeClipDatabase(connection, root);
  source = new CountingSource(database);
  cache = new EmbeddingCache(source, files);
  clipId = await addClip();
}

async function addClip(...indexes: number[]): Promise<string> {
  const { id } = await database.createClip({ description: 'a clip' });
  if (indexes.length > 0) await database.storeFrameBatch(id, frames(...indexes), MODEL);
  return id;
}

const frames = (...indexes: number[]) => indexes.map((index) => embeddedFrame(index));

/** As an asker does that knows no revisions. */
const asked = (...clipIds: string[]) => clipIds.map((id) => ({ clipId: id }));

/** As one does that has listed the library. */
async function askedAsListed(...clipIds: string[]) {
  const revisions = revisionsOf(await database.listClips(), MODEL);
  return clipIds.map((id) => ({ clipId: id, revision: revisions[id] }));
}

async function read(modelVersion = MODEL) {
  const [found] = await cache.read(modelVersion, asked(clipId));
  const { frameIndexes, timestampsMs, spansMs, embeddings } = found!;
  return {
    frameIndexes: [...frameIndexes],
    timestampsMs: [...timestampsMs],
    spansMs: [...spansMs],
    rows: [...frameIndexes].map((_, i) => embeddings.slice(i * 512, (i + 1) * 512)),
  };
}

const expected = (...stored: EmbeddedFrame[]) => ({
  frameIndexes: stored.map((f) => f.frameIndex),
  timestampsMs: stored.map((f) => f.timestampMs),
  spansMs: stored.flatMap(({ span }) => (span ? [span.startMs, span.endMs] : [NaN, NaN])),
  rows: stored.map((f) => f.embedding),
});

describe.each([
  ['from files', true],
  ['from the database', false],
])('what is read %s', (_, hasFiles) => {
  beforeEach(() => openLibrary(hasFiles));

  it('is one model’s rows in frame order, nothing of nothing', async () => {
    expect(await read()).toEqual(expected());
    await database.storeFrameBatch(clipId, frames(2, 0, 1), MODEL);
    await database.storeFrameBatch(clipId, frames(9), 'other');
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    expect(await read('other')).toEqual(expected(embeddedFrame(9)));
    expect(await cache.read(MODEL, asked('nobody'))).toMatchObject([{ state: null, otherFrames: 0 }]);
  });

  it('follows every write at once', async () => {
    await database.storeFrameBatch(clipId, frames(0, 4), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 4)));
    await database.storeFrameBatch(clipId, frames(2), MODEL); // between
    expect(await read()).toEqual(expected(...frames(0, 2, 4)));
    await database.storeFrameBatch(clipId, [embeddedFrame(2, 77)], MODEL); // replaced
    expect(await read()).toEqual(expected(embeddedFrame(0), embeddedFrame(2, 77), embeddedFrame(4)));
    await database.storeFrameBatch(clipId, frames(5, 6), MODEL); // appended
    await database.storeFrameBatch(clipId, frames(7), MODEL);
    expect(await read()).toEqual(expected(embeddedFrame(0), embeddedFrame(2, 77), ...frames(4, 5, 6, 7)));
    await database.storeFrameBatch(clipId, frames(0), 'other'); // read again with another model
    expect(await read()).toEqual(expected(embeddedFrame(2, 77), ...frames(4, 5, 6, 7)));
    await database.deleteFrameEmbeddings(clipId);
    await database.storeFrameBatch(clipId, frames(1, 2, 3, 8, 9), MODEL); // as many as before
    expect(await read()).toEqual(expected(...frames(1, 2, 3, 8, 9)));
    await database.deleteClip(clipId);
    expect(await read()).toEqual(expected());
  });

  it('comes from the drafts of the model that asks, until they take their place', async () => {
    const asDraft = { asDraft: true };
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
    await database.storeFrameBatch(clipId, [embeddedFrame(1, 51)], 'newer', asDraft);
    expect(await read('newer')).toEqual(expected(embeddedFrame(1, 51)));
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    await database.storeFrameBatch(clipId, [embeddedFrame(0, 50), embeddedFrame(2, 52)], 'newer', asDraft);
    expect(await read('newer')).toEqual(
      expected(embeddedFrame(0, 50), embeddedFrame(1, 51), embeddedFrame(2, 52)),
    );
    await database.finishReembedding(clipId, 'newer');
    expect(await read('newer')).toEqual(
      expected(embeddedFrame(0, 50), embeddedFrame(1, 51), embeddedFrame(2, 52)),
    );
    expect(await read()).toEqual(expected());
  });

  it('is right where rows come and go between the answer about them and the rows', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
    source.meanwhile = () => database.storeFrameBatch(clipId, frames(3), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 1, 2, 3)));
    await database.storeFrameBatch(clipId, frames(4), MODEL);
    source.meanwhile = async () => {
      await database.deleteFrameEmbeddings(clipId);
      await database.storeFrameBatch(clipId, frames(1, 9), MODEL);
    };
    await read();
    expect(await read()).toEqual(expected(...frames(1, 9)));
    source.meanwhile = () => database.deleteClip(clipId);
    await database.storeFrameBatch(clipId, frames(5), MODEL);
    expect(await read()).toEqual(expected());
  });

  it('is right while a clip is being read, whose next batch always comes before', async () => {
    let stored = 0;
    source.always = () => database.storeFrameBatch(clipId, frames(stored++, stored++), MODEL);
    for (let question = 0; question < 12; question += 1) {
      await source.always();
      const found = await read();
      expect(found).toEqual(expected(...frames(...Array.from({ length: stored }, (_, index) => index))));
    }
    expect(stored).toBe(2 * 2 * 12);
  });

  it('comes in pages and is put together', async () => {
    const indexes = Array.from({ length: 4500 }, (_, index) => index);
    await storeMany(connection, clipId, MODEL, indexes.length, 1);
    // One more while the first page is read.
    source.meanwhile = () => database.storeFrameBatch(clipId, [embeddedFrame(4500, 3)], MODEL);
    const found = await read();
    expect(found.frameIndexes).toEqual([...indexes, 4500]);
    for (const [index, seed] of [
      [0, 1],
      [3999, 1],
      [4000, 1],
      [4499, 1],
      [4500, 3],
    ] as const) {
      expect(found.rows[index]).toEqual(randomEmbedding(seed));
    }
  });
});

/** Bytes of a row of a file, and where one begins. */
const ROW_BYTES = 512 * 4 + 32;
const rowAt = (row: number) => 64 + row * ROW_BYTES;

/** Puts a number in the place of a row's third. */
const writeNumber = (row: number, value: number) => (access: FileAccess) =>
  access.write(new Uint8Array(Float32Array.of(value).buffer), { at: rowAt(row) + 8 });

function scaleRow(access: FileAccess, row: number, factor: number): void {
  const bytes = new Uint8Array(512 * 4);
  access.read(bytes, { at: rowAt(row) });
  const scaled = new Float32Array(bytes.buffer).map((value) => value * factor);
  access.write(new Uint8Array(scaled.buffer), { at: rowAt(row) });
}

describe('the file of a set', () => {
  beforeEach(() => openLibrary(true));
  const path = () => `vectors/${clipId}/${encodeURIComponent(MODEL)}.current.f32`;

  it('grows with each batch, so that nothing is packed anew', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), MODEL);
    await database.storeFrameBatch(clipId, frames(2), MODEL);
    expect(root.paths()).toContain(path());
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    await database.storeFrameBatch(clipId, frames(3), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 1, 2, 3)));
    expect(source.packed).toBe(0);
  });

  it('takes over what was read with another model, whose own file goes', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), 'older');
    await database.storeFrameBatch(clipId, [embeddedFrame(0, 50), embeddedFrame(1, 51)], MODEL, {
      asDraft: true,
    });
    await database.finishReembedding(clipId, MODEL);
    expect(await read()).toEqual(expected(embeddedFrame(0, 50), embeddedFrame(1, 51)));
    expect(source.packed).toBe(0);
    expect(root.paths().filter((name) => name.includes('replacement'))).toEqual([]);
  });

  it.each([
    ['is lost', () => root.removeEntry('vectors')],
    ['is cut off', (access: FileAccess) => access.truncate(3000)],
    ['is of another revision', (access: FileAccess) => access.write(new Uint8Array(8).fill(9), { at: 8 })],
    ['holds nonsense', (access: FileAccess) => access.write(new Uint8Array(64).fill(7), { at: 0 })],
    ['has a row of zeros', (access: FileAccess) => access.write(new Uint8Array(2048), { at: rowAt(0) })],
    ['has a row that is too long', writeNumber(1, 2)],
    ['has a row that is too short', (access: FileAccess) => scaleRow(access, 1, 0.99)],
    ['has a row with a number that is none', writeNumber(0, NaN)],
    ['has a row that is infinite', writeNumber(1, Infinity)],
  ])('that %s is packed anew, once', async (_, damage) => {
    await database.storeFrameBatch(clipId, frames(0, 1), MODEL);
    const edited = await new ClipFiles(new OpfsTree(root.asHandle())).edit<unknown>(path(), damage);
    await edited!.result;
    await database.storeFrameBatch(clipId, frames(2), MODEL);
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    expect(source.packed).toBe(1);
    expect(await read()).toEqual(expected(...frames(0, 1, 2)));
    expect(source.packed).toBe(1);
  });

  it('is passed over where the table’s own rows are not of unit length', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), MODEL);
    const [, right] = frames(0, 1);
    const wrong = { ...embeddedFrame(0), embedding: new Float32Array(512).fill(0.5) };
    await connection.db.execute(
      sql`update frame_embeddings set embedding = ${JSON.stringify([...wrong.embedding])} where frame_index = 0`,
    );
    await new ClipFiles(new OpfsTree(root.asHandle())).edit(path(), (file) => file.truncate(0));
    expect(await read()).toEqual(expected(wrong, right!));
  });

  it('goes with the embeddings and with the clip', async () => {
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    await database.deleteFrameEmbeddings(clipId);
    expect(root.paths()).not.toContain(path());
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    expect(root.paths()).toContain(path());
    await database.deleteClip(clipId);
    expect(root.paths()).toEqual([]);
  });
});

describe('what is asked of the library', () => {
  beforeEach(async () => {
    await openLibrary(true);
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
  });
  const readAsListed = async () => cache.read(MODEL, await askedAsListed(clipId));

  it('is nothing while nothing changes that the asker has seen', async () => {
    await readAsListed();
    expect(source.take()).toBe(1);
    await readAsListed();
    expect(source.take()).toBe(0);
    await database.updateClip(clipId, { ingestState: 'done' });
    await readAsListed();
    expect(source.take()).toBe(0);
    await database.storeFrameBatch(clipId, frames(3), MODEL);
    const [found] = await readAsListed();
    expect([...found!.frameIndexes]).toEqual([0, 1, 2, 3]);
    expect(source.take()).toBe(1);
  });

  it('is asked each time by who knows no revision', async () => {
    await read();
    await read();
    expect(source.take()).toBe(2);
  });

  it('tells of a clip that came back under its id', async () => {
    await readAsListed();
    await database.deleteClip(clipId);
    await database.createClip({ id: clipId, description: 'again' });
    await database.storeFrameBatch(clipId, [embeddedFrame(7)], MODEL);
    const [found] = await readAsListed();
    expect([...found!.frameIndexes]).toEqual([7]);
  });

  it('two questions at once read the rows once', async () => {
    const [a, b] = await Promise.all([read(), read()]);
    expect(a).toEqual(b);
    const parts = await Promise.all([cache.read(MODEL, asked(clipId)), cache.read(MODEL, asked(clipId))]);
    expect(parts[0][0]).toBe(parts[1][0]);
  });

  it('keeps versions apart: the same rows are the same object, others are another', async () => {
    const [first] = await cache.read(MODEL, asked(clipId));
    expect((await cache.read(MODEL, asked(clipId)))[0]).toBe(first);
    await database.storeFrameBatch(clipId, frames(3), MODEL);
    const [second] = await cache.read(MODEL, asked(clipId));
    expect(second!.version).not.toBe(first!.version);
    // Whoever still holds the first sees what it was.
    expect([...first!.frameIndexes]).toEqual([0, 1, 2]);
  });
});

describe('join', () => {
  beforeEach(() => openLibrary(true));

  it('lays clips end to end without a second copy, in any order, again and again', async () => {
    const ids = [await addClip(0, 1), await addClip(5), clipId, await addClip(2, 3)];
    const seeds = [[0, 1], [5], [], [2, 3]];
    for (const order of [[0, 1, 2, 3], [3, 1], [1, 3, 0], [1], [0, 1, 2, 3], [2]]) {
      const parts = await cache.read(MODEL, asked(...order.map((at) => ids[at]!)));
      const joined = cache.join(parts);
      const rows = Array.from({ length: joined.length / 512 }, (_, row) =>
        joined.slice(row * 512, (row + 1) * 512),
      );
      expect(rows).toEqual(order.flatMap((at) => seeds[at]!.map((seed) => randomEmbedding(seed))));
      for (const { embeddings } of parts)
        if (embeddings.length > 0) expect(embeddings.buffer).toBe(joined.buffer);
      if (joined.length > 0) expect(cache.join(parts).buffer).toBe(joined.buffer);
    }
  });

  it('and a clip that grows afterwards is right too', async () => {
    const other = await addClip(7);
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    cache.join(await cache.read(MODEL, asked(clipId, other)));
    await database.storeFrameBatch(clipId, frames(1), MODEL);
    const joined = cache.join(await cache.read(MODEL, asked(clipId, other)));
    expect(joined.slice(512, 1024)).toEqual(randomEmbedding(1));
    expect(joined.slice(1024)).toEqual(randomEmbedding(7));
  });
});

describe('how much is kept', () => {
  beforeEach(() => openLibrary(true));

  it('is what was used last, and the beginning of a scope that is too large', async () => {
    cache = new EmbeddingCache(source, files, { maxRows: 5 });
    const ids = [await addClip(0, 1), await addClip(2, 3), await addClip(4, 5)];
    const readListed = async (...of: string[]) => cache.read(MODEL, await askedAsListed(...of));
    await readListed(...ids);
    expect(cache.rows).toBe(4);
    source.take();
    await readListed(ids[0]!, ids[1]!);
    expect(source.take()).toBe(0);
    await readListed(ids[2]!);
    expect(source.take()).toBe(1);
    await readListed(ids[0]!);
    expect(source.take()).toBe(0);
    await readListed(ids[1]!);
    expect(source.take()).toBe(1);
  });

  it('is one clip, however long', async () => {
    cache = new EmbeddingCache(source, files, { maxRows: 1 });
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
    await cache.read(MODEL, await askedAsListed(clipId));
    source.take();
    await cache.read(MODEL, await askedAsListed(clipId));
    expect(source.take()).toBe(0);
  });

  it('more than memory can hold is refused before it is read', async () => {
    vi.spyOn(source, 'searchedSets').mockResolvedValue([
      { clipId, state: 'current', frames: MAX_SEARCHED_ROWS + 1, revision: 9, otherFrames: 0 },
    ]);
    await expect(read()).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/Choose fewer clips/) as string,
    });
  });
});
