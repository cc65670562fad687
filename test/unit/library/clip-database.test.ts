import type { LibraryNotice } from '@/lib/ports/library';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatabaseConnection } from '@/lib/library/client';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { ClipFiles } from '@/lib/library/clip-files';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import { withTimeout } from '@/lib/shared/async';
import { eventually } from '../../support/eventually';
import { FakeDirectory } from '../../support/fake-opfs';
import { NO_OTHERS } from '../../support/no-others';
import {
  clipDatabaseOf,
  embeddedFrame,
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  randomEmbedding,
  snapshot,
  storeMany,
} from './support';

const MODEL = 'clip-test@1/fp32/p1';

// PostgreSQL in WebAssembly is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let pg: PGlite;
let connection: DatabaseConnection;
let root: FakeDirectory;
let database: ClipDatabase;
let clipId: string;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  root = new FakeDirectory({ hasAccess: false });
  database = makeClipDatabase(connection, root);
  clipId = (await database.createClip({ description: 'a clip', fileName: 'Käfer & Co.mp4' })).id;
});

const frames = (...indexes: number[]) => indexes.map((index) => embeddedFrame(index));

describe('reading a clip again with another model', () => {
  const NEWER = 'clip-test@2/fp32/p1';
  const asDraft = { asDraft: true };
  const versions = async () =>
    (await database.getFrameEmbeddings(clipId)).map(({ frameIndex, modelVersion }) => [
      frameIndex,
      modelVersion,
    ]);

  beforeEach(() => database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL));

  it('keeps every old embedding until the new ones are complete, and then none', async () => {
    const before = await database.getFrameEmbeddings(clipId);
    await database.storeFrameBatch(clipId, [embeddedFrame(0, 50), embeddedFrame(1, 51)], NEWER, asDraft);
    expect(await database.getFrameEmbeddings(clipId)).toEqual(before);
    expect(await database.storedFrameIndexes(clipId, NEWER)).toEqual([0, 1]);
    await database.storeFrameBatch(clipId, [embeddedFrame(2, 52)], NEWER, asDraft);
    await database.finishReembedding(clipId, NEWER);
    const after = await database.getFrameEmbeddings(clipId);
    expect(after.map(({ id, modelVersion }) => [id, modelVersion])).toEqual(
      before.map(({ id }) => [id, NEWER]),
    );
    after.forEach(({ embedding }, i) => {
      randomEmbedding(50 + i).forEach((value, at) => expect(embedding[at]).toBeCloseTo(value, 6));
    });
    expect((await pg.query('select * from frame_embedding_drafts')).rows).toEqual([]);
    expect(await database.getClip(clipId)).toMatchObject({ modelVersion: NEWER, ingestState: 'done' });
  });

  it('counts the drafts for the model that asks, and never mixes them with another’s', async () => {
    const setOf = async (modelVersion: string) => (await database.searchedSets(modelVersion, [clipId]))[0]!;
    await database.storeFrameBatch(clipId, frames(1), NEWER, asDraft);
    expect(await setOf(NEWER)).toMatchObject({ state: 'replacement', frames: 1, otherFrames: 3 });
    expect(await setOf(MODEL)).toMatchObject({ state: 'current', frames: 3, otherFrames: 0 });
    const drafts = await database.readEmbeddings(clipId, NEWER, { state: 'replacement' });
    expect([...drafts.packed.frameIndexes]).toEqual([1]);
    await database.storeFrameBatch(clipId, frames(0, 2), NEWER, asDraft);
    await database.finishReembedding(clipId, NEWER);
    expect(await setOf(NEWER)).toMatchObject({ state: 'current', frames: 3, otherFrames: 0 });
    expect(await setOf(MODEL)).toMatchObject({ state: null, frames: 0, otherFrames: 3 });
  });

  it('drops the drafts of a model that was given up for a third', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), NEWER, asDraft);
    await database.storeFrameBatch(clipId, frames(2), 'third', asDraft);
    expect(await database.storedFrameIndexes(clipId, NEWER)).toEqual([]);
    expect(await database.storedFrameIndexes(clipId, 'third')).toEqual([2]);
    expect(await versions()).toEqual([0, 1, 2].map((index) => [index, MODEL]));
  });

  it('leaves no embedding of the old model to a frame that the new one has none of', async () => {
    await database.storeFrameBatch(clipId, frames(0, 2), NEWER, asDraft);
    await database.finishReembedding(clipId, NEWER);
    expect(await versions()).toEqual([0, 2].map((index) => [index, NEWER]));
  });

  it('goes with the clip', async () => {
    await database.storeFrameBatch(clipId, frames(0), NEWER, asDraft);
    await database.deleteClip(clipId);
    expect((await pg.query('select * from frame_embedding_drafts')).rows).toEqual([]);
  });
});

