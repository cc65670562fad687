import type { CandidateClip, Candidates } from '@/lib/ports/search';
import { SAMPLE_FRAMES } from '@/lib/query/combine';
import type { SearchedEmbeddings } from './embedding-cache';

/*
 * [Note: Candidates] A library that is searched on its server gives its best clips: cosines of all their frames and
 * embeddings of some. They take their clips' places in a scope, and strategies choose among them as among frames that are
 * here. What refers to all frames, as a median does, is taken from a sample of the whole library.
 */

/** Clips that one library gives at most, as far as `version` is concerned. */
const CLIPS_PER_LIBRARY = 1000;

/** The clips of candidates by their id. A clip without any embedding is left out, since nothing can be compared with it. */
export function candidateClips(candidates: readonly Candidates[]): Map<string, SearchedEmbeddings> {
  const clips = new Map<string, SearchedEmbeddings>();
  for (const { number, clips: own } of candidates)
    own.forEach((clip, i) => {
      if (clip.vectorRows.length === 0 || clips.has(clip.clipId)) return;
      // Those of the cache are positive.
      clips.set(clip.clipId, toSearched(clip, -(number * CLIPS_PER_LIBRARY + i)));
    });
  return clips;
}

function toSearched(clip: CandidateClip, version: number): SearchedEmbeddings {
  const { clipId, frameIndexes, timestampsMs, spansMs, embeddings, vectorRows, cosines, steps } = clip;
  const given = { vectorRows, cosines, steps };
  return {
    clipId,
    version,
    frameIndexes,
    timestampsMs,
    spansMs,
    embeddings,
    given,
    shotChanges: null,
    pictures: null,
    steps: null,
  };
}

/** For each of `frames` frames the position in `vectorRows` of the nearest that has an embedding, the earlier of equals. */
export function nearestVectors(frames: number, vectorRows: Int32Array): Int32Array<ArrayBuffer> {
  const nearest = new Int32Array(frames);
  let at = 0;
  for (let row = 0; row < frames; row += 1) {
    while (at + 1 < vectorRows.length && vectorRows[at + 1]! - row < row - vectorRows[at]!) at += 1;
    nearest[row] = at;
  }
  return nearest;
}

/** Numbers of frames, all of `frames` or some that are spread evenly over these. */
interface SampledFrames {
  frames: number;
  numbers: Float32Array;
}

/** Numbers of frames spread evenly over all sources, from each as many as it has frames. */
export function joinSamples(sources: readonly SampledFrames[]): Float32Array<ArrayBuffer> {
  const filled = sources.filter(({ numbers }) => numbers.length > 0);
  const total = filled.reduce((sum, { frames }) => sum + frames, 0);
  // Where all are at hand and not too many, these are they.
  const isWhole = total <= SAMPLE_FRAMES && filled.every(({ frames, numbers }) => frames === numbers.length);
  const parts = filled.map(({ frames, numbers }) => {
    const share = isWhole ? numbers.length : Math.round((SAMPLE_FRAMES * frames) / total);
    const taken = Math.min(numbers.length, Math.max(1, share));
    return Float32Array.from({ length: taken }, (_, i) => numbers[Math.floor((i * numbers.length) / taken)]!);
  });
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
