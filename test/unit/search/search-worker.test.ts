import type { LoadedModel } from '@/lib/ports/encoder';
import type { SearchProgress, SearchRequest } from '@/lib/ports/search';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerQuestion } from '@/lib/ask/answer';
import { composeRequest } from '@/lib/ask/compose-request';
import { revisionsOf } from '@/lib/ask/revisions';
import { SearchService } from '@/lib/search/search-service';
import type { ClipDatabase } from '@/lib/library/clip-database';
import type { DatabaseConnection } from '@/lib/library/client';
import type { Asking } from '@/lib/core/answer-store';
import { openAnswers } from '@/lib/core/open-answers';
import { FramesiftServices } from '@/lib/core/services';
import { installRpc, serve } from '@/lib/rpc/remote';
import { ChannelWorker } from '../../support/channel-worker';
import { deferred, modelNamed } from '../../support/core-fakes';
import { eventually } from '../../support/eventually';
import { emptyTables, makeClipDatabase, openMemoryDatabase, randomEmbedding } from '../library/support';

/*
 * The page's services with the search worker and the database worker, each behind a real message channel, over a
 * PostgreSQL in memory.
 */

const MODEL = 'clip-test@1/fp32/p1';

let pg: PGlite;
let connection: DatabaseConnection;
let services: FramesiftServices;
let workers: ChannelWorker[];
let clipId: string;
let database: ClipDatabase;

beforeAll(async () => {
  installRpc();
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  workers = [];
  database = makeClipDatabase(connection);
  services = new FramesiftServices({
    database: () => new ChannelWorker((port) => serve(database, port)).asWorker(),
    search: () => {
      const service = new SearchService();
      const worker = new ChannelWorker((port) => serve(service, port));
      workers.push(worker);
      return worker.asWorker();
    },
    video: () => new ChannelWorker(() => undefined).asWorker(),
    encoder: unused,
    models: unused,
    sync: unused,
    thread: unused,
  });
  clipId = (await services.database.createClip({ description: 'a clip' })).id;
});
afterEach(() => services.close());

const unused = () => {
  throw new Error('Nobody asked for this worker.');
};

interface AskOptions {
  revisions?: Record<string, number>;
  onProgress?: (progress: SearchProgress) => void;
  signal?: AbortSignal;
}

const frame = (frameIndex: number) => ({
  frameIndex,
  timestampMs: frameIndex * 1000,
  width: 8,
  height: 8,
  thumbnail: Uint8Array.of(1),
  embedding: randomEmbedding(frameIndex),
});

async function ask({ onProgress, signal, ...options }: AskOptions = {}) {
  const question = {
    modelVersion: MODEL,
    alternatives: [[{ weight: 1, embedding: randomEmbedding(2), isPicture: false }]],
    calibration: null,
  };
  const answer = await answerQuestion(
    services,
    question,
    {
      clips: [{ clipId, durationMs: null }],
      range: null,
      strategy: 'top-k',
      count: 8,
      pinned: [],
      dropped: [],
    },
    options,
    onProgress,
    signal,
  );
  return answer.frames.map(({ frameIndex }) => frameIndex);
}