describe('opening', () => {
  it('says which PostgreSQL it is, and once open stays so', async () => {
    const connect = vi.fn(() => Promise.resolve(connection));
    const opened = clipDatabaseOf(connect, () =>
      Promise.resolve(new ClipFiles(new OpfsTree(root.asHandle()))),
    );
    const [info] = await Promise.all([opened.open(), opened.open(), opened.listClips()]);
    expect(info.store).toBe('memory');
    expect(info.postgresVersion).toMatch(/^18\./);
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it('tries again after a failure', async () => {
    const connect = vi.fn(() => Promise.resolve(connection));
    connect.mockRejectedValueOnce(new Error('no luck'));
    const opened = clipDatabaseOf(connect, () =>
      Promise.resolve(new ClipFiles(new OpfsTree(root.asHandle()))),
    );
    await expect(opened.open()).rejects.toMatchObject({ code: 'storage-unavailable' });
    await expect(opened.open()).resolves.toMatchObject({ store: 'memory' });
  });

  it('leaves such files where another library in this browser may have them', async () => {
    const files = new ClipFiles(new OpfsTree(root.asHandle()));
    await files.write('frames/gone/frame_001.webp', Uint8Array.of(1));
    const kept = [{ name: 'framesift-pg17-v1', canBeOpened: false }];
    const opened = clipDatabaseOf(
      () => Promise.resolve(connection),
      () => Promise.resolve(files),
      { ...NO_OTHERS, list: () => Promise.resolve(kept), shareFiles: () => Promise.resolve(true) },
    );
    expect(await opened.open()).toMatchObject({ kept });
    // Verbs run one after another.
    await opened.listClips();
    expect(root.paths()).toEqual(['frames/gone/frame_001.webp']);
  });

  it('waits for ever once another library is chosen, and goes on where it could not be', async () => {
    let isTaken = true;
    const choose = () => (isTaken ? Promise.reject(new Error('Close the other tabs.')) : Promise.resolve());
    const make = () =>
      clipDatabaseOf(
        () => Promise.resolve(connection),
        () => Promise.resolve(new ClipFiles(new OpfsTree(root.asHandle()))),
        { ...NO_OTHERS, choose },
      );
    const refused = make();
    await expect(refused.chooseLibrary(null)).rejects.toThrow('Close the other tabs.');
    await expect(refused.open()).resolves.toMatchObject({ store: 'memory' });
    await expect(refused.chooseLibrary(null)).rejects.toMatchObject({ code: 'internal' });
    isTaken = false;
    const chosen = make();
    await chosen.chooseLibrary(null);
    const waiting = withTimeout(chosen.open(), 50, 'The library');
    await expect(waiting).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('sweeps up files of clips that are gone', async () => {
    const files = new ClipFiles(new OpfsTree(root.asHandle()));
    await files.write('frames/gone/frame_001.webp', Uint8Array.of(1));
    await files.write(`frames/${clipId}/frame_001.webp`, Uint8Array.of(1));
    await database.updateClip(clipId, { ingestState: 'done' });
    await makeClipDatabase(connection, root).open();
    await eventually(() => expect(root.paths()).toEqual([`frames/${clipId}/frame_001.webp`]));
  });
});

describe('clips', () => {
  it('are listed newest first with what is stored of them', async () => {
    const second = (await database.createClip({ description: 'second' })).id;
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
    await database.storeFrameEmbeddingsBatch(clipId, [embeddedFrame(2)], 'other');
    const listed = await database.listClips();
    expect(listed.map((event) => event.id)).toEqual([second, clipId]);
    expect(listed[0]).toMatchObject({ frameCount: 0, embeddingCount: 0, embeddingCounts: {} });
    expect(listed[1]).toMatchObject({
      frameCount: 3,
      embeddingCount: 3,
      embeddingCounts: { [MODEL]: 2, other: 1 },
      frameCountUsed: 3,
      sourceType: 'upload',
      ingestState: 'pending',
    });
    expect(listed[1]!.createdAt).toBeInstanceOf(Date);
  });

  it('get their frame times when they are done', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), MODEL);
    const done = await database.updateClip(clipId, { ingestState: 'done' });
    expect(done.frameTimestamps).toBe('[0,1.5]');
    expect((await database.getClip(clipId))?.ingestState).toBe('done');
  });

  it('are made once even when asked for twice', async () => {
    const again = await database.createClip({ id: clipId, description: 'a retry' });
    expect(again.description).toBe('a clip');
    expect(await database.listClips()).toHaveLength(1);
  });

  it.each([
    { ingestState: 'finished' as never },
    { durationMs: 1.5 },
    { width: -1 },
    { fileBytes: NaN },
    { modelVersion: 'x'.repeat(51) },
    { smartDetectionType: 'cat' as never },
    { timestamp: new Date(NaN) },
    { description: 'a\u0000b' },
  ])('refuse %j', async (changes) => {
    const before = await snapshot(pg);
    await expect(database.updateClip(clipId, changes)).rejects.toMatchObject({ code: 'bad-input' });
    expect(await snapshot(pg)).toEqual(before);
  });

  it('go with their rows and files', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1), MODEL);
    expect(await database.deleteClip(clipId)).toBe(true);
    expect(await snapshot(pg)).toEqual([[], [], [], []]);
    expect(root.paths()).toEqual([]);
    expect(await database.deleteClip(clipId)).toBe(false);
    expect(await database.getClip(clipId)).toBeNull();
    await expect(database.updateClip(clipId, { width: 1 })).rejects.toMatchObject({
      code: 'unknown-clip',
    });
  });
});

