import type { Calibration } from '@/lib/ports/encoder';
import type { AnswerFrame, EncodedQuestion, SearchRequest } from '@/lib/ports/search';
import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { answerQuestion } from '@/lib/ask/answer';
import { CURVES_ALWAYS, SearchService } from '@/lib/search/search-service';
import type { EmbeddingSource } from '@/lib/ports/library';
import type { FramesiftServices } from '@/lib/core/services';
import { STRATEGIES } from '@/lib/select/strategies';
import * as scoring from '@/lib/select/score-frames';
import { giveWay } from '@/lib/shared/async';
import type { PictureSpan } from '@/lib/shared/clip-clock';
import { FramesiftError } from '@/lib/shared/errors';

vi.mock(import('@/lib/select/score-frames'), { spy: true });

const MODEL = 'model@1';

/** A frame whose embedding lies along one axis; `at` is when, a second a frame unless told. */
interface Row {
  frameIndex: number;
  axis: number;
  at?: number;
  span?: PictureSpan;
}

/** A library in memory, whose revisions are counts of writes. */
class MemoryLibrary implements EmbeddingSource {
  readonly #rows = new Map<string, { rows: Row[]; model: string; writes: number }>();

  write(clipId: string, rows: Row[], model = MODEL): void {
    this.#rows.set(clipId, { rows, model, writes: (this.#rows.get(clipId)?.writes ?? 0) + 1 });
  }

  searchedSets(modelVersion: string, clipIds: string[]) {
    return Promise.resolve(
      clipIds.map((clipId) => {
        const { rows = [], model, writes = 0 } = this.#rows.get(clipId) ?? {};
        const frames = model === modelVersion ? rows.length : 0;
        const state = frames > 0 ? ('current' as const) : null;
        return { clipId, state, frames, revision: writes, otherFrames: rows.length - frames };
      }),
    );
  }

  readEmbeddings(clipId: string) {
    const { rows, writes } = this.#rows.get(clipId)!;
    const embeddings = new Float32Array(rows.length * 512);
    rows.forEach(({ axis }, row) => (embeddings[row * 512 + axis] = 1));
    return Promise.resolve({
      revision: writes,
      next: null,
      packed: {
        frameIndexes: Int32Array.from(rows, ({ frameIndex }) => frameIndex),
        spansMs: Float64Array.from(rows.flatMap(({ span }) => [span?.startMs ?? NaN, span?.endMs ?? NaN])),
        timestampsMs: Int32Array.from(rows, ({ frameIndex, at }) => at ?? frameIndex * 1000),
        embeddings,
      },
    });
  }

  packEmbeddings() {
    return Promise.resolve(false);
  }
}

/** Likelihood is the cosine's logistic: 0.73 at 1, 0.5 at 0. */
const calibration: Calibration = {
  version: 2,
  text: { slope: 1, intercept: 0 },
  prior: 0.5,
  unlikely: 0.4,
  possible: 0.6,
  strong: 0.7,
};

function along(axis: number): Float32Array<ArrayBuffer> {
  const embedding = new Float32Array(512);
  embedding[axis] = 1;
  return embedding;
}

const question: EncodedQuestion = {
  modelVersion: MODEL,
  alternatives: [[{ weight: 1, embedding: along(3), isPicture: false }]],
  calibration,
};

let library: MemoryLibrary;
let service: SearchService;

beforeEach(() => {
  library = new MemoryLibrary();
  service = new SearchService({ source: library });
  vi.mocked(scoring.scoreFrames).mockClear();
});

function search(over: Partial<SearchRequest> & { ids?: string[] } = {}, asked = question) {
  return service.search(asked, request(over));
}

function request({ ids = ['a'], ...over }: Partial<SearchRequest> & { ids?: string[] } = {}): SearchRequest {
  return {
    clips: ids.map((clipId) => ({ clipId, durationMs: null })),
    range: null,
    strategy: 'top-k',
    count: 8,
    pinned: [],
    dropped: [],
    ...over,
  };
}

