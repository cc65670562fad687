import { beforeAll, describe, expect, it } from 'vitest';
import type { Calibration } from '@/lib/ports/encoder';
import type { Candidates, EncodedQuestion, SearchRequest } from '@/lib/ports/search';
import { joinSamples, nearestVectors } from '@/lib/search/candidates';
import { SearchService } from '@/lib/search/search-service';
import { STRATEGIES } from '@/lib/select/strategies';
import { MemoryLibrary } from '@/scripts/eval/real/memory-library';
import { giveCandidates, type HeldClip } from '../../support/candidates';
import { randomEmbedding } from '../library/support';

const DIMENSION = 512;
const SCENES = 12;

/** A frame of a scene: its direction, and a little of its own. */
function frameOf(scene: number, seed: number): Float32Array {
  const [base, own] = [randomEmbedding(scene + 1), randomEmbedding(10_000 + seed)];
  const mixed = base.map((value, i) => value + 0.4 * own[i]!);
  const length = Math.sqrt(mixed.reduce((sum, value) => sum + value * value, 0));
  return mixed.map((value) => value / length);
}

/** A clip of `frames` frames, in scenes of some seconds. */
function madeClip(number: number, frames: number): HeldClip {
  const embeddings = new Float32Array(frames * DIMENSION);
  for (let row = 0; row < frames; row += 1) {
    const scene = (number * 5 + Math.floor(row / 9) * 7) % SCENES;
    embeddings.set(frameOf(scene, number * 1000 + row), row * DIMENSION);
  }
  return {
    clipId: `clip${String(number).padStart(2, '0')}`,
    timestampsMs: Int32Array.from({ length: frames }, (_, row) => row * 1000),
    embeddings,
  };
}

const CALIBRATION: Calibration = {
  version: 2,
  text: { slope: 12, intercept: -6 },
  prior: 0.1,
  unlikely: 0.02,
  possible: 0.3,
  strong: 0.7,
  perScenes: 0.2,
};

const scene = (number: number, weight = 1) => ({
  weight,
  embedding: randomEmbedding(number + 1),
  isPicture: false,
});
const asked = (
  alternatives: EncodedQuestion['alternatives'],
  calibration: Calibration | null = CALIBRATION,
): EncodedQuestion => ({ modelVersion: 'model@1', alternatives, calibration });

const QUESTIONS: [string, EncodedQuestion][] = [
  ['one thing', asked([[scene(3)]])],
  ['one thing, uncalibrated', asked([[scene(3)]], null)],
  ['two things at once', asked([[scene(3), scene(7, 2)]])],
  ['one thing and not another', asked([[scene(3, -1), scene(7)]], null)],
  ['either of two', asked([[scene(3)], [scene(5)]])],
  ['what is nowhere', asked([[scene(500)]])],
];

/** Searches of a library that is here, and of one of which nothing is. */
function services(library: readonly HeldClip[], isHere: (clip: HeldClip) => boolean) {
  const memory = new MemoryLibrary();
  for (const clip of library) {
    const { clipId, timestampsMs, embeddings } = clip;
    memory.add(
      clipId,
      isHere(clip)
        ? { timesMs: timestampsMs, embeddings }
        : { timesMs: new Int32Array(0), embeddings: new Float32Array(0) },
    );
  }
  return new SearchService({ source: memory });
}

const requestFor = (library: readonly HeldClip[], change: Partial<SearchRequest> = {}): SearchRequest => ({
  clips: library.map(({ clipId, timestampsMs }) => ({
    clipId,
    durationMs: timestampsMs.length * 1000,
    libraryId: 'yard',
  })),
  range: null,
  strategy: 'auto',
  count: 8,
  pinned: [],
  dropped: [],
  ...change,
});

const ALL = { clips: 20, frames: 2000 };

const shown = ({ frames, verdict, ...rest }: Awaited<ReturnType<SearchService['search']>>) => ({
  frames: frames.map(({ clipId, frameIndex, rank, strength }) => ({ clipId, frameIndex, rank, strength })),
  verdict: verdict && { kind: verdict.kind, spans: verdict.spans },
  searched: [rest.framesSearched, rest.clipsSearched, rest.isOfBestClips],
  shots: rest.curves.map(({ shotChangesMs }) => shotChangesMs),
});

