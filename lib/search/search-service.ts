import { likelihoodsOf } from './likelihoods';
import type {
  AnswerFrame,
  Candidates as GivenCandidates,
  ClipCurve,
  ClipOverview,
  EncodedQuestion,
  SearchOptions,
  SearchProgress,
  SearchRequest,
  SearchResult,
} from '@/lib/ports/search';
import type { FileTree } from '@/lib/files/file-tree';
import type { EmbeddingSource } from '@/lib/ports/library';
import { MAX_ANSWER_FRAMES, type Selection } from '@/lib/select/selection';
import { strengthOf } from '@/lib/shared/match-strength';
import { combineScores } from '@/lib/query/combine';
import { connectRemote, transfer } from '@/lib/rpc/remote';
import { applyEdits, rankRows } from '@/lib/select/edits';
import { shotChanges, shotChangesOf } from '@/lib/select/shot-changes';
import { scoreFrames } from '@/lib/select/score-frames';
import { findStrategy } from '@/lib/select/strategies';
import { giveWay, throwIfCancelled } from '@/lib/shared/async';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameKey } from '@/lib/shared/frame-key';
import { clipCurve } from './curve';
import { overviewOf } from './overview';
import { isSameList, isSameQuestion } from './same-question';
import {
  candidatesOf,
  frameAt,
  joinVectors,
  makeScope,
  rowOfFrame,
  spansOf,
  type Candidates,
  type Scope,
  type ScopePart,
  type ScopeScores,
} from './scope';
import { joinSamples } from './candidates';
import { risingTimesMs } from './timeline';
import { EmbeddingCache } from './embedding-cache';
import { embeddingFilesIn } from './embedding-files';

/** Clips at the head of the request whose curves are sent whether or not a frame of the answer is theirs. */
export const CURVES_ALWAYS = 20;

/** Questions whose scores are kept, so that going back to one is quick: 1 MB each of 100,000 frames. */
const MAX_SCORED = 4;

/** What a SearchService stands on. */
export interface SearchParts {
  openFiles?: () => Promise<FileTree | null>;
  source?: EmbeddingSource;
}

/** A question with the scores of every frame of a scope, whatever the range. */
interface ScoredQuestion extends ScopeScores {
  question: EncodedQuestion;
  /** Of the scope's clips, in order. */
  versions: number[];
}

/**
 * Scores and selects. Lives in workers/search.worker.ts beside the embeddings, of which only what is new crosses from the
 * database worker; the page gets an answer, not embeddings.
 */
export class SearchService {
  readonly #openFiles: () => Promise<FileTree | null>;
  #cache: EmbeddingCache | undefined;
  /** Least recently used first. */
  #scored: ScoredQuestion[] = [];

  /**
   * @param parts.openFiles the library's files; null where embeddings come from the library worker alone
   * @param parts.source what answers in place of a library worker that is connected
   */
  constructor({ openFiles = () => Promise.resolve(null), source }: SearchParts = {}) {
    this.#openFiles = openFiles;
    if (source) this.#cache = new EmbeddingCache(source);
  }

  /** Wires this worker to the library worker. */
  connect(libraryPort: MessagePort): void {
    this.#cache = new EmbeddingCache(
      connectRemote<EmbeddingSource>(libraryPort),
      embeddingFilesIn(this.#openFiles()),
    );
  }