const framesOf = ({ frames }: Awaited<ReturnType<typeof search>>) =>
  frames.map(({ clipId, frameIndex }) => `${clipId}${frameIndex}`);

const rowsAlong = (...axes: number[]): Row[] => axes.map((axis, frameIndex) => ({ frameIndex, axis }));

describe('search', () => {
  it('tells of frames that it reads, which it does once', async () => {
    library.write('a', rowsAlong(...Array.from({ length: 2500 }, (_, row) => row % 512)));
    library.write('b', rowsAlong(3, 4));
    const told: unknown[] = [];
    const ask = (embedding: Float32Array<ArrayBuffer>) =>
      service.search(
        { ...question, alternatives: [[{ weight: 1, embedding, isPicture: false }]] },
        request({ ids: ['a', 'b'] }),
        {},
        ({ stage, done, total }) => told.push([stage, done, total]),
      );
    await ask(along(3));
    expect(told).toEqual([
      ['reading', 2500, 2502],
      ['reading', 2502, 2502],
    ]);
    told.length = 0;
    await ask(along(4));
    expect(told).toEqual([]);
  });

  it('answers with frame indexes and times, not rows, from a clip that is stored in part', async () => {
    library.write('a', [
      { frameIndex: 4, axis: 0 },
      { frameIndex: 9, axis: 3 },
      { frameIndex: 12, axis: 1 },
    ]);
    const answer = await search({ count: 2 });
    expect(answer).toMatchObject({
      framesSearched: 3,
      clipsSearched: 1,
      clipsSkipped: 0,
      verdict: null,
      levels: { unlikely: 0.4, possible: 0.6, strong: 0.7 },
      frames: [
        { clipId: 'a', frameIndex: 9, timestampMs: 9000, score: 1, rank: 1, strength: 'strong' },
        { clipId: 'a', frameIndex: 4, timestampMs: 4000, score: 0, rank: 2, strength: 'weak' },
      ],
    });
    expect(answer.frames[0]!.likelihood).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect(answer.curves).toMatchObject([{ clipId: 'a', shotChangesMs: [12000] }]);
    expect([...answer.curves[0]!.frameIndexes]).toEqual([4, 9, 12]);
    expect([...answer.curves[0]!.timestampsMs]).toEqual([4000, 9000, 12000]);
    expect([...answer.curves[0]!.scores]).toEqual([0, 1, 0]);
    expect(answer.curves[0]!.likelihoods![1]).toBe(answer.frames[0]!.likelihood);
  });

  it('rates nothing without a calibration', async () => {
    library.write('a', rowsAlong(3, 0));
    const { frames, levels, curves } = await search({}, { ...question, calibration: null });
    expect(frames.map(({ likelihood, strength }) => [likelihood, strength])).toEqual([
      [null, 'unrated'],
      [null, 'unrated'],
    ]);
    expect([levels, curves[0]!.likelihoods]).toEqual([null, null]);
  });

  it('rates a question that is a picture by numbers of its own', async () => {
    library.write('a', rowsAlong(3, 0));
    const picture = [[{ weight: 1, embedding: along(3), isPicture: true }]];
    const image = { slope: 2, intercept: -1 };
    const { frames } = await search(
      {},
      { ...question, alternatives: picture, calibration: { ...calibration, image } },
    );
    expect(frames.map(({ likelihood }) => likelihood)).toEqual([
      Math.fround(1 / (1 + Math.exp(-1))),
      Math.fround(1 / (1 + Math.exp(1))),
    ]);
  });

  it('finds nothing in nothing', async () => {
    const nothing = { framesSearched: 0, clipsSearched: 0, clipsSkipped: 0, frames: [], curves: [] };
    expect(await search({ ids: [] })).toMatchObject(nothing);
    expect(await search({ ids: ['gone'] })).toMatchObject(nothing);
  });

  it('joins the terms of a question', async () => {
    library.write('a', rowsAlong(3, 4, 5));
    const anyOf = [3, 5].map((axis) => [{ weight: 1, embedding: along(axis), isPicture: true }]);
    const { frames } = await search({ count: 2 }, { ...question, alternatives: anyOf });
    expect(frames.map(({ frameIndex }) => frameIndex)).toEqual([0, 2]);
  });
});