describe('storeFrameBatch', () => {
  it('writes pictures, frames and embeddings and returns the embeddings’ ids', async () => {
    const ids = await database.storeFrameBatch(clipId, frames(1, 0), MODEL);
    const stored = await database.getFrameEmbeddings(clipId);
    expect(stored.map((row) => row.id)).toEqual([ids[1], ids[0]]);
    expect(root.paths()).toEqual([`frames/${clipId}/frame_001.webp`, `frames/${clipId}/frame_002.webp`]);
    const [picture, missing] = await database.readThumbnails(clipId, [1, 7]);
    expect([picture?.type, picture?.size, missing]).toEqual(['image/webp', 5, null]);
    expect(await database.storedFrameIndexes(clipId, MODEL)).toEqual([0, 1]);
  });

  it.each([
    [
      'a bad embedding',
      [embeddedFrame(5), { ...embeddedFrame(6), embedding: new Float32Array(3) }],
      'bad-input',
    ],
    ['a frame twice', [embeddedFrame(5), embeddedFrame(5)], 'bad-input'],
    ['a broken time', [{ ...embeddedFrame(5), timestampMs: 0.1 }], 'bad-input'],
  ])('refuses %s and leaves nothing', async (_, batch, code) => {
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    const before = [await snapshot(pg), root.paths()];
    await expect(database.storeFrameBatch(clipId, batch, MODEL)).rejects.toMatchObject({ code });
    expect([await snapshot(pg), root.paths()]).toEqual(before);
  });

  it('makes no folder for an unknown clip', async () => {
    await expect(database.storeFrameBatch('nobody', frames(0), MODEL)).rejects.toMatchObject({
      code: 'unknown-clip',
    });
    expect(root.entries.size).toBe(0);
  });

  it('takes back frames and new pictures when the embeddings cannot be written', async () => {
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    await pg.exec(`
      create function refuse_7() returns trigger language plpgsql as 'begin raise exception ''disk on fire''; end';
      create trigger refuse_7 before insert on frame_embeddings
        for each row when (new.frame_index = 7) execute function refuse_7();`);
    try {
      const before = [await snapshot(pg), root.paths()];
      await expect(database.storeFrameBatch(clipId, frames(0, 6, 7), MODEL)).rejects.toMatchObject({
        code: 'storage-unavailable',
        message: expect.stringMatching(/disk on fire/) as string,
      });
      expect([await snapshot(pg), root.paths()]).toEqual(before);
    } finally {
      await pg.exec('drop trigger refuse_7 on frame_embeddings; drop function refuse_7');
    }
  });
});