describe('a library that is wholly among the candidates', () => {
  const library = Array.from({ length: 8 }, (_, number) => madeClip(number, 40 + number));
  let here: SearchService;
  let away: SearchService;

  beforeAll(() => {
    here = services(library, () => true);
    away = services(library, () => false);
  });

  describe.each(STRATEGIES.map(({ id }) => id))('by %s', (strategy) => {
    it.each(QUESTIONS)('answers as one that is here: %s', async (_, question) => {
      const request = requestFor(library, { strategy });
      const candidates = [giveCandidates(library, question, ALL)];
      expect(shown(await away.search(question, request, { candidates }))).toEqual(
        shown(await here.search(question, request)),
      );
    });
  });

  // Cuts and pictures that stand still come from the cosines of neighbours, of which the library gives all.
  it.each(QUESTIONS)('answers so with one embedding in five: %s', async (_, question) => {
    const request = requestFor(library);
    const frames = library.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0);
    const candidates = [giveCandidates(library, question, { clips: 20, frames: Math.floor(frames / 5) })];
    expect(shown(await away.search(question, request, { candidates }))).toEqual(
      shown(await here.search(question, request)),
    );
  });

  it('answers so where some clips are here too', async () => {
    const [, question] = QUESTIONS[2]!;
    const request = requestFor(library);
    const mixed = services(library, ({ clipId }) => clipId < 'clip04');
    const candidates = [giveCandidates(library, question, ALL)];
    expect(shown(await mixed.search(question, request, { candidates }))).toEqual(
      shown(await here.search(question, request)),
    );
  });

  it('keeps what a person pins and drops', async () => {
    const [, question] = QUESTIONS[0]!;
    const first = await here.search(question, requestFor(library));
    const edits = { pinned: [{ clipId: 'clip05', frameIndex: 3 }], dropped: [first.frames[0]!] };
    const request = requestFor(library, edits);
    const candidates = [giveCandidates(library, question, ALL)];
    expect(shown(await away.search(question, request, { candidates }))).toEqual(
      shown(await here.search(question, request)),
    );
  });
});

describe('a library of which the best clips are given', () => {
  const library = Array.from({ length: 30 }, (_, number) => madeClip(number, 60));
  const [, question] = QUESTIONS[0]!;
  let away: SearchService;
  const few = (): Candidates => giveCandidates(library, question, { clips: 6, frames: 120 });

  beforeAll(() => {
    away = services(library, () => false);
  });

  it('is counted whole, with the clips that were looked at', async () => {
    const answer = await away.search(question, requestFor(library), { candidates: [few()] });
    expect(answer).toMatchObject({ framesSearched: 1800, clipsSearched: 6, isOfBestClips: true });
    expect(answer.frames).toHaveLength(8);
  });

  it('gives the best frames of all', async () => {
    const request = requestFor(library, { strategy: 'top-k' });
    const here = await services(library, () => true).search(question, request);
    const answer = await away.search(question, request, { candidates: [few()] });
    expect(shown(answer).frames).toEqual(shown(here).frames);
  });

  it('is not said to show throughout what its best clips do', async () => {
    // The same scene in every frame of six clips.
    const six = Array.from({ length: 6 }, (_, number) => madeClip(number, 60));
    for (const { embeddings } of six)
      for (let row = 0; row < 60; row += 1) embeddings.set(frameOf(3, row), row * DIMENSION);
    const others = [...six, ...library.slice(6)];
    const given = giveCandidates(others, question, { clips: 6, frames: 120 });
    const answer = await away.search(question, requestFor(others), { candidates: [given] });
    expect(answer.clipsSearched).toBe(6);
    expect(answer.verdict?.kind).not.toBe('whole');
    // Of these clips alone it is true.
    const alone = [giveCandidates(six, question, ALL)];
    const whole = await services(six, () => false).search(question, requestFor(six), { candidates: alone });
    expect(whole.verdict?.kind).toBe('whole');
  });

  it('has frames without embeddings, whose scores count and which may be picked', async () => {
    const request = requestFor(library, { strategy: 'top-k', count: 64 });
    const candidates = giveCandidates(library, question, { clips: 6, frames: 40 });
    const answer = await away.search(question, request, { candidates: [candidates] });
    const withVectors = new Set(
      candidates.clips.flatMap(({ clipId, vectorRows }) => [...vectorRows].map((row) => `${clipId} ${row}`)),
    );
    const isWith = answer.frames.map(({ clipId, frameIndex }) => withVectors.has(`${clipId} ${frameIndex}`));
    expect(new Set(isWith)).toEqual(new Set([true, false]));
    const looked = library.filter(({ clipId }) => candidates.clips.some((clip) => clip.clipId === clipId));
    const here = await services(looked, () => true).search(question, {
      ...request,
      clips: requestFor(looked).clips,
    });
    expect(shown(answer).frames).toEqual(shown(here).frames);
  });
});

describe('nearestVectors', () => {
  it.each([
    [1, [0], [0]],
    [5, [2], [0, 0, 0, 0, 0]],
    [6, [0, 3], [0, 0, 1, 1, 1, 1]],
    [7, [1, 5], [0, 0, 0, 0, 1, 1, 1]],
  ])('of %i frames with embeddings of %j are %j', (frames, rows, nearest) => {
    expect([...nearestVectors(frames, Int32Array.from(rows))]).toEqual(nearest);
  });
});

describe('joinSamples', () => {
  it('takes all where all are at hand', () => {
    const sources = [
      { frames: 2, numbers: Float32Array.of(1, 2) },
      { frames: 1, numbers: Float32Array.of(3) },
    ];
    expect([...joinSamples(sources)]).toEqual([1, 2, 3]);
  });

  it('takes from each as many as it has frames', () => {
    const joined = joinSamples([
      { frames: 1000, numbers: new Float32Array(1000).fill(1) },
      { frames: 99_000, numbers: new Float32Array(4096).fill(2) },
      { frames: 0, numbers: new Float32Array(0) },
    ]);
    expect(joined.length).toBe(4096);
    expect(joined.filter((number) => number === 1).length).toBe(41);
  });
});