  /**
   * The frames that answer a question, from the embeddings that are in the library now.
   *
   * @param options.revisions by clip, of its embeddings of the question's model that the asker has seen
   * @param options.candidates of libraries on servers, see [Note: Candidates]
   * @param onProgress told how far work is that only a first question has, often
   * @param signal ends the search before its next step: a clip to read, scores, selection, curves
   * @throws FramesiftError `bad-input` when the request does not make sense; `cancelled`
   */
  async search(
    question: EncodedQuestion,
    request: SearchRequest,
    options: SearchOptions = {},
    onProgress: (progress: SearchProgress) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<SearchResult> {
    if (!this.#cache) throw new FramesiftError('internal', 'The workers are not connected.');
    checkRequest(request);
    const lap = stopwatch();
    const clips = distinctClips(request.clips);
    const read = await this.#cache.read(
      question.modelVersion,
      clips.map(({ clipId }) => ({ clipId, revision: options.revisions?.[clipId] })),
      (done, total) => onProgress({ stage: 'reading', done, total }),
      signal,
    );
    await beforeStep(signal);
    const given = options.candidates ?? [];
    const scope = makeScope(read, clips, given);
    const here = this.#cache.join(
      scope.parts.flatMap(({ embeddings }) => (embeddings.given ? [] : [embeddings])),
    );
    const embeddingsMs = lap();
    const whole = wholeOf(scope, clips, given);
    const scored = this.#score(question, scope, here, whole.isMore ? given : []);
    const scoresMs = lap();
    await beforeStep(signal);
    const vectors = joinVectors(scope, here);
    const candidates = candidatesOf(scope, vectors, scored, question.calibration, request.range);
    const { selection, rows, pinned } = select(scope, candidates, request);
    const frames = answerFrames(scope, scored, question, rows, pinned);
    const selectionMs = lap();
    await beforeStep(signal);
    const curves = curvesOf(scope, scored, frames, clips);
    const framesSearched = candidates.frames + whole.elsewhere;
    const result: SearchResult = {
      frames,
      framesSearched,
      // A range is of one clip, so it leaves frames of every clip or none.
      clipsSearched: framesSearched === 0 ? 0 : scope.parts.length,
      isOfBestClips: whole.isMore,
      isByIndex: given.some(({ isByIndex }) => isByIndex),
      clipsSkipped: read.filter(
        ({ frameIndexes, otherFrames }) => frameIndexes.length === 0 && otherFrames > 0,
      ).length,
      verdict: selection.verdict && {
        kind: selection.verdict.kind,
        evidence: selection.verdict.evidence,
        spans: selection.verdict.spans.flatMap(({ startRow, endRow }) =>
          spansOf(scope, candidates.toScope(startRow), candidates.lastInScope(endRow)),
        ),
      },
      curves,
      levels: candidates.input.levels,
      timings: { embeddingsMs, scoresMs, selectionMs, curvesMs: lap() },
    };
    return transfer(result, curves.flatMap(buffersOf));
  }

  /** The frames that sum up a clip, from its embeddings; see lib/search/overview.ts. */
  async overview(
    modelVersion: string,
    clipId: string,
    count: number,
    signal?: AbortSignal,
  ): Promise<ClipOverview> {
    if (!this.#cache) throw new FramesiftError('internal', 'The workers are not connected.');
    const [part] = await this.#cache.read(modelVersion, [{ clipId }], undefined, signal);
    await beforeStep(signal);
    return part ? overviewOf(part, count) : { frames: [], changesMs: [] };
  }

  /** What is known of the question and these very embeddings, all of the scope's, or else is found out now. */
  #score(
    question: EncodedQuestion,
    scope: Scope,
    here: Float32Array,
    sampled: readonly GivenCandidates[],
  ): ScoredQuestion {
    const versions = scope.parts.map(({ embeddings }) => embeddings.version);
    const index = this.#scored.findIndex(
      (one) => isSameList(one.versions, versions) && isSameQuestion(one.question, question),
    );
    const [known] = index < 0 ? [] : this.#scored.splice(index, 1);
    const scored = known ?? { question, versions, ...scoreTerms(question, scope, here, sampled) };
    this.#scored = [...this.#scored, scored].slice(-MAX_SCORED);
    return scored;
  }
}

/**
 * Ends a search that nobody waits for any more. A signal comes as a message, which this thread takes when it is idle.
 *
 * @throws FramesiftError `cancelled`
 */
async function beforeStep(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return;
  await giveWay();
  throwIfCancelled(signal);
}