describe('readEmbeddings', () => {
  const current = { state: 'current' } as const;

  it('packs one model’s rows in frame order', async () => {
    await database.storeFrameBatch(clipId, frames(2, 0, 1), MODEL);
    await database.storeFrameBatch(clipId, frames(9), 'other');
    const { packed, next } = await database.readEmbeddings(clipId, MODEL, current);
    expect([...packed.frameIndexes]).toEqual([0, 1, 2]);
    expect([...packed.timestampsMs]).toEqual([0, 1500, 3000]);
    frames(0, 1, 2).forEach(({ embedding }, i) => {
      expect(packed.embeddings.slice(i * 512, (i + 1) * 512)).toEqual(embedding);
    });
    expect(next).toBeNull();
    expect((await database.readEmbeddings('nobody', MODEL, current)).packed.frameIndexes).toHaveLength(0);
  });

  it('goes on where the page before ended', async () => {
    await storeMany(connection, clipId, MODEL, 4100, 2);
    const first = await database.readEmbeddings(clipId, MODEL, current);
    expect([first.packed.frameIndexes.length, first.next]).toEqual([4000, 7998]);
    const second = await database.readEmbeddings(clipId, MODEL, { ...current, after: first.next! });
    expect([second.packed.frameIndexes[0], second.packed.frameIndexes.length]).toEqual([8000, 100]);
    expect(second.next).toBeNull();
    // No rows in event_frames, so nobody knows the times.
    expect(new Set(second.packed.timestampsMs)).toEqual(new Set([-1]));
  });
});

describe('the counts of a clip', () => {
  /** What the writer has counted, and what there is. */
  async function counts() {
    const clip = (await database.getClip(clipId))!;
    const [there] = await database.query(
      `select (select count(*)::int from event_frames) as frames,
        (select coalesce(json_object_agg(model_version, n), '{}') from
          (select model_version, count(*)::int as n from frame_embeddings group by 1) v) as current,
        (select count(*)::int from frame_embedding_drafts) as replacement`,
    );
    const replacement = clip.embeddingSets
      .filter(({ state }) => state === 'replacement')
      .reduce((sum, { frames: n }) => sum + n, 0);
    return {
      kept: { frames: clip.frameCount, current: clip.embeddingCounts, replacement },
      there: there!,
    };
  }

  it('are right after every verb that changes them, also when it runs twice', async () => {
    const asDraft = { asDraft: true };
    const verbs: (() => Promise<unknown>)[] = [
      () => database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL),
      () => database.storeFrameBatch(clipId, frames(2, 3), MODEL),
      () => database.storeFrameBatch(clipId, frames(3, 4), 'other'),
      () => database.storeFrameEmbeddingsBatch(clipId, frames(7), MODEL),
      () => database.storeFrameBatch(clipId, frames(0, 1), 'third', asDraft),
      () => database.storeFrameBatch(clipId, frames(2), 'newer', asDraft),
      () => database.storeFrameBatch(clipId, frames(0, 5), 'newer', asDraft),
      () => database.storeThumbnails(clipId, [{ frameIndex: 0, thumbnail: Uint8Array.of(1) }]),
      () => database.updateClip(clipId, { ingestState: 'done' }),
      () => database.finishReembedding(clipId, 'newer'),
      () => database.deleteFrameEmbeddings(clipId),
      () => database.storeFrameBatch(clipId, frames(1), MODEL),
    ];
    let last = 0;
    for (const verb of verbs) {
      for (let time = 1; time <= 2; time += 1) {
        await verb();
        const { kept, there } = await counts();
        expect(kept, verb.toString()).toEqual(there);
      }
      const revision = Math.max(
        0,
        ...(await database.getClip(clipId))!.embeddingSets.map((set) => set.revision),
      );
      if (revision > 0) expect(revision).toBeGreaterThanOrEqual(last);
      last = revision;
    }
  });

  it('are counted when the clip is done, whatever they were', async () => {
    await database.storeFrameBatch(clipId, frames(0, 1, 2), MODEL);
    await pg.exec('update embedding_sets set frames = 77; update events set frames_stored = 77');
    await database.updateClip(clipId, { ingestState: 'done' });
    const { kept, there } = await counts();
    expect(kept).toEqual(there);
  });
});

