import type { SearchProgress, SearchRequest } from '@/lib/ports/search';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerQuestion } from '@/lib/ask/answer';
import { revisionsOf } from '@/lib/ask/revisions';
import { SearchService } from '@/lib/search/search-service';
import type { DatabaseConnection } from '@/lib/library/client';
import { FramesiftServices } from '@/lib/core/services';
import { installRpc, serve } from '@/lib/rpc/remote';
import { ChannelWorker } from '../../support/channel-worker';
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

beforeAll(async () => {
  installRpc();
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  workers = [];
  const unused = () => {
    throw new Error('Nobody asked for this worker.');
  };
  const database = makeClipDatabase(connection);
  services = new FramesiftServices({
    database: () => new ChannelWorker((port) => serve(database, port)).asWorker(),
    search: () => {
      const service = new SearchService();
      const worker = new ChannelWorker((port) => serve(service, port));
      workers.push(worker);
      return worker.asWorker();
    },
    video: unused,
    clip: unused,
    models: unused,
    sync: unused,
    thread: unused,
  });
  clipId = (await services.database.createClip({ description: 'a clip' })).id;
});
afterEach(() => services.close());

interface AskOptions {
  revisions?: Record<string, number>;
  onProgress?: (progress: SearchProgress) => void;
}

const frame = (frameIndex: number) => ({
  frameIndex,
  timestampMs: frameIndex * 1000,
  width: 8,
  height: 8,
  thumbnail: Uint8Array.of(1),
  embedding: randomEmbedding(frameIndex),
});

async function ask({ onProgress, ...options }: AskOptions = {}) {
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