/**
 * @param here embeddings of the scope's frames that are here
 * @param sampled libraries of which the scope has a part
 */
function scoreTerms(
  { alternatives, calibration }: EncodedQuestion,
  scope: Scope,
  here: Float32Array,
  sampled: readonly GivenCandidates[],
): ScopeScores {
  const terms = alternatives.flat();
  const cosinesHere = scoreFrames(
    here,
    terms.map(({ embedding }) => embedding),
  );
  const samples = sampled.length > 0 ? cosinesHere.map((own, i) => sampleOf(own, i, sampled)) : null;
  const combine = (cosinesOf: (term: number) => Float32Array) => {
    const scored = new Map(
      terms.map((term, i) => {
        const { weight, embedding, isPicture } = term;
        const cosines = cosinesOf(i);
        const numbers = isPicture ? calibration?.image : calibration?.text;
        const likelihoods = numbers ? likelihoodsOf(cosines, numbers, embedding) : null;
        return [term, { weight, cosines, likelihoods, isPicture, sample: samples?.[i] }] as const;
      }),
    );
    return combineScores(alternatives.map((own) => own.map((term) => scored.get(term)!)));
  };
  const combined = combine((i) => cosinesOf(scope, cosinesHere[i]!, i));
  if (!samples) return { ...combined, population: null };
  const inScope = scope.parts.reduce(
    (sum, { embeddings }) => (embeddings.given ? sum : sum + embeddings.frameIndexes.length),
    0,
  );
  const frames = sampled.reduce((sum, { total }) => sum + total, inScope);
  return { ...combined, population: { frames, ...combine((i) => samples[i]!) } };
}

/** Cosines of all that was compared with a term, evenly spread. */
function sampleOf(here: Float32Array, term: number, libraries: readonly GivenCandidates[]): Float32Array {
  return joinSamples([
    { frames: here.length, numbers: here },
    ...libraries.map(({ total, samples }) => ({ frames: total, numbers: samples[term]! })),
  ]);
}

/** A term's cosines with all frames of a scope. */
function cosinesOf({ parts, rows }: Scope, here: Float32Array, term: number): Float32Array {
  if (here.length === rows) return here;
  const cosines = new Float32Array(rows);
  let at = 0;
  for (const { embeddings, startRow } of parts) {
    const end = at + (embeddings.given ? 0 : embeddings.frameIndexes.length);
    cosines.set(embeddings.given?.cosines[term] ?? here.subarray(at, end), startRow);
    at = end;
  }
  return cosines;
}

/** Whether libraries have more than the scope, and how many frames. */
function wholeOf(
  { parts }: Scope,
  clips: SearchRequest['clips'],
  given: readonly GivenCandidates[],
): { isMore: boolean; elsewhere: number } {
  const framesOf = new Map(
    parts.map(({ embeddings }) => [embeddings.clipId, embeddings.frameIndexes.length]),
  );
  const elsewhere = given.map(({ libraryId, total }) =>
    clips.reduce(
      (left, clip) => (clip.libraryId === libraryId ? left - (framesOf.get(clip.clipId) ?? 0) : left),
      total,
    ),
  );
  return {
    isMore: elsewhere.some((frames) => frames > 0),
    elsewhere: elsewhere.reduce((sum, frames) => sum + Math.max(0, frames), 0),
  };
}

function checkRequest({ clips, range, strategy, count }: SearchRequest): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_ANSWER_FRAMES) {
    throw badRequest(`A question asks for 1 to ${MAX_ANSWER_FRAMES} frames, not ${count}.`);
  }
  if (!findStrategy(strategy)) {
    throw badRequest(`There is no way to choose frames that is called “${strategy as string}”.`);
  }
  if (!range) return;
  if (clips.length !== 1) {
    throw badRequest('A time range goes with one clip. Choose one clip, or search all of the time.');
  }
  if (!(range.startMs <= range.endMs)) throw badRequest('A time range must begin before it ends.');
}

function badRequest(message: string): FramesiftError {
  return new FramesiftError('bad-input', message);
}