describe('a scope', () => {
  beforeEach(() => {
    library.write('a', rowsAlong(0, 3));
    library.write('b', rowsAlong(3, 0, 0));
    library.write('other', rowsAlong(3), 'another model');
  });

  it('of several clips takes the best of all, in the order shown where they are equal', async () => {
    const answer = await search({ ids: ['b', 'empty', 'a', 'other', 'b'], count: 3 });
    expect(framesOf(answer)).toEqual(['b0', 'a1', 'b1']);
    expect(answer).toMatchObject({ framesSearched: 5, clipsSearched: 2, clipsSkipped: 1 });
    expect(answer.curves.map(({ clipId }) => clipId)).toEqual(['b', 'a']);
    expect(framesOf(await search({ ids: ['a', 'b'], count: 2 }))).toEqual(['a1', 'b0']);
  });

  it('is what is in the library at the moment', async () => {
    await search({ ids: ['a', 'b'] });
    library.write('a', []);
    expect(framesOf(await search({ ids: ['a', 'b'], count: 1 }))).toEqual(['b0']);
    library.write('a', rowsAlong(3, 3, 3));
    expect(framesOf(await search({ ids: ['a', 'b'], count: 4 }))).toEqual(['a0', 'a1', 'a2', 'b0']);
  });

  it('sends the curves of the first clips, and of those that a frame is of', async () => {
    const ids = Array.from({ length: CURVES_ALWAYS + 3 }, (_, n) => `clip${n}`);
    for (const id of ids) library.write(id, rowsAlong(0));
    library.write(ids.at(-2)!, rowsAlong(3));
    const { curves } = await search({ ids, count: 1 });
    expect(curves.map(({ clipId }) => clipId)).toEqual([...ids.slice(0, CURVES_ALWAYS), ids.at(-2)]);
  });
});

describe('a time range', () => {
  it.each([
    ['both ends included', { startMs: 1000, endMs: 3000 }, [1, 2, 3]],
    ['without frames', { startMs: 1100, endMs: 1900 }, []],
    ['past the end', { startMs: 90_000, endMs: 99_000 }, []],
    ['of everything', { startMs: 0, endMs: 1e9 }, [0, 1, 2, 3, 4]],
  ])('%s', async (_, range, expected) => {
    library.write('a', rowsAlong(0, 3, 0, 3, 3));
    const answer = await search({ range });
    expect(answer.frames.map(({ frameIndex }) => frameIndex).sort()).toEqual(expected);
    expect(answer.framesSearched).toBe(expected.length);
    expect(answer.clipsSearched).toBe(expected.length > 0 ? 1 : 0);
    // The curve is of the whole clip, whatever part of it is asked about.
    expect(answer.curves[0]!.scores).toHaveLength(5);
  });

  it('leaves out frames whose time nobody knows, also between others', async () => {
    library.write('a', [
      { frameIndex: 0, axis: 0, at: 0 },
      { frameIndex: 1, axis: 3, at: -1 },
      { frameIndex: 2, axis: 3, at: 200 },
      { frameIndex: 3, axis: 3, at: 300 },
    ]);
    const range = { startMs: 0, endMs: 250 };
    expect(framesOf(await search({ range }))).toEqual(['a2', 'a0']);
    expect(framesOf(await search({ range, dropped: [{ clipId: 'a', frameIndex: 2 }] }))).toEqual(['a0']);
    expect(framesOf(await search())).toEqual(['a1', 'a2', 'a3', 'a0']);
  });
});