describe('the search worker', () => {
  it('is not made before somebody asks, and reads from the database worker', async () => {
    await services.database.storeFrameBatch(clipId, [frame(1), frame(2)], MODEL);
    expect(workers).toHaveLength(0);
    expect(await ask()).toEqual([2, 1]);
    expect(workers).toHaveLength(1);
  });

  it('tells how far the first question is, and has nothing to tell of the next', async () => {
    await services.database.storeFrameBatch(clipId, [frame(1), frame(2)], MODEL);
    const told: SearchProgress[] = [];
    const onProgress = (progress: SearchProgress) => told.push(progress);
    await ask({ onProgress });
    expect(told).toEqual([{ stage: 'reading', done: 2, total: 2 }]);
    await ask({ onProgress });
    expect(told).toHaveLength(1);
    await services.database.storeFrameBatch(clipId, [frame(3)], MODEL);
    await ask({ onProgress });
    expect(told[1]).toEqual({ stage: 'reading', done: 1, total: 1 });
  });

  it('sees what another tab has stored once the asker has heard of it', async () => {
    await services.database.storeFrameBatch(clipId, [frame(2)], MODEL);
    expect(await ask()).toEqual([2]);
    const otherTab = makeClipDatabase(connection);
    await otherTab.storeFrameBatch(clipId, [frame(3)], MODEL);
    const clips = await services.database.listClips();
    expect(await ask({ revisions: revisionsOf(clips, MODEL) })).toEqual([2, 3]);
  });

  it('a new one takes the place of one that is ended, and calls that wait are told', async () => {
    await services.database.storeFrameBatch(clipId, [frame(2)], MODEL);
    const waiting = ask();
    const told = expect(waiting).rejects.toMatchObject({ code: 'worker-lost', transient: true });
    services.discardSearchWorker();
    await told;
    expect(workers[0]!.isTerminated).toBe(true);
    expect(await ask()).toEqual([2]);
    expect(workers).toHaveLength(2);
    services.close();
    expect(workers[1]!.isTerminated).toBe(true);
  });

  it('gives up a search whose signal is aborted, and answers the next', async () => {
    await services.database.storeFrameBatch(clipId, [frame(2)], MODEL);
    const ending = new AbortController();
    const readEmbeddings = database.readEmbeddings.bind(database);
    vi.spyOn(database, 'readEmbeddings').mockImplementationOnce((...asked) => {
      ending.abort();
      return readEmbeddings(...asked);
    });
    await expect(ask({ signal: ending.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(await ask()).toEqual([2]);
    await expect(ask({ signal: ending.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(workers).toHaveLength(1);
  });

  it('gives up what is asked for when the page asks something else', async () => {
    await services.database.storeFrameBatch(clipId, [frame(2)], MODEL);
    const search = vi.spyOn(SearchService.prototype, 'search');
    const readEmbeddings = database.readEmbeddings.bind(database);
    const { promise: isRead, resolve: read } = deferred<undefined>();
    const reading = vi.spyOn(database, 'readEmbeddings').mockImplementationOnce(async (...asked) => {
      await isRead;
      return readEmbeddings(...asked);
    });
    const { database: library, search: worker, video, sync } = services;
    const encodeTexts = (texts: string[]) =>
      Promise.resolve(Float32Array.from(texts.flatMap(() => [...randomEmbedding(2)])));
    const answers = openAnswers({
      database: library,
      search: worker,
      video,
      sync,
      encoder: { encodeTexts, encodeImages: unused },
      discardSearchWorker: (reason) => services.discardSearchWorker(reason),
    });
    const asking = (text: string): Asking => ({
      question: { text, images: [] },
      model: { ...modelNamed(MODEL), config: { embeddingDimension: 512 } as LoadedModel['config'] },
      request: composeRequest([{ id: clipId, durationMs: null }], { count: 4 }),
      revisions: {},
    });
    answers.ask(asking('a cat'));
    await eventually(() => expect(reading).toHaveBeenCalled());
    answers.ask(asking('a dog'));
    await eventually(() => expect(search).toHaveBeenCalledTimes(2));
    read(undefined);
    await eventually(() => expect(answers.get().found).not.toBeNull());
    expect(answers.get().found).toMatchObject({ question: { text: 'a dog' } });
    await expect(search.mock.results[0]!.value).rejects.toMatchObject({ code: 'cancelled' });
    await expect(search.mock.results[1]!.value).resolves.toMatchObject({ framesSearched: 1 });
    search.mockRestore();
  });

  it('a request that makes no sense comes back as one', async () => {
    const question = { modelVersion: MODEL, alternatives: [], calibration: null };
    const request: SearchRequest = {
      clips: [],
      range: null,
      strategy: 'top-k',
      count: 0,
      pinned: [],
      dropped: [],
    };
    await expect(services.search.search(question, request)).rejects.toMatchObject({ code: 'bad-input' });
  });
});