/** Each clip once, where it is named first. */
function distinctClips(clips: SearchRequest['clips']): SearchRequest['clips'] {
  const seen = new Set<string>();
  return clips.filter(({ clipId }) => !seen.has(clipId) && seen.add(clipId));
}

/** The rows of the scope that are chosen, and those among them that are pinned. */
function select(
  scope: Scope,
  { input, toScope, fromScope }: Candidates,
  { strategy, count, pinned, dropped }: SearchRequest,
): { selection: Selection; rows: number[]; pinned: ReadonlySet<number> } {
  const rowsOf = (frames: readonly FrameKey[]) =>
    frames.flatMap((frame) => {
      const scopeRow = rowOfFrame(scope, frame);
      const row = scopeRow === undefined ? undefined : fromScope(scopeRow);
      return row === undefined ? [] : [{ row, scopeRow: scopeRow! }];
    });
  const selection = findStrategy(strategy)!.select(input, count);
  // A picture that stands still may have been pinned by any of its frames, and is shown as that one.
  const pins = new Map(rowsOf(pinned).map(({ row, scopeRow }) => [row, scopeRow]));
  const drops = new Set(rowsOf(dropped).flatMap(({ row }) => (pins.has(row) ? [] : [row])));
  const edited = applyEdits(selection, input, count, { pinned: [...pins.keys()], dropped: [...drops] });
  return {
    selection,
    rows: edited.rows.map((row) => pins.get(row) ?? toScope(row)),
    pinned: new Set(pins.values()),
  };
}

function answerFrames(
  scope: Scope,
  { scores, likelihoods }: ScopeScores,
  { calibration }: EncodedQuestion,
  rows: number[],
  pinned: ReadonlySet<number>,
): AnswerFrame[] {
  const ranks = rankRows(rows, scores);
  return rows
    .map((row, i) => {
      const likelihood = likelihoods?.[row] ?? null;
      return {
        ...frameAt(scope, row),
        score: scores[row]!,
        rank: ranks[i]!,
        likelihood,
        strength: strengthOf(likelihood, calibration ?? undefined),
        isPinned: pinned.has(row),
      };
    })
    .sort((a, b) => a.rank - b.rank);
}

function curvesOf(
  { parts }: Scope,
  { scores, likelihoods }: ScopeScores,
  frames: readonly AnswerFrame[],
  clips: SearchRequest['clips'],
): ClipCurve[] {
  const wanted = new Set(clips.slice(0, CURVES_ALWAYS).map(({ clipId }) => clipId));
  for (const { clipId } of frames) wanted.add(clipId);
  return parts
    .filter(({ embeddings }) => wanted.has(embeddings.clipId))
    .map(({ embeddings: part, startRow }) => {
      const times = risingTimesMs(part.timestampsMs);
      part.shotChanges ??= shotsOf(part, times);
      const end = startRow + part.frameIndexes.length;
      return clipCurve(
        part.clipId,
        part.frameIndexes,
        times,
        part.spansMs,
        scores.subarray(startRow, end),
        likelihoods?.subarray(startRow, end) ?? null,
        part.shotChanges,
      );
    });
}

function shotsOf({ embeddings, given }: ScopePart['embeddings'], timesMs: Float64Array): number[] {
  return given ? shotChangesOf(given.steps, timesMs) : shotChanges(embeddings, EMBEDDING_DIMENSION, timesMs);
}

function buffersOf({ timestampsMs, spansMs, frameIndexes, scores, likelihoods }: ClipCurve): ArrayBuffer[] {
  const arrays = [timestampsMs, spansMs, frameIndexes, scores, ...(likelihoods ? [likelihoods] : [])];
  return arrays.map(({ buffer }) => buffer);
}

/** Milliseconds since the call before. */
function stopwatch(): () => number {
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    const elapsedMs = nowMs - lastMs;
    lastMs = nowMs;
    return elapsedMs;
  };
}