describe('a picture that stands still', () => {
  /** So many frames of the picture along an axis, 1 s apart, which begin and end with the picture. */
  const still = (firstFrame: number, frames: number, axis: number): Row[] =>
    Array.from({ length: frames }, (_, i) => ({
      frameIndex: firstFrame + i,
      axis,
      at: (firstFrame + i) * 1000 + 500,
      span: { startMs: firstFrame * 1000, endMs: (firstFrame + frames) * 1000 },
    }));
  const slides = [...still(0, 20, 0), ...still(20, 20, 3), ...still(40, 20, 5)];
  const shown = ({ frames }: { frames: AnswerFrame[] }) =>
    frames.map(({ frameIndex, span }) => [frameIndex, span?.startMs, span?.endMs]);

  it.each(STRATEGIES.map(({ id }) => id))('takes one place of an answer by %s', async (strategy) => {
    library.write('a', slides);
    const answer = await search({ count: 8, strategy });
    expect(answer.framesSearched).toBe(60);
    expect(shown(answer).sort()).toEqual([
      [0, 0, 20_000],
      [20, 20_000, 40_000],
      [40, 40_000, 60_000],
    ]);
  });

  it('is one with frames that look the same, and with no others', async () => {
    const constantRate = [0, 0, 3, 3].map((axis, frameIndex) => ({
      frameIndex,
      axis,
      at: frameIndex * 1000 + 500,
      span: { startMs: frameIndex * 1000 + 400, endMs: frameIndex * 1000 + 600 },
    }));
    library.write('a', constantRate);
    expect(shown(await search({ strategy: 'uniform' }))).toEqual([
      [2, 2400, 3600],
      [0, 400, 1600],
    ]);
    // Frames of today's libraries, whose spans nobody knows.
    library.write('a', rowsAlong(3, 3));
    expect((await search()).frames).toHaveLength(2);
  });

  it('lies in a range with one of its frames, and is shown as the first of them', async () => {
    library.write('a', slides);
    const answer = await search({ range: { startMs: 25_000, endMs: 50_000 } });
    expect(shown(answer)).toEqual([
      [25, 20_000, 40_000],
      [40, 40_000, 60_000],
    ]);
  });

  it('is pinned and dropped by any of its frames', async () => {
    library.write('a', slides);
    const pinned = await search({ count: 1, pinned: [{ clipId: 'a', frameIndex: 47 }] });
    expect(pinned.frames).toMatchObject([{ frameIndex: 47, isPinned: true, span: { startMs: 40_000 } }]);
    const dropped = await search({ count: 3, dropped: [{ clipId: 'a', frameIndex: 33 }] });
    expect(dropped.frames.map(({ frameIndex }) => frameIndex)).toEqual([0, 40]);
  });

  it('of one clip stays apart from that of another', async () => {
    library.write('a', still(0, 5, 3));
    library.write('b', still(0, 5, 3));
    const { frames } = await search({ ids: ['a', 'b'] });
    expect(frames.map(({ clipId, frameIndex }) => [clipId, frameIndex])).toEqual([
      ['a', 0],
      ['b', 0],
    ]);
  });

  it('gives a verdict’s stretch up to its last frame', async () => {
    library.write('a', slides);
    const { verdict } = await search({ strategy: 'auto' });
    expect([19_500, 39_500, 59_500]).toContain(verdict!.spans.at(-1)!.endMs);
  });
});

describe('verdicts', () => {
  it('come with the stretch of each clip that answers', async () => {
    library.write('a', rowsAlong(0, 0, 0, 0, 3));
    library.write('b', rowsAlong(3, 0, 0, 0, 0));
    const strategies = await import('@/lib/select/strategies');
    const judge = {
      ...strategies.findStrategy('uniform')!,
      select: () => ({
        rows: [4, 5],
        verdict: { kind: 'moment' as const, spans: [{ startRow: 4, endRow: 6 }], evidence: 1.5 },
      }),
    };
    const find = vi.spyOn(strategies, 'findStrategy').mockReturnValue(judge);
    try {
      expect((await search({ ids: ['a', 'b'], count: 2 })).verdict).toEqual({
        kind: 'moment',
        evidence: 1.5,
        spans: [
          { clipId: 'a', startMs: 4000, endMs: 4000 },
          { clipId: 'b', startMs: 0, endMs: 1000 },
        ],
      });
    } finally {
      find.mockRestore();
    }
  });
});

