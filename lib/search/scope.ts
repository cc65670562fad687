import type { Calibration } from '@/lib/ports/encoder';
import type { AnswerSpan, Candidates as GivenCandidates, SearchRequest, TimeRange } from '@/lib/ports/search';
import { levelsOf } from '@/lib/shared/match-strength';
import type { FrameVectors, Population, SelectionInput } from '@/lib/select/selection';
import { rowCosine } from '@/lib/select/similarity';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { stepsBetween } from '@/lib/shared/vectors';
import type { Moment } from '@/lib/shared/clip-clock';
import type { FrameKey } from '@/lib/shared/frame-key';
import { firstRowsOfPictures } from './pictures';
import { endToEndMs, matchesScope, risingTimesMs } from './timeline';
import { candidateClips, nearestVectors } from './candidates';
import { allocateNumbers, type SearchedEmbeddings } from './embedding-cache';

/** The frames of all clips that a question can be compared with, one clip after another. */
export interface Scope {
  /** Clips without such frames are not among them. */
  parts: ScopePart[];
  rows: number;
}

/** A clip of a scope. */
export interface ScopePart {
  embeddings: SearchedEmbeddings;
  durationMs: number | null;
  /** Row of the clip's first frame in the scope. */
  startRow: number;
}

/** Scores of every frame of a scope. */
export interface ScopeScores {
  scores: Float32Array<ArrayBuffer>;
  likelihoods: Float32Array<ArrayBuffer> | null;
  /** Of all that was compared, where the scope is a part of that. */
  population: Population | null;
}

/**
 * What a strategy chooses from: the pictures of a scope, or what a range leaves of them. A picture that stands still, and
 * was looked at several times, is one of them, so that it takes one place of an answer.
 */
export interface Candidates {
  input: SelectionInput;
  /** Frames that show these pictures. */
  frames: number;
  /** Row of the scope in which the picture of a row of the input is first shown. */
  toScope: (row: number) => number;
  /** Row of the scope in which it is last shown. */
  lastInScope: (row: number) => number;
  /** The row of the input that shows the picture of a row of the scope; undefined where the range leaves that out. */
  fromScope: (row: number) => number | undefined;
}

/**
 * Joins clips to a scope. `read[i]` is what there is here of `clips[i]`; where that is nothing, the clip may be among the
 * candidates.
 */
export function makeScope(
  read: readonly SearchedEmbeddings[],
  clips: SearchRequest['clips'],
  candidates: readonly GivenCandidates[] = [],
): Scope {
  let rows = 0;
  const parts: ScopePart[] = [];
  const given = candidateClips(candidates);
  read.forEach((here, i) => {
    const embeddings = here.frameIndexes.length > 0 ? here : given.get(clips[i]!.clipId);
    if (!embeddings) return;
    parts.push({ embeddings, durationMs: clips[i]!.durationMs, startRow: rows });
    rows += embeddings.frameIndexes.length;
  });
  return { parts, rows };
}

/** The cosine of each frame of a clip that is here with the one before it. */
function stepsOf(part: SearchedEmbeddings): Float32Array {
  return (part.steps ??= stepsBetween(part.embeddings, EMBEDDING_DIMENSION));
}

/** The embeddings of a scope's frames, one clip after another. */
export interface ScopeVectors {
  /** Row-major. */
  embeddings: Float32Array;
  /** Absent where every frame has its own. */
  vectors?: FrameVectors;
}

/** Adds the embeddings of candidates to those that are here. */
export function joinVectors({ parts, rows }: Scope, here: Float32Array): ScopeVectors {
  const given = parts.filter(({ embeddings }) => embeddings.given);
  if (given.length === 0) return { embeddings: here };
  const numbers = given.reduce((sum, { embeddings: part }) => sum + part.embeddings.length, here.length);
  const all = allocateNumbers(numbers);
  all.set(here);
  const vectors: FrameVectors = {
    rows: new Int32Array(rows),
    areOwn: new Uint8Array(rows),
    steps: new Float32Array(rows),
  };
  let [own, next] = [0, here.length / EMBEDDING_DIMENSION];
  for (const { embeddings: part, startRow } of parts) {
    const frames = part.frameIndexes.length;
    if (!part.given) {
      for (let row = 0; row < frames; row += 1) vectors.rows[startRow + row] = own + row;
      vectors.areOwn.fill(1, startRow, startRow + frames);
      vectors.steps.set(stepsOf(part), startRow);
      own += frames;
      continue;
    }
    const { vectorRows, steps } = part.given;
    vectors.steps.set(steps, startRow);
    const first = next;
    nearestVectors(frames, vectorRows).forEach(
      (nearest, row) => (vectors.rows[startRow + row] = first + nearest),
    );
    for (const row of vectorRows) vectors.areOwn[startRow + row] = 1;
    all.set(part.embeddings, first * EMBEDDING_DIMENSION);
    next += vectorRows.length;
  }
  return { embeddings: all, vectors };
}

/**
 * The pictures of a scope that lie within a range.
 *
 * @param range of the scope's one clip; null for all of any
 */
