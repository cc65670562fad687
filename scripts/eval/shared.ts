/**
 * `npm run eval:shared`: how many answers over a whole library stay the same when it is searched on its server, which gives
 * some clips and some of their frames. The questions and clips of `eval:select`, answered by the page's own search.
 */
import { parseArgs } from 'node:util';
import { encodeQuestion } from '@/lib/ask/question';
import type { EncodedQuestion } from '@/lib/ports/search';
import { USUAL_SEARCH } from '@/lib/protocol/search';
import { SearchService } from '@/lib/search/search-service';
import { toFramesiftError } from '@/lib/shared/errors';
import { giveCandidates, type CandidateLimits, type HeldClip } from '@/test/support/candidates';
import { repositoryPath } from '../sample-clip/host/browser';
import type { Embedder } from '../sample-clip/host/embed';
import { CACHE, openEmbedder, type EmbeddedClip } from './cases';
import { Progress } from './progress';
import { readClips } from './read-clips';
import { MemoryLibrary } from './real/memory-library';
import { textServices } from './text-services';

const { values } = parseArgs({
  options: {
    /** Folder of captions.jsonl.gz and its zips. */
    data: { type: 'string', default: repositoryPath('../shared/data') },
    /** Ask every so many questions alone. */
    every: { type: 'string', default: '1' },
  },
});

/** Frames of an answer that are compared. */
const COUNT = 8;

/** Clips that are joined to long ones, of which a server does not give every frame's embedding. */
const JOINED = 5;

const LIMITS: CandidateLimits[] = [{ clips: 20, frames: 2000 }, USUAL_SEARCH];

/** An answer as far as it is compared. */
interface Answered {
  /** By rank. */
  frames: string[];
  verdict: string | null;
}

/** What became of the answers to all questions, by how much a server gives. */
interface Comparison {
  limits: CandidateLimits;
  /** The same frames, and the same verdict. */
  same: number;
  sameVerdict: number;
  sameBest: number;
  /** Frames of the library's answer that are in the other too. */
  shared: number;
  frames: number;
}

async function encodeAll(clips: readonly EmbeddedClip[], embedder: Embedder): Promise<EncodedQuestion[]> {
  const services = textServices(embedder);
  const { visionDigest: modelVersion, calibration, config } = embedder;
  const texts = [...new Set(clips.flatMap(({ truth }) => truth.questions.map(({ text }) => text)))];
  // Composed ones beside them: what is joined, what is unwanted, and either of two.
  const composed = texts.flatMap((text, i) => {
    const other = texts[(i + 7) % texts.length]!;
    return i % 4 === 0 ? [`${text} + ${other}`, `${text} - ${other}`, `${text} | ${other}`] : [];
  });
  const every = Number(values.every);
  const asked = [...texts, ...composed].filter((_, i) => i % every === 0);
  const encoded: EncodedQuestion[] = [];
  for (const text of asked)
    encoded.push(await encodeQuestion(services, { modelVersion, calibration, config }, { text, images: [] }));
  return encoded;
}

function hold(clips: readonly EmbeddedClip[]): HeldClip[] {
  return clips.map(({ truth, timesMs, embeddings }) => ({
    clipId: truth.id,
    timestampsMs: Int32Array.from(timesMs),
    embeddings: Float32Array.from(embeddings),
  }));
}

/** Every few clips end to end as one. */
function join(clips: readonly HeldClip[]): HeldClip[] {
  const joined: HeldClip[] = [];
  for (let first = 0; first < clips.length; first += JOINED) {
    const group = clips.slice(first, first + JOINED);
    const times: number[] = [];
    for (const { timestampsMs } of group) {
      const startMs = times.length === 0 ? 0 : times.at(-1)! + 1000;
      for (const timeMs of timestampsMs) times.push(startMs + timeMs);
    }
    const embeddings = new Float32Array(group.reduce((sum, clip) => sum + clip.embeddings.length, 0));
    let at = 0;
    for (const clip of group) {
      embeddings.set(clip.embeddings, at);
      at += clip.embeddings.length;
    }
    joined.push({ clipId: group[0]!.clipId, timestampsMs: Int32Array.from(times), embeddings });
  }
  return joined;
}

async function compare(
  library: readonly HeldClip[],
  questions: readonly EncodedQuestion[],
): Promise<Comparison[]> {
  const here = new MemoryLibrary();
  const nothing = new MemoryLibrary();
  for (const { clipId, timestampsMs, embeddings } of library) {
    here.add(clipId, { timesMs: timestampsMs, embeddings });
    nothing.add(clipId, { timesMs: new Int32Array(0), embeddings: new Float32Array(0) });
  }
  const [atHome, away] = [new SearchService({ source: here }), new SearchService({ source: nothing })];
  const request = {
    clips: library.map(({ clipId }) => ({ clipId, durationMs: null, libraryId: 'yard' })),
    range: null,
    strategy: 'auto' as const,
    count: COUNT,
    pinned: [],
    dropped: [],
  };
  const answered = ({ frames, verdict }: Awaited<ReturnType<SearchService['search']>>): Answered => ({
    frames: frames.map(({ clipId, frameIndex }) => `${clipId} ${frameIndex}`),
    verdict: verdict?.kind ?? null,
  });
  const results = LIMITS.map((limits) => ({
    limits,
    same: 0,
    sameVerdict: 0,
    sameBest: 0,
    shared: 0,
    frames: 0,
  }));
  const progress = new Progress(questions.length, 'questions');
  try {
    for (const question of questions) {
      const whole = answered(await atHome.search(question, request));
      for (const result of results) {
        const candidates = [giveCandidates(library, question, result.limits)];
        const part = answered(await away.search(question, request, { candidates }));
        const inBoth = whole.frames.filter((frame) => part.frames.includes(frame)).length;
        const isSameVerdict = whole.verdict === part.verdict;
        result.shared += inBoth;
        result.frames += whole.frames.length;
        if (isSameVerdict) result.sameVerdict += 1;
        if (whole.frames[0] === part.frames[0]) result.sameBest += 1;
        if (isSameVerdict && inBoth === whole.frames.length) result.same += 1;
      }
      progress.add(1);
    }
  } finally {
    progress.stop();
  }
  return results;
}

function percent(part: number, of: number): string {
  return `${((100 * part) / of).toFixed(1)} %`;
}

try {
  console.error(`What is made is kept in ${CACHE}.`);
  const embedder = await openEmbedder();
  const clips = await readClips(values, embedder);
  const questions = await encodeAll(clips, embedder).finally(() => embedder.close());
  const library = hold(clips);
  console.log('| library | clips | vectors | same answer | same verdict | same best frame | same frames |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, held] of [
    ['as they are', library],
    [`${JOINED} clips as one`, join(library)],
  ] as const) {
    const frames = held.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0);
    for (const { limits, same, sameVerdict, sameBest, shared, frames: compared } of await compare(
      held,
      questions,
    ))
      console.log(
        `| ${name}: ${held.length} clips, ${frames} frames | ${limits.clips} | ${limits.frames} | ${percent(same, questions.length)} of ${questions.length} | ${percent(sameVerdict, questions.length)} | ${percent(sameBest, questions.length)} | ${percent(shared, compared)} |`,
      );
  }
} catch (error) {
  console.error(toFramesiftError(error).message);
  process.exitCode = 1;
}