describe('pins and drops', () => {
  beforeEach(() => library.write('a', rowsAlong(3, 3, 0, 1)));

  it('are kept to, and those of other clips and frames that are gone are passed over', async () => {
    const answer = await search({
      count: 2,
      pinned: [
        { clipId: 'a', frameIndex: 3 },
        { clipId: 'a', frameIndex: 99 },
        { clipId: 'b', frameIndex: 0 },
      ],
      dropped: [{ clipId: 'a', frameIndex: 0 }],
    });
    expect(answer.frames).toMatchObject([
      { frameIndex: 1, rank: 1, isPinned: false },
      { frameIndex: 3, rank: 2, isPinned: true },
    ]);
  });

  it('a frame that is both is pinned', async () => {
    const both = [{ clipId: 'a', frameIndex: 2 }];
    expect(framesOf(await search({ count: 1, pinned: both, dropped: both }))).toEqual(['a2']);
  });

  it('of a frame outside the range do nothing', async () => {
    const range = { startMs: 0, endMs: 1000 };
    const pinned = [{ clipId: 'a', frameIndex: 3 }];
    expect(framesOf(await search({ range, pinned }))).toEqual(['a0', 'a1']);
  });
});

describe('scores', () => {
  const scorings = () => vi.mocked(scoring.scoreFrames).mock.calls.length;

  it('are made once for a question, whatever else is asked of it', async () => {
    library.write('a', rowsAlong(3, 0, 3));
    await search();
    expect(scorings()).toBe(1);
    await search({ count: 1 });
    await search({ strategy: 'uniform' });
    await search({ range: { startMs: 0, endMs: 1000 } });
    await search({ dropped: [{ clipId: 'a', frameIndex: 0 }] });
    // As it comes from the page: other objects that say the same.
    await search({}, structuredClone(question));
    expect(scorings()).toBe(1);
  });

  it('are made anew for another question, scope or other vectors', async () => {
    library.write('a', rowsAlong(3, 0, 3));
    library.write('b', rowsAlong(3));
    await search();
    await search({}, { ...question, alternatives: [[{ weight: 1, embedding: along(0), isPicture: false }]] });
    expect(scorings()).toBe(2);
    await search({ ids: ['a', 'b'] });
    expect(scorings()).toBe(3);
    await search();
    expect(scorings()).toBe(3);
    library.write('a', rowsAlong(0, 3, 0));
    expect((await search({ count: 1 })).frames[0]!.frameIndex).toBe(1);
    expect(scorings()).toBe(4);
  });
});

