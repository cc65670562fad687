import type { LibraryNotice } from '@/lib/ports/library';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportLibrary, importLibrary } from '@/lib/exchange/backup';
import { recogniseExport } from '@/lib/exchange/recognise';
import { readTar, writeTar, type TarFile } from '@/lib/shared/tar';
import type { ExchangeServices } from '@/lib/exchange/exchange-services';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { connectionOver, type DatabaseConnection } from '@/lib/library/client';
import type { ClipDatabase } from '@/lib/library/clip-database';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { ClipFiles } from '@/lib/library/clip-files';
import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import { migrateDatabase } from '@/lib/library/migrate';
import { scanLibrary } from '@/lib/library/library-scan';
import { FakeDirectory } from '../../support/fake-opfs';
import {
  clipDatabaseOf,
  embeddedFrame,
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  snapshot,
} from '../library/support';

const MODEL = 'clip-test@1/fp32/p1';
const OTHER_MODEL = 'clip-other@1/fp32/p1';

let pg: PGlite;
let connection: DatabaseConnection;
let root: FakeDirectory;
let database: ClipDatabase;
let services: Pick<ExchangeServices, 'database'>;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({}) } });
}, 60_000);
afterAll(async () => {
  vi.unstubAllGlobals();
  await pg.close();
});
beforeEach(() => emptyLibrary());

/** As a browser has it that has never been here. */
async function emptyLibrary(): Promise<void> {
  await emptyTables(pg);
  root = new FakeDirectory();
  database = makeClipDatabase(connectionOver(pg, connection.store), root);
  services = { database };
}

async function addClip(name: string, frames: number, file: Uint8Array<ArrayBuffer> | null): Promise<string> {
  const { id } = await database.createClip({ description: name, fileName: name, framesPlanned: frames });
  const batch = Array.from({ length: frames }, (_, frameIndex) => embeddedFrame(frameIndex));
  await database.storeFrameBatch(id, batch, MODEL);
  if (file) await database.storeClipFile(id, new File([file], name));
  await database.updateClip(id, { ingestState: 'done', modelVersion: MODEL });
  return id;
}

const filesOf = () => new ClipFiles(new OpfsTree(root.asHandle()));
/** All files but packed embeddings, which are made again. */
const kept = () =>
  [...root.files()]
    .filter(([path]) => !path.startsWith('vectors/'))
    .map(([path, { bytes }]) => `${path} ${bytes.join()}`)
    .sort();

const task = { signal: new AbortController().signal, onProgress: () => undefined };
const backup = async () => {
  const { blob, name } = await exportLibrary(services, task);
  return new File([blob], name);
};

