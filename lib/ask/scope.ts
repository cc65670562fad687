import type { Calibration } from '@/lib/clip/calibration';
import type { SelectionInput } from '@/lib/select/selection';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { FrameKey } from '@/lib/shared/frame-key';
import type { AnswerSpan, SearchRequest, TimeRange } from './search-request';
import { endToEndMs, matchesScope, risingTimesMs } from './timeline';
import type { CachedVectors } from './vector-cache';

/** The frames of all clips that a question can be compared with, one clip after another. */
export interface Scope {
  /** Clips without such frames are not among them. */
  parts: ScopePart[];
  rows: number;
}

export interface ScopePart {
  vectors: CachedVectors;
  durationMs: number | null;
  /** Row of the clip's first frame in the scope. */
  startRow: number;
}

/** Scores of every frame of a scope. */
export interface ScopeScores {
  scores: Float32Array<ArrayBuffer>;
  likelihoods: Float32Array<ArrayBuffer> | null;
}

/** What a strategy chooses from: a scope, or what a range leaves of it. */
export interface Candidates {
  input: SelectionInput;
  /** Row of the scope that a row of the input is. */
  toScope: (row: number) => number;
  /** The other way round; undefined for a row that the range leaves out. */
  fromScope: (row: number) => number | undefined;
}

/** Joins clips to a scope. `read[i]` is what there is of `clips[i]`. */
export function makeScope(read: readonly CachedVectors[], clips: SearchRequest['clips']): Scope {
  let rows = 0;
  const parts: ScopePart[] = [];
  read.forEach((vectors, i) => {
    if (vectors.frameIndexes.length === 0) return;
    parts.push({ vectors, durationMs: clips[i]!.durationMs, startRow: rows });
    rows += vectors.frameIndexes.length;
  });
  return { parts, rows };
}

/**
 * What is left of a scope within a range.
 *
 * @param vectors all rows of the scope, row-major
 * @param range of the scope's one clip; null for all of any
 */
export function candidatesOf(
  { parts }: Scope,
  vectors: Float32Array,
  { scores, likelihoods }: ScopeScores,
  calibration: Calibration | null,
  range: TimeRange | null,
): Candidates {
  const timesMs = endToEndMs(
    parts.map(({ vectors: { timestampsMs }, durationMs }) => ({ timestampsMs, durationMs })),
  );
  const dimension = EMBEDDING_DIMENSION;
  const levels = likelihoods && calibration && { possible: calibration.possible, strong: calibration.strong };
  const [part] = parts;
  if (!range || !part) {
    const same = (row: number) => row;
    return {
      input: { dimension, levels, vectors, scores, timesMs, likelihoods },
      toScope: same,
      fromScope: same,
    };
  }
  const rows: number[] = [];
  part.vectors.timestampsMs.forEach((timestampMs, row) => {
    if (matchesScope(timestampMs, range)) rows.push(row);
  });
  const [first = 0] = rows;
  const end = first + rows.length;
  if (rows.length === 0 || rows.at(-1) === end - 1) {
    return {
      input: {
        dimension,
        levels,
        vectors: vectors.subarray(first * dimension, end * dimension),
        scores: scores.subarray(first, end),
        timesMs: timesMs.subarray(first, end),
        likelihoods: likelihoods?.subarray(first, end) ?? null,
      },
      toScope: (row) => first + row,
      fromScope: (row) => (row >= first && row < end ? row - first : undefined),
    };
  }
  // Frames whose time is not known, which no range holds, lie between others.
  const gathered = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) =>
    gathered.set(vectors.subarray(row * dimension, (row + 1) * dimension), i * dimension),
  );
  const rowAt = new Map(rows.map((row, i) => [row, i]));
  return {
    input: {
      dimension,
      levels,
      vectors: gathered,
      scores: Float32Array.from(rows, (row) => scores[row]!),
      timesMs: Float64Array.from(rows, (row) => timesMs[row]!),
      likelihoods: likelihoods && Float32Array.from(rows, (row) => likelihoods[row]!),
    },
    toScope: (row) => rows[row]!,
    fromScope: (row) => rowAt.get(row),
  };
}

/** The frame that a row of the scope is. */
export function frameAt({ parts }: Scope, row: number): FrameKey & { timestampMs: number } {
  const { vectors, startRow } = parts[lastAtMost(parts.length, (part) => parts[part]!.startRow, row)]!;
  return {
    eventId: vectors.eventId,
    frameIndex: vectors.frameIndexes[row - startRow]!,
    timestampMs: vectors.timestampsMs[row - startRow]!,
  };
}

/** The row of a frame in the scope; undefined when it is not there. */
export function rowOfFrame({ parts }: Scope, { eventId, frameIndex }: FrameKey): number | undefined {
  const part = parts.find(({ vectors }) => vectors.eventId === eventId);
  if (!part) return undefined;
  const { frameIndexes } = part.vectors;
  const row = lastAtMost(frameIndexes.length, (at) => frameIndexes[at]!, frameIndex);
  return frameIndexes[row] === frameIndex ? part.startRow + row : undefined;
}

/** Rows of a scope, both ends included, as one stretch of each clip that they touch. */
export function spansOf({ parts }: Scope, startRow: number, endRow: number): AnswerSpan[] {
  return parts.flatMap(({ vectors, startRow: first }) => {
    const last = first + vectors.frameIndexes.length - 1;
    if (startRow > last || endRow < first) return [];
    const times = risingTimesMs(vectors.timestampsMs);
    return {
      eventId: vectors.eventId,
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