describe('thumbnails', () => {
  beforeEach(() => {
    root = new FakeDirectory({ hasAccess: true });
    database = makeClipDatabase(connection, root);
  });
  const bytesOf = async (...indexes: number[]) =>
    Promise.all(
      (await database.readThumbnails(clipId, indexes)).map(
        async (blob) => blob && [...new Uint8Array(await blob.arrayBuffer())],
      ),
    );
  const withThumbnail = (index: number, ...bytes: number[]) => ({
    ...embeddedFrame(index),
    thumbnail: Uint8Array.from(bytes),
  });

  it('lie at the paths of their rows, the latest of a frame counts', async () => {
    await database.storeFrameBatch(clipId, [withThumbnail(0, 1, 2), withThumbnail(1, 3)], MODEL);
    await database.storeFrameBatch(clipId, [withThumbnail(2, 4, 5, 6), withThumbnail(0, 9)], MODEL);
    expect(await bytesOf(2, 0, 1, 7)).toEqual([[4, 5, 6], [9], [3], null]);
    expect(root.paths().filter((path) => path.startsWith('frames/'))).toEqual(
      ['001', '002', '003'].map((number) => `frames/${clipId}/frame_${number}.webp`),
    );
    expect(await database.framesWithoutPicture(clipId)).toEqual([]);
  });

  it('are taken back with a batch that fails', async () => {
    await database.storeFrameBatch(clipId, [withThumbnail(0, 1, 2)], MODEL);
    await pg.exec(`
      create function refuse_7() returns trigger language plpgsql as 'begin raise exception ''disk on fire''; end';
      create trigger refuse_7 before insert on frame_embeddings
        for each row when (new.frame_index = 7) execute function refuse_7();`);
    try {
      await expect(database.storeFrameBatch(clipId, frames(7), MODEL)).rejects.toThrow(/disk on fire/);
      expect(root.paths().filter((path) => path.startsWith('frames/'))).toEqual([
        `frames/${clipId}/frame_001.webp`,
      ]);
      expect(await bytesOf(0)).toEqual([[1, 2]]);
    } finally {
      await pg.exec('drop trigger refuse_7 on frame_embeddings; drop function refuse_7');
    }
  });

  it('stay where the rows were committed and only the answer was lost (#22)', async () => {
    const db = new Proxy(connection.db, {
      get: (target, name) => {
        if (name !== 'transaction') return Reflect.get(target, name) as unknown;
        return async (...args: Parameters<typeof target.transaction>) => {
          await target.transaction(...args);
          throw new Error('the answer was lost');
        };
      },
    });
    const losing = makeClipDatabase({ ...connection, db }, root);
    await expect(losing.storeFrameBatch(clipId, [withThumbnail(0, 1, 2)], MODEL)).rejects.toThrow();
    expect(await database.storedFrameIndexes(clipId, MODEL)).toEqual([0]);
    expect(await bytesOf(0)).toEqual([[1, 2]]);
  });
});

describe('the clip’s own file', () => {
  it('is kept, found under its name and replaced', async () => {
    vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({}) } });
    try {
      const path = await database.storeClipFile(clipId, new File(['abc'], 'first.mp4'));
      expect(path).toBe(`clips/${clipId}/first.mp4`);
      const file = await database.readClipFile(clipId);
      expect([file?.name, await file?.text()]).toEqual(['Käfer & Co.mp4', 'abc']);
      await database.storeClipFile(clipId, new File(['d'], 'second.mp4'));
      expect(root.paths()).toEqual([`clips/${clipId}/second.mp4`]);
      await expect(database.storeClipFile('nobody', new File([], 'x'))).rejects.toMatchObject({
        code: 'unknown-clip',
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('calls', () => {
  it('query reads and cannot write', async () => {
    expect(await database.query('select count(*)::int as n from events where id = $1', [clipId])).toEqual([
      { n: 1 },
    ]);
    await expect(database.query('delete from events')).rejects.toThrow(/read-only/);
    expect(await database.listClips()).toHaveLength(1);
  });

  it('a broken connection is closed and made anew, once', async () => {
    const close = vi.fn(() => Promise.resolve());
    const broken: DatabaseConnection = {
      ...connection,
      close,
      queryReadOnly: (text, params) =>
        text === 'select 1'
          ? Promise.reject(new Error('unreachable'))
          : connection.queryReadOnly(text, params),
    };
    const connect = vi.fn(() => Promise.resolve(connection)).mockResolvedValueOnce(broken);
    const reopened = clipDatabaseOf(connect, () =>
      Promise.resolve(new ClipFiles(new OpfsTree(root.asHandle()))),
    );
    await expect(reopened.query('select 1')).resolves.toHaveLength(1);
    expect(close).toHaveBeenCalledTimes(1);
    expect(connect).toHaveBeenCalledTimes(2);
  });

  it('tell every page of the clip’s new row, and of its end', async () => {
    const heard: LibraryNotice[] = [];
    const channel = new BroadcastChannel(LIBRARY_CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<LibraryNotice>) => heard.push(data);
    await database.storeFrameBatch(clipId, frames(0), MODEL);
    await eventually(() =>
      expect(heard).toContainEqual({
        type: 'changed',
        clipId,
        clip: expect.objectContaining({
          id: clipId,
          frameCount: 1,
          embeddingCounts: { [MODEL]: 1 },
        }) as unknown,
      }),
    );
    await database.deleteClip(clipId);
    await eventually(() => expect(heard.at(-1)).toEqual({ type: 'changed', clipId, clip: null }));
    channel.close();
  });
});