describe('a backup of the library', () => {
  it('brings back the same rows, pictures, copies of clips and vectors', async () => {
    await addClip('видео 1.webm', 620, Uint8Array.of(1, 2, 3, 4));
    const unfinished = await addClip('b.mp4', 3, null);
    await database.updateClip(unfinished, { ingestState: 'failed', ingestError: 'The disk was full.' });
    const rows = await snapshot(pg);
    const files = kept();
    const embeddings = await database.getFrameEmbeddings(unfinished);
    const file = await backup();
    expect(file.name).toMatch(/^framesift-library_\d{4}-\d\d-\d\d\.tar$/);
    expect(await recogniseExport(file)).toEqual({ kind: 'library' });

    await emptyLibrary();
    const restored = await importLibrary(services, file, task);
    expect(restored.sentence).toBe('2 clips of the backup are in the library.');
    expect(await snapshot(pg)).toEqual(rows);
    expect(kept()).toEqual(files);
    expect(await database.getFrameEmbeddings(unfinished)).toEqual(embeddings);
    expect(await scanLibrary(connection.db, filesOf())).toEqual({
      orphanFiles: [],
      missingFiles: [],
      wrongRows: [],
    });
  });

  it('tells how far it is, up to the end, and how far bringing it in is', async () => {
    await addClip('a.mp4', 620, Uint8Array.of(1));
    const told: number[][] = [];
    const watched = { ...task, onProgress: (done: number, total: number) => told.push([done, total]) };
    const { blob, name } = await exportLibrary(services, watched);
    expect(told.at(-1)).toEqual([1240, 1240]);
    await emptyLibrary();
    await importLibrary(services, new File([blob], name), watched);
    expect(told.at(-1)).toEqual([621, 621]);
    expect(told.length).toBeGreaterThan(8);
  });

  it('is told of to other tabs when the pictures of a clip are there', async () => {
    const id = await addClip('a.mp4', 450, null);
    const file = await backup();
    await emptyLibrary();
    const channel = new BroadcastChannel(LIBRARY_CHANNEL);
    const picturesWhenTold: number[] = [];
    channel.onmessage = ({ data }: MessageEvent<LibraryNotice>) => {
      if (data.type === 'changed' && data.clipId === id) picturesWhenTold.push(kept().length);
    };
    await importLibrary(services, file, task);
    await expect.poll(() => picturesWhenTold.length).toBeGreaterThan(0);
    channel.close();
    expect(picturesWhenTold[0]).toBe(450);
  });

  it('can be brought in twice, and beside other clips', async () => {
    await addClip('a.mp4', 4, Uint8Array.of(1));
    const file = await backup();
    await addClip('b.mp4', 2, null);
    const rows = await snapshot(pg);
    const { sentence } = await importLibrary(services, file, task);
    expect(sentence).toBe('1 clip of the backup is in the library. All of it was there already.');
    expect(await snapshot(pg)).toEqual(rows);
  });

  it('takes nothing from a clip that was read anew since, and brings back what it has lost', async () => {
    const id = await addClip('a.mp4', 3, Uint8Array.of(1));
    const file = await backup();
    const files = kept();
    await database.storeFrameBatch(
      id,
      [0, 1, 2, 3].map((n) => embeddedFrame(n, n + 9)),
      OTHER_MODEL,
    );
    await database.updateClip(id, { description: 'my words' });
    const rows = await snapshot(pg);
    await filesOf().remove([`frames/${id}/frame_002.webp`, `clips/${id}/a.mp4`]);
    await importLibrary(services, file, task);
    expect(withoutTimes(await snapshot(pg))).toEqual(withoutTimes(rows));
    expect(kept()).toEqual(expect.arrayContaining(files));
  });

  it('that has more than the library has of a clip brings the rest', async () => {
    const id = await addClip('a.mp4', 4, null);
    const file = await backup();
    const embeddings = await database.getFrameEmbeddings(id);
    await pg.query('delete from frame_embeddings where frame_index > 1');
    await database.updateClip(id, { ingestState: 'done' });
    await importLibrary(services, file, task);
    expect(await database.getFrameEmbeddings(id)).toEqual(embeddings);
  });

  describe('with a clip that is being read again with another model', () => {
    const FRAMES = [0, 1, 2, 3, 4].map((n) => embeddedFrame(n, n + 20));
    const read = (id: string, frames: readonly EmbeddedFrame[], model = OTHER_MODEL) =>
      database.storeFrameBatch(id, [...frames], model, { asDraft: true });
    const waiting = async (id: string) => {
      const rows = await database.readEmbeddingDraftRows(id);
      return rows.map(({ frameIndex, embedding, modelVersion }) => ({ frameIndex, embedding, modelVersion }));
    };

    it('goes on with the reading after it was brought back', async () => {
      const id = await addClip('a.mp4', 5, null);
      await read(id, FRAMES.slice(0, 3));
      const file = await backup();
      const before = await waiting(id);
      await read(id, FRAMES.slice(3));
      await database.finishReembedding(id, OTHER_MODEL);
      const undisturbed = await database.getFrameEmbeddings(id);

      await emptyLibrary();
      await importLibrary(services, file, task);
      expect(await waiting(id)).toEqual(before);
      expect(await database.storedFrameIndexes(id, OTHER_MODEL)).toEqual([0, 1, 2]);
      expect((await database.getClip(id))!.embeddingSets).toMatchObject([
        { modelVersion: MODEL, state: 'current', frames: 5 },
        { modelVersion: OTHER_MODEL, state: 'replacement', frames: 3 },
      ]);
      expect(await scanLibrary(connection.db, filesOf())).toMatchObject({ wrongRows: [] });
      await read(id, FRAMES.slice(3));
      await database.finishReembedding(id, OTHER_MODEL);
      expect(await database.getFrameEmbeddings(id)).toEqual(undisturbed);
    });

    it('brings the reading to a clip that is there as it was before', async () => {
      const id = await addClip('a.mp4', 5, null);
      await read(id, FRAMES.slice(0, 3));
      const file = await backup();
      await pg.query('delete from frame_embedding_drafts');
      await database.updateClip(id, { ingestState: 'done' });
      await importLibrary(services, file, task);
      expect(await database.storedFrameIndexes(id, OTHER_MODEL)).toEqual([0, 1, 2]);
    });

    it.each([
      ['has come further', 'OTHER', false],
      ['is complete', 'OTHER', true],
      ['is one with a third model', 'THIRD', false],
    ])('changes nothing where the reading %s', async (_name, model, isComplete) => {
      const version = model === 'OTHER' ? OTHER_MODEL : 'clip-third@1/fp32/p1';
      const id = await addClip('a.mp4', 5, null);
      await read(id, FRAMES.slice(0, 3));
      const file = await backup();
      await read(id, FRAMES.slice(0, isComplete ? 5 : 4), version);
      if (isComplete) await database.finishReembedding(id, version);
      const rows = [await snapshot(pg), await waiting(id)];
      await importLibrary(services, file, task);
      expect([await snapshot(pg), await waiting(id)]).toEqual(rows);
    });
  });

  it('tells of clips whose file it does not have', async () => {
    await addClip('a.mp4', 1, null);
    expect((await exportLibrary(services, task)).note).toMatch(/1 clip had no copy of its file/);
  });

  it('says which files there was no room for', async () => {
    await addClip('a.mp4', 1, Uint8Array.of(1));
    const file = await backup();
    await emptyLibrary();
    vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ usage: 99, quota: 100 }) } });
    const { sentence } = await importLibrary(services, file, task);
    vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({}) } });
    expect(sentence).toMatch(/There was no room for the file of one of them/);
  });

  it('that is cut off brings nothing in, and says so', async () => {
    await addClip('a.mp4', 4, null);
    const file = await backup();
    await emptyLibrary();
    const cut = new File([file.slice(0, file.size - 1500)], file.name);
    await expect(importLibrary(services, cut, task)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/cut off, so nothing of it was brought in/) as string,
    });
    expect(await database.listClips()).toEqual([]);
  });

  it('that is damaged inside keeps what came before, and says so', async () => {
    await addClip('a.mp4', 2, null);
    await addClip('b.mp4', 2, null);
    const damaged = await rewritten(await backup(), (rows) => rows.replace(/\[0\.\d+(?=[^[]*$)/, '[none'));
    await emptyLibrary();
    await expect(importLibrary(services, damaged, task)).rejects.toThrow(/1 clip of it is in the library/);
    expect(await database.listClips()).toHaveLength(1);
  });

  it('is told from other archives', async () => {
    await addClip('a.mp4', 1, null);
    const bytes = new Uint8Array(await (await backup()).arrayBuffer());
    expect(await recogniseExport(new File([bytes], 'renamed.bin'))).toEqual({ kind: 'library' });
    bytes[0] = 'L'.charCodeAt(0);
    expect(await recogniseExport(new File([bytes], 'library.tar'))).toBeNull();
  });

  it('can be made of a library that a newer version has changed, without changing it', async () => {
    await addClip('a.mp4', 3, Uint8Array.of(1));
    const rows = await snapshot(pg);
    const files = kept();
    await pg.exec(`alter table events add column later text not null default 'x'`);
    await pg.exec(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', 9e15)`);
    await filesOf().write('frames/of-later/frame_001.webp', Uint8Array.of(1));
    const newer = clipDatabaseOf(
      async ({ asItIs }) => {
        if (!asItIs) await migrateDatabase(connection.db);
        return connectionOver(pg, connection.store);
      },
      () => Promise.resolve(filesOf()),
    );
    try {
      await expect(newer.open()).rejects.toThrow(/newer version/);
      await newer.openAsItIs();
      const { blob, name } = await exportLibrary({ database: newer }, task);
      expect(kept()).toContain('frames/of-later/frame_001.webp 1');
      await pg.exec('alter table events drop column later');
      await emptyLibrary();
      await importLibrary(services, new File([blob], name), task);
      expect(await snapshot(pg)).toEqual(rows);
      expect(kept()).toEqual(files);
    } finally {
      await pg.exec(`alter table events drop column if exists later`);
      await pg.exec(`delete from drizzle.__drizzle_migrations where hash = 'newer'`);
    }
  });

  it('is stopped when it is told to', async () => {
    await addClip('a.mp4', 4, null);
    const ending = new AbortController();
    ending.abort();
    const stopped = exportLibrary(services, { ...task, signal: ending.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('can be stopped while it comes in, and comes whole the next time', async () => {
    await addClip('a.mp4', 450, Uint8Array.of(1));
    await addClip('b.mp4', 450, Uint8Array.of(1));
    const file = await backup();
    const rows = await snapshot(pg);
    const files = kept();
    await emptyLibrary();
    const ending = new AbortController();
    const stopped = importLibrary(services, file, {
      signal: ending.signal,
      onProgress: (done, total) => done > total / 2 + 100 && ending.abort(),
    });
    await expect(stopped).rejects.toMatchObject({
      code: 'cancelled',
      message: 'Stopped: 1 clip of it is in the library.',
    });
    await importLibrary(services, file, task);
    expect(await snapshot(pg)).toEqual(rows);
    expect(kept()).toEqual(files);
  });
});

/** A backup with other rows. */
async function rewritten(file: File, change: (rows: string) => string): Promise<File> {
  const entries = await readTar(file);
  async function* files(): AsyncGenerator<TarFile> {
    for (const [path, content] of entries) {
      yield { path, content: path === 'library.jsonl' ? new Blob([change(await content.text())]) : content };
    }
  }
  return new File([await writeTar(files(), new Date(), 'application/x-tar')], file.name);
}

/** Rows without the times at which they were written: a picture that comes back writes its row anew. */
function withoutTimes(rows: unknown): unknown {
  return JSON.parse(JSON.stringify(rows, (name, value: unknown) => (name === 'created_at' ? null : value)));
}