export function candidatesOf(
  { parts }: Scope,
  { embeddings, vectors }: ScopeVectors,
  { scores, likelihoods, population: whole }: ScopeScores,
  calibration: Calibration | null,
  range: TimeRange | null,
): Candidates {
  const timesMs = endToEndMs(
    parts.map(({ embeddings: { timestampsMs }, durationMs }) => ({ timestampsMs, durationMs })),
  );
  const dimension = EMBEDDING_DIMENSION;
  const population = whole ?? undefined;
  let clipStarts = parts.map(({ startRow }) => startRow);
  const levels = likelihoods && calibration && levelsOf(calibration);
  const [part] = parts;
  const total = parts.reduce((sum, { embeddings: { frameIndexes } }) => sum + frameIndexes.length, 0);
  if (!part || (!range && parts.every((one) => picturesOf(one).every((first, row) => first === row)))) {
    const same = (row: number) => row;
    return {
      input: { dimension, levels, embeddings, scores, timesMs, likelihoods, clipStarts, vectors, population },
      frames: total,
      toScope: same,
      lastInScope: same,
      fromScope: same,
    };
  }
  /** The first frame of each picture within the range, the last one, and which picture a row of the scope shows. */
  const rows: number[] = [];
  const lastRows: number[] = [];
  const candidateOf = new Int32Array(total).fill(-1);
  for (const one of parts) {
    const pictures = picturesOf(one);
    let shown = -1;
    one.embeddings.timestampsMs.forEach((timestampMs, row) => {
      if (!matchesScope(timestampMs, range)) return;
      if (pictures[row] !== shown) rows.push(one.startRow + row);
      shown = pictures[row]!;
      lastRows[rows.length - 1] = one.startRow + row;
      candidateOf[one.startRow + row] = rows.length - 1;
    });
  }
  const places = {
    frames: candidateOf.reduce((count, candidate) => count + (candidate < 0 ? 0 : 1), 0),
    toScope: (row: number) => rows[row]!,
    lastInScope: (row: number) => lastRows[row]!,
    fromScope: (row: number) => {
      const candidate = candidateOf[row] ?? -1;
      return candidate < 0 ? undefined : candidate;
    },
  };
  // A range is of one clip, and otherwise each has its first frame here.
  clipStarts = range ? [0] : clipStarts.map((row) => candidateOf[row]!);
  const gather = () => ({
    dimension,
    levels,
    scores: Float32Array.from(rows, (row) => scores[row]!),
    timesMs: Float64Array.from(rows, (row) => timesMs[row]!),
    likelihoods: likelihoods && Float32Array.from(rows, (row) => likelihoods[row]!),
    clipStarts,
    population,
  });
  if (vectors) {
    const own: FrameVectors = {
      rows: Int32Array.from(rows, (row) => vectors.rows[row]!),
      areOwn: Uint8Array.from(rows, (row) => vectors.areOwn[row]!),
      steps: Float32Array.from(rows, (row) => vectors.steps[row]!),
    };
    return { input: { ...gather(), embeddings, vectors: own }, ...places };
  }
  const [first = 0] = rows;
  const end = first + rows.length;
  if (rows.length === 0 || rows.at(-1) === end - 1) {
    return {
      input: {
        dimension,
        levels,
        embeddings: embeddings.subarray(first * dimension, end * dimension),
        scores: scores.subarray(first, end),
        timesMs: timesMs.subarray(first, end),
        likelihoods: likelihoods?.subarray(first, end) ?? null,
        clipStarts,
        population,
      },
      ...places,
    };
  }
  // Further frames of pictures that stand still lie between others, and frames whose time is not known, which no range
  // holds.
  const gathered = allocateNumbers(rows.length * dimension);
  rows.forEach((row, i) =>
    gathered.set(embeddings.subarray(row * dimension, (row + 1) * dimension), i * dimension),
  );
  return { input: { ...gather(), embeddings: gathered }, ...places };
}

/** Which frames of a clip show one picture; see `firstRowsOfPictures`. */
function picturesOf({ embeddings: part }: ScopePart): Int32Array {
  const { embeddings, given } = part;
  part.pictures ??= firstRowsOfPictures(part.spansMs, (row) =>
    given ? given.steps[row]! : rowCosine(embeddings, EMBEDDING_DIMENSION, row, row - 1),
  );
  return part.pictures;
}

/** The frame that a row of the scope is, with the span of its picture from the first frame that shows it to the last. */
export function frameAt({ parts }: Scope, scopeRow: number): FrameKey & Moment {
  const part = parts[lastAtMost(parts.length, (at) => parts[at]!.startRow, scopeRow)]!;
  const { clipId, frameIndexes, timestampsMs, spansMs } = part.embeddings;
  const row = scopeRow - part.startRow;
  const pictures = picturesOf(part);
  const first = pictures[row]!;
  let last = row;
  while (pictures[last + 1] === first) last += 1;
  const span = { startMs: spansMs[2 * first]!, endMs: spansMs[2 * last + 1]! };
  return {
    clipId,
    frameIndex: frameIndexes[row]!,
    timestampMs: timestampsMs[row]!,
    span: span.startMs < span.endMs ? span : null,
  };
}

/** The row of a frame in the scope; undefined when it is not there. */
export function rowOfFrame({ parts }: Scope, { clipId, frameIndex }: FrameKey): number | undefined {
  const part = parts.find(({ embeddings }) => embeddings.clipId === clipId);
  if (!part) return undefined;
  const { frameIndexes } = part.embeddings;
  const row = lastAtMost(frameIndexes.length, (at) => frameIndexes[at]!, frameIndex);
  return frameIndexes[row] === frameIndex ? part.startRow + row : undefined;
}

/** Rows of a scope, both ends included, as one stretch of each clip that they touch. */
export function spansOf({ parts }: Scope, startRow: number, endRow: number): AnswerSpan[] {
  return parts.flatMap(({ embeddings, startRow: first }) => {
    const last = first + embeddings.frameIndexes.length - 1;
    if (startRow > last || endRow < first) return [];
    const times = risingTimesMs(embeddings.timestampsMs);
    return {
      clipId: embeddings.clipId,
      startMs: times[Math.max(startRow, first) - first]!,
      endMs: times[Math.min(endRow, last) - first]!,
    };
  });
}

/** The last of `count` rising values that is at most `limit`; 0 when none is. */
function lastAtMost(count: number, valueAt: (index: number) => number, limit: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (valueAt(middle) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
