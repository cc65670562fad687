import { fromFloat16, toFloat16 } from '@/lib/shared/float16';
import type { CandidateClip, Candidates, EncodedQuestion } from '@/lib/ports/search';
import { scoreFrames } from '@/lib/select/score-frames';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { normaliseRows, stepsBetween } from '@/lib/shared/vectors';

/** A clip as a library has it. */
export interface HeldClip {
  clipId: string;
  timestampsMs: Int32Array<ArrayBuffer>;
  /** NaN where nobody knows; all so without it. */
  spansMs?: Float64Array<ArrayBuffer>;
  /** Row-major, one row a frame. */
  embeddings: Float32Array<ArrayBuffer>;
}

/** How much a library gives. */
export interface CandidateLimits {
  clips: number;
  frames: number;
}

/** Frames of the whole library whose cosines are given. */
const SAMPLE = 4096;

let given = 0;

/**
 * What a library server gives for a question, without one: the clips by their best frame for each wanted term in turn, half
 * of the frames with embeddings the best of them, half evenly spread. Embeddings go through float16, samples have two digits.
 */
export function giveCandidates(
  library: readonly HeldClip[],
  { alternatives }: Pick<EncodedQuestion, 'alternatives'>,
  limits: CandidateLimits,
  libraryId = 'yard',
): Candidates {
  const terms = alternatives.flat();
  const vectors = terms.map(({ embedding }) => embedding);
  const wanted = [...terms.keys()].filter((term) => terms[term]!.weight > 0);
  const cosines = library.map(({ embeddings }) => scoreFrames(embeddings, vectors));
  const chosen = bestClips(cosines, wanted, limits.clips);
  const fit = chosen.flatMap((clip) =>
    library[clip]!.timestampsMs.reduce<{ clip: number; row: number; best: number }[]>((rows, _, row) => {
      rows.push({ clip, row, best: Math.max(...wanted.map((term) => cosines[clip]![term]![row]!)) });
      return rows;
    }, []),
  );
  const withVectors = new Set(chooseFrames(fit, limits.frames));
  given += 1;
  return {
    libraryId,
    number: given,
    isByIndex: false,
    total: library.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0),
    samples: terms.map((_, term) => sampleOf(cosines.map((own) => own[term]!))),
    clips: chosen.map((clip): CandidateClip => {
      const { clipId, timestampsMs, spansMs, embeddings } = library[clip]!;
      const rows = Int32Array.from(
        fit.filter((one) => one.clip === clip && withVectors.has(one)).map(({ row }) => row),
      );
      return {
        clipId,
        frameIndexes: Int32Array.from(timestampsMs, (_, row) => row),
        timestampsMs: timestampsMs.slice(),
        spansMs: spansMs?.slice() ?? new Float64Array(2 * timestampsMs.length).fill(NaN),
        steps: stepsBetween(embeddings, EMBEDDING_DIMENSION),
        cosines: cosines[clip]!,
        vectorRows: rows,
        embeddings: throughFloat16(embeddings, rows),
      };
    }),
  };
}

function bestClips(cosines: readonly Float32Array[][], wanted: readonly number[], count: number): number[] {
  const rankings = wanted.map((term) => {
    const best = cosines.map((own) => own[term]!.reduce((a, b) => Math.max(a, b), -Infinity));
    return [...best.keys()].sort((a, b) => best[b]! - best[a]! || a - b);
  });
  const chosen = new Set<number>();
  for (let place = 0; place < cosines.length && chosen.size < count; place += 1)
    for (const ranking of rankings) if (chosen.size < count) chosen.add(ranking[place]!);
  return [...chosen];
}

function chooseFrames<T extends { best: number }>(frames: readonly T[], count: number): T[] {
  if (frames.length <= count) return [...frames];
  const half = count >> 1;
  const spread = Array.from({ length: half }, (_, i) => frames[Math.floor((i * frames.length) / half)]!);
  const chosen = new Set(spread);
  for (const frame of [...frames].sort((a, b) => b.best - a.best)) {
    if (chosen.size >= count) break;
    chosen.add(frame);
  }
  return [...chosen];
}

function sampleOf(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = parts.flatMap((part) => [...part]);
  const count = Math.min(SAMPLE, all.length);
  return Float32Array.from({ length: count }, (_, i) => {
    const cosine = all[Math.floor((i * all.length) / count)]!;
    return Math.round(cosine * 100) / 100;
  });
}

function throughFloat16(embeddings: Float32Array, rows: Int32Array): Float32Array<ArrayBuffer> {
  const taken = new Float32Array(rows.length * EMBEDDING_DIMENSION);
  rows.forEach((row, i) =>
    taken.set(
      embeddings.subarray(row * EMBEDDING_DIMENSION, (row + 1) * EMBEDDING_DIMENSION),
      i * EMBEDDING_DIMENSION,
    ),
  );
  const halved = fromFloat16(toFloat16(taken));
  normaliseRows(halved, EMBEDDING_DIMENSION);
  return halved;
}
