import type { Pool } from 'pg';
import type { LibrarySearchAnswer } from '@/lib/protocol/search';
import { SEARCH_SAMPLE } from '@/lib/protocol/search';
import { Mutex } from '@/lib/shared/async';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { stepsBetween } from '@/lib/shared/vectors';
import { chooseRows, largest, spreadEvenly, takeInTurn } from './choose';
import { quantiseQuery } from './quantise';
import { readChangedClips, readClock, type ChangedClip, type ClipFrames } from './read-vectors';
import type { Segment } from './row-layout';
import type { RowMemory } from './row-memory';
import type { RoughScores, ScanThreads } from './scan-threads';

/*
 * [Note: Exact by bounds] A scan of rounded rows bounds what each frame scores (see [Note: Rounded rows]). The frames that could
 * still bring their clip among those that fit best are read from the file as they are, those with the highest upper bound first,
 * until no bound that is left reaches the last clip that counts. So the clips are those of a scan of all rows as they are.
 */

/** A question, checked. */
export interface LibraryQuestion {
  vectors: readonly Float32Array[];
  /** How many of them are wanted; the others choose no clip. */
  wanted: number;
  clips: number;
  frames: number;
  scope: { clips: ReadonlySet<string> | null; fromMs: number; toMs: number };
}

/** A clip with its rows. */
interface IndexedClip extends Omit<ClipFrames, 'vectors'> {
  clip: string;
  revision: string;
  recordedMs: number;
  rowsChange: number;
  segments: Segment[];
  /** See `LibrarySearchAnswer`. */
  steps: Float32Array<ArrayBuffer>;
}

/** Gives an index one more block, or throws. */
export type TakeBlock = () => Segment;

/** Frames that are scored exactly at a time while clips are ranked. */
const SCORED_AT_ONCE = 256;

/** Rows that may be free, in parts, before an index is built anew. */
const MOST_FREE_ROWS = 8192;

/** The rows of a library that one model has made, kept up with the library. Calls wait for one another. */
export class LibraryIndex {
  readonly model: string;
  readonly #memory: RowMemory;
  readonly #threads: ScanThreads;
  readonly #takeBlock: TakeBlock;
  readonly #lock = new Mutex();
  readonly #clips = new Map<string, IndexedClip>();
  #blocks: number[] = [];
  #free: Segment[] = [];
  #mean: Float32Array<ArrayBuffer> | null = null;
  #epoch: string | null = null;
  #change = 0;
  #target = 0;

  constructor(model: string, memory: RowMemory, threads: ScanThreads, takeBlock: TakeBlock) {
    this.model = model;
    this.#memory = memory;
    this.#threads = threads;
    this.#takeBlock = takeBlock;
  }

  /** Rows that are searched. */
  get rows(): number {
    let rows = 0;
    for (const { frameIndexes } of this.#clips.values()) rows += frameIndexes.length;
    return rows;
  }

  /** How far it has come up with the library, 0…1. */
  get progress(): number {
    return this.#target === 0 ? 0 : Math.min(1, this.#change / this.#target);
  }

  /** Brings it up to the change that the library has now. */
  follow(pool: Pool): Promise<void> {
    return this.#lock.run(async () => {
      const clock = await readClock(pool);
      this.#target = clock.change;
      const isAnother = clock.epoch !== this.#epoch || clock.change < this.#change;
      if (isAnother || this.#isScattered()) this.clear();
      this.#epoch = clock.epoch;
      try {
        while (this.#change < clock.change) {
          const page = await readChangedClips(
            pool,
            this.model,
            this.#change,
            (clip, rowsChange) => this.#clips.get(clip)?.rowsChange === rowsChange,
          );
          const clips = page?.clips ?? [];
          this.#mean ??= meanOf(clips.flatMap(({ frames }) => frames?.vectors ?? []));
          for (const changed of clips) await this.#apply(changed);
          this.#change = page?.change ?? clock.change;
        }
      } catch (error) {
        // Half of a change may be there.
        this.clear();
        throw error;
      }
    });
  }