describe('a request that makes no sense', () => {
  it.each<[string, Partial<SearchRequest> & { ids?: string[] }, RegExp]>([
    ['no frames', { count: 0 }, /1 to 64 frames, not 0/],
    ['too many', { count: 65 }, /not 65/],
    ['half a frame', { count: 1.5 }, /not 1.5/],
    ['an unknown strategy', { strategy: 'best' as never }, /“best”/],
    ['a range of two clips', { ids: ['a', 'b'], range: { startMs: 0, endMs: 1 } }, /one clip/],
    ['a range that ends before it begins', { range: { startMs: 2, endMs: 1 } }, /begin before it ends/],
    ['a range of no number', { range: { startMs: NaN, endMs: 1 } }, /begin before it ends/],
  ])('is refused: %s', async (_, request, message) => {
    await expect(search(request)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('a search that is cancelled', () => {
  /** Aborts as soon as the thread is idle, as the message of a signal from another thread does. */
  const abortSoon = (ending: AbortController) => void giveWay().then(() => ending.abort());
  const strategy = STRATEGIES.find(({ id }) => id === 'top-k')!;
  const ids = Array.from({ length: 20 }, (_, i) => `clip${i}`);
  const isCancelled = { code: 'cancelled' };
  let ending: AbortController;
  let original: typeof strategy.select;
  let select: Mock<typeof strategy.select>;

  beforeEach(() => {
    ending = new AbortController();
    for (const id of ids) library.write(id, rowsAlong(3, 4));
    original = strategy.select.bind(strategy);
    select = vi.spyOn(strategy, 'select');
  });
  afterEach(() => vi.restoreAllMocks());

  const cancelled = (asked = question) =>
    service.search(asked, request({ ids }), {}, undefined, ending.signal);

  it('reads no further clip, and keeps those that it has read', async () => {
    const read = library.readEmbeddings.bind(library);
    const readEmbeddings = vi.spyOn(library, 'readEmbeddings');
    readEmbeddings.mockImplementationOnce((clipId) => {
      ending.abort();
      return read(clipId);
    });
    await expect(cancelled()).rejects.toMatchObject(isCancelled);
    expect(scoring.scoreFrames).not.toHaveBeenCalled();
    const before = readEmbeddings.mock.calls.length;
    expect(before).toBeLessThan(10);
    expect(await search({ ids })).toMatchObject({ framesSearched: 40 });
    expect(readEmbeddings).toHaveBeenCalledTimes(20);
  });

  it('does not score what it has read', async () => {
    const searchedSets = library.searchedSets.bind(library);
    await search({ ids });
    vi.mocked(scoring.scoreFrames).mockClear();
    vi.spyOn(library, 'searchedSets').mockImplementation((...asked) => {
      abortSoon(ending);
      return searchedSets(...asked);
    });
    const other = { ...question, alternatives: [[{ weight: 1, embedding: along(4), isPicture: false }]] };
    await expect(cancelled(other)).rejects.toMatchObject(isCancelled);
    expect(scoring.scoreFrames).not.toHaveBeenCalled();
  });

  it('does not select from what it has scored', async () => {
    const { scoreFrames } = await vi.importActual<typeof scoring>('@/lib/select/score-frames');
    vi.mocked(scoring.scoreFrames).mockImplementationOnce((...scored) => {
      abortSoon(ending);
      return scoreFrames(...scored);
    });
    await expect(cancelled()).rejects.toMatchObject(isCancelled);
    expect(select).not.toHaveBeenCalled();
  });

  it('makes no curves of what it has selected', async () => {
    select.mockImplementationOnce((...given) => {
      abortSoon(ending);
      return original(...given);
    });
    await expect(cancelled()).rejects.toMatchObject(isCancelled);
  });

  it('and an overview too', async () => {
    const overview = service.overview(MODEL, 'clip0', 8, ending.signal);
    ending.abort();
    await expect(overview).rejects.toMatchObject(isCancelled);
    expect((await service.overview(MODEL, 'clip0', 8)).frames).not.toHaveLength(0);
  });
});

describe('answerQuestion', () => {
  const request: SearchRequest = {
    clips: [{ clipId: 'a', durationMs: null }],
    range: null,
    strategy: 'top-k',
    count: 1,
    pinned: [],
    dropped: [],
  };
  const servicesWith = (answering: unknown, discardSearchWorker = vi.fn()) =>
    ({ search: { search: answering }, discardSearchWorker }) as unknown as FramesiftServices;

  it('says how long it took', async () => {
    library.write('a', rowsAlong(3));
    const services = servicesWith(service.search.bind(service));
    const answer = await answerQuestion(services, question, request);
    expect(answer.frames).toHaveLength(1);
    expect(answer.tookMs).toBeGreaterThan(0);
  });

  it('ends a worker that hangs, and no other', async () => {
    vi.useFakeTimers();
    try {
      const discard = vi.fn();
      const asking = answerQuestion(
        servicesWith(() => new Promise(() => undefined), discard),
        question,
        request,
      );
      const refused = expect(asking).rejects.toMatchObject({ code: 'timed-out' });
      await vi.runAllTimersAsync();
      await refused;
      expect(discard).toHaveBeenCalledTimes(1);
      const bad = () => Promise.reject(new FramesiftError('bad-input', 'No.'));
      await expect(answerQuestion(servicesWith(bad, discard), question, request)).rejects.toThrow('No.');
      expect(discard).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
