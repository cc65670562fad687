import type { ImportedClip } from '@/lib/ports/library';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OpfsTree } from '@/lib/files/opfs-tree';
import type { DatabaseConnection } from '@/lib/library/client';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { ClipFiles } from '@/lib/library/clip-files';
import { embeddingPath, readEmbeddingRows } from '@/lib/shared/packed-layout';
import { Turns } from '@/lib/library/turns';
import { FakeDirectory } from '../../support/fake-opfs';
import {
  embeddedFrame,
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  randomEmbedding,
  storeMany,
} from './support';

const MODEL = 'clip-test@1/fp32/p1';

/** Rows of the clip that is packed: three reads of them. */
const ROWS = 2_500;

// PostgreSQL in WebAssembly is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let pg: PGlite;
let connection: DatabaseConnection;
let root: FakeDirectory;
let database: ClipDatabase;
let clipId: string;
/** Verbs in the order in which they were answered. */
let answered: string[];

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  answered = [];
  root = new FakeDirectory();
  database = makeClipDatabase(connection, root);
  clipId = (await database.createClip({ description: 'a clip' })).id;
});
afterEach(() => vi.useRealTimers());

async function noted<T>(name: string, verb: Promise<T>): Promise<T> {
  const answer = await verb;
  answered.push(name);
  return answer;
}

describe('packing a long clip', () => {
  const path = () => embeddingPath(clipId, MODEL, 'current');
  const pack = () => database.packEmbeddings(clipId, MODEL, 'current');

  /** What a search reads of the file. */
  async function readFile() {
    const bytes = await new ClipFiles(new OpfsTree(root.asHandle())).readWhole(path());
    return readEmbeddingRows(
      (start, length) => bytes!.slice(start, start + length),
      null,
      (rows) => ({
        frameIndexes: new Int32Array(rows),
        timestampsMs: new Int32Array(rows),
        spansMs: new Float64Array(2 * rows),
        embeddings: new Float32Array(rows * 512),
      }),
    );
  }

  beforeEach(() => storeMany(connection, clipId, MODEL, ROWS, 1));

  it('lets verbs that come meanwhile come first', async () => {
    await Promise.all([
      noted('pack', pack()),
      noted('getClip', database.getClip(clipId)),
      noted('listClips', database.listClips()),
    ]);
    expect(answered).toEqual(['getClip', 'listClips', 'pack']);
    expect(await readFile()).toMatchObject({ fileRows: ROWS });
  });

  it('begins anew where a batch changes what it has packed', async () => {
    const packing = pack();
    await database.storeFrameBatch(clipId, [embeddedFrame(0, 77)], MODEL);
    expect(await packing).toBe(true);
    const [set] = await database.searchedSets(MODEL, [clipId]);
    const read = (await readFile())!;
    expect(read.revision).toBe(set!.revision);
    expect(read.packed.frameIndexes).toHaveLength(ROWS);
    expect(read.packed.embeddings.slice(0, 512)).toEqual(embeddedFrame(0, 77).embedding);
  });

  it('leaves no file of a clip that is deleted meanwhile', async () => {
    const packing = pack();
    await database.deleteClip(clipId);
    expect(await packing).toBe(true);
    expect(root.paths()).toEqual([]);
  });

  it('is done once for two who ask at once', async () => {
    expect(await Promise.all([pack(), pack()])).toEqual([true, true]);
    expect(await readFile()).toMatchObject({ fileRows: ROWS });
  });

  it('is not taken for hung while others have their turns', async () => {
    const close = vi.spyOn(connection, 'close');
    const slow = vi.spyOn(connection, 'queryReadOnly');
    slow.mockImplementation(() => new Promise((resolve) => setTimeout(() => resolve([]), 25_000)));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const verbs = Promise.all([
      noted('pack', pack()),
      noted('1', database.query('')),
      noted('2', database.query('')),
    ]);
    while (answered.length < 3) await vi.advanceTimersByTimeAsync(1_000);
    await verbs;
    expect(answered).toEqual(['1', '2', 'pack']);
    expect(close).not.toHaveBeenCalled();
    slow.mockRestore();
    close.mockRestore();
  });
});

describe('bringing in a long clip', () => {
  const imported = (rows: number): ImportedClip => ({
    event: {
      id: 'imported',
      timestamp: new Date(0),
      createdAt: new Date(0),
      description: 'a clip',
      sourceType: 'upload',
      fields: {},
    },
    frames: [],
    embeddings: Array.from({ length: rows }, (_, frameIndex) => ({
      id: `row-${frameIndex}`,
      frameIndex,
      embedding: randomEmbedding(frameIndex),
      modelVersion: MODEL,
      createdAt: new Date(0),
    })),
    drafts: [],
    spans: [],
  });

  it('lets verbs that come meanwhile come first, and is whole or not there', async () => {
    const [, there] = await Promise.all([
      noted('importClip', database.importClip(imported(300))),
      noted('getClip', database.getClip('imported')),
      noted('listClips', database.listClips()),
    ]);
    expect(answered).toEqual(['getClip', 'listClips', 'importClip']);
    expect(there).toBeNull();
    expect(await database.getClip('imported')).toMatchObject({ embeddingCount: 300 });
  });
});

describe('turns', () => {
  it('come in order, also after one who gives way', async () => {
    const turns = new Turns();
    const order: string[] = [];
    await Promise.all([
      turns.run(async (giveWay) => {
        order.push('a1');
        await giveWay();
        order.push('a2');
        await giveWay();
        order.push('a3');
      }),
      turns.run(async (giveWay) => {
        order.push('b1');
        await giveWay();
        order.push('b2');
      }),
      turns.run(() => Promise.resolve(order.push('c1'))),
    ]);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('go on after work that fails, before or after it gave way', async () => {
    const turns = new Turns();
    const failing = [
      turns.run(() => Promise.reject(new Error('at once'))),
      turns.run(async (giveWay) => {
        await giveWay();
        throw new Error('later');
      }),
    ];
    const last = turns.run(() => Promise.resolve('done'));
    expect(await Promise.allSettled(failing)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(await last).toBe('done');
    expect(await turns.run(() => Promise.resolve('again'))).toBe('again');
  });
});