  /** Answers a question from what is known. */
  answer(question: LibraryQuestion): Promise<LibrarySearchAnswer> {
    return this.#lock.run(() => this.#search(question));
  }

  /** Gives all of its memory back. Nobody may be asking it. */
  clear(): void {
    this.#memory.giveBack(this.#blocks);
    this.#blocks = [];
    this.#free = [];
    this.#clips.clear();
    this.#mean = null;
    this.#change = 0;
  }

  /** Whether more is free, in parts that grow smaller with time, than is used. A new beginning costs seconds for a million frames. */
  #isScattered(): boolean {
    const free = this.#free.reduce((sum, { count }) => sum + count, 0);
    return free > Math.max(MOST_FREE_ROWS, this.rows);
  }

  async #apply({ clip, revision, recordedMs, rowsChange, frames }: ChangedClip): Promise<void> {
    const known = this.#clips.get(clip);
    if (recordedMs !== null && !frames) {
      if (known) Object.assign(known, { revision, recordedMs });
      return;
    }
    if (known) this.#free.push(...known.segments);
    this.#clips.delete(clip);
    if (recordedMs === null || !frames || frames.frameIndexes.length === 0) return;
    const { vectors, ...rest } = frames;
    const segments = this.#allot(rest.frameIndexes.length);
    // Before they are handed to a thread.
    const steps = stepsBetween(vectors, EMBEDDING_DIMENSION);
    await this.#threads.store(vectors, positionsOf(segments), this.#mean!);
    this.#clips.set(clip, { clip, revision, recordedMs, rowsChange, segments, steps, ...rest });
  }

  /** Room for so many rows. */
  #allot(rows: number): Segment[] {
    const segments: Segment[] = [];
    for (let left = rows; left > 0;) {
      const free = this.#free.pop() ?? this.#grow();
      const count = Math.min(left, free.count);
      segments.push({ start: free.start, count });
      if (count < free.count) this.#free.push({ start: free.start + count, count: free.count - count });
      left -= count;
    }
    return segments;
  }

  #grow(): Segment {
    const block = this.#takeBlock();
    this.#blocks.push(block.start);
    return block;
  }

  async #search({
    vectors,
    wanted,
    clips: count,
    frames,
    scope,
  }: LibraryQuestion): Promise<LibrarySearchAnswer> {
    const clips = [...this.#clips.values()].filter(
      ({ clip, recordedMs }) =>
        (scope.clips?.has(clip) ?? true) && recordedMs >= scope.fromMs && recordedMs < scope.toMs,
    );
    const mean = this.#mean ?? new Float32Array(EMBEDDING_DIMENSION);
    const rough = await this.#threads.scan(
      vectors,
      mean,
      clips.map(({ segments }) => segments),
    );
    const firstRows = firstRowsOf(clips);
    const rankings: number[][] = [];
    for (let q = 0; q < wanted; q += 1)
      rankings.push(
        await this.#rank(
          clips,
          firstRows,
          rough,
          q,
          quantiseQuery(vectors[q]!, mean).slack,
          vectors[q]!,
          count,
        ),
      );
    const chosen = takeInTurn(rankings, count).map((clip) => clips[clip]!);

    const positions = positionsOf(chosen.flatMap(({ segments }) => segments));
    const products = await this.#threads.score(vectors, positions);
    const scores = vectors.map((_, q) => column(products, q, vectors.length));
    const rows = chooseRows(scores.slice(0, wanted), frames);
    const embeddings = await this.#threads.read(Int32Array.from(rows, (row) => positions[row]!));
    const total = rough.scores[0]?.length ?? 0;
    const sampled = spreadEvenly(total, SEARCH_SAMPLE);
    return {
      total,
      totalClips: clips.length,
      change: this.#change,
      method: 'exact',
      clips: chosen.map(({ clip, revision, frameIndexes }) => ({
        clip,
        revision,
        frames: frameIndexes.length,
      })),
      frameIndexes: Int32Array.from(join(chosen, 'frameIndexes', positions.length)),
      timestampsMs: Int32Array.from(join(chosen, 'timestampsMs', positions.length)),
      spansMs: join(chosen, 'spansMs', 2 * positions.length),
      steps: Float32Array.from(join(chosen, 'steps', positions.length)),
      scores,
      rows: Int32Array.from(rows),
      embeddings,
      samples: rough.scores.map((values) => Float32Array.from(sampled, (row) => values[row]!)),
    };
  }

  /** The numbers of the `count` clips whose best frames score highest, best first. See [Note: Exact by bounds]. */
  async #rank(
    clips: readonly IndexedClip[],
    firstRows: readonly number[],
    { scores, lowest, highest }: RoughScores,
    q: number,
    slack: number,
    query: Float32Array,
    count: number,
  ): Promise<number[]> {
    const least = largest(lowest[q]!, count);
    /** What each may score at most, with its clip and where it lies. */
    const candidates: { most: number; clip: number; position: number }[] = [];
    clips.forEach(({ segments }, clip) => {
      if (highest[q]![clip]! < least) return;
      const needed = Math.max(least, lowest[q]![clip]!);
      let row = firstRows[clip]!;
      for (const segment of segments) {
        const errors = this.#memory.errorsOf(segment);
        for (let i = 0; i < segment.count; i += 1, row += 1) {
          const most = scores[q]![row]! + errors[i]! + slack;
          if (most >= needed) candidates.push({ most, clip, position: segment.start + i });
        }
      }
    });
    candidates.sort((a, b) => b.most - a.most);
    const best = new Map<number, number>();
    let last = -Infinity;
    for (let at = 0; at < candidates.length && candidates[at]!.most >= last; at += SCORED_AT_ONCE) {
      const part = candidates.slice(at, at + SCORED_AT_ONCE).sort((a, b) => a.position - b.position);
      const exact = await this.#threads.score(
        [query],
        Int32Array.from(part, ({ position }) => position),
      );
      part.forEach(({ clip }, i) => best.set(clip, Math.max(best.get(clip) ?? -Infinity, exact[i]!)));
      last = largest(Float32Array.from(best.values()), count);
    }
    return [...best]
      .sort(([a, scoreA], [b, scoreB]) => scoreB - scoreA || (clips[a]!.clip < clips[b]!.clip ? -1 : 1))
      .slice(0, count)
      .map(([clip]) => clip);
  }
}

/** Mean of the rows of these matrices; null where there is none. */
function meanOf(matrices: readonly Float32Array[]): Float32Array<ArrayBuffer> | null {
  const sums = new Float64Array(EMBEDDING_DIMENSION);
  for (const rows of matrices) rows.forEach((value, i) => (sums[i % EMBEDDING_DIMENSION]! += value));
  const count = matrices.reduce((sum, { length }) => sum + length, 0) / EMBEDDING_DIMENSION;
  return count === 0 ? null : Float32Array.from(sums, (sum) => sum / count);
}

/** The row of each clip's first frame where one clip lies behind the other. */
function firstRowsOf(clips: readonly IndexedClip[]): number[] {
  let row = 0;
  return clips.map(({ frameIndexes }) => {
    const first = row;
    row += frameIndexes.length;
    return first;
  });
}

function positionsOf(segments: readonly Segment[]): Int32Array<ArrayBuffer> {
  const positions = new Int32Array(segments.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const { start, count } of segments) {
    for (let i = 0; i < count; i += 1, at += 1) positions[at] = start + i;
  }
  return positions;
}

/** Numbers of the clips one behind the other, as doubles, which hold each of them exactly. */
function join(
  clips: readonly IndexedClip[],
  name: 'frameIndexes' | 'timestampsMs' | 'spansMs' | 'steps',
  length: number,
): Float64Array<ArrayBuffer> {
  const joined = new Float64Array(length);
  let at = 0;
  for (const clip of clips) {
    joined.set(clip[name], at);
    at += clip[name].length;
  }
  return joined;
}

/** Column of a row-major matrix. */
function column(matrix: Float32Array, index: number, width: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(matrix.length / width);
  for (let row = 0; row < values.length; row += 1) values[row] = matrix[row * width + index]!;
  return values;
}
