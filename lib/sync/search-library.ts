import type { CandidateClip, Candidates, EncodedQuestion } from '@/lib/ports/search';
import { MAX_SEARCH_VECTORS, NO_TIME, packVector, USUAL_SEARCH } from '@/lib/protocol/search';
import type { LibrarySearchAnswer, LibrarySearchRequest } from '@/lib/protocol/search';
import { FramesiftError } from '@/lib/shared/errors';
import { UNKNOWN_TIME } from '@/lib/shared/frames';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';

/** A question as a library is asked it, and which of the answer's vectors is which term. */
export interface PosedQuestion {
  request: LibrarySearchRequest;
  /** For each term of the question, in order, the place of its vector. */
  places: number[];
}

/**
 * A question as a library on a server is asked it.
 *
 * @param clips those that are searched; null for all
 * @throws FramesiftError `bad-input` for a question with more terms than a server takes
 */
export function poseQuestion(
  { modelVersion, alternatives }: EncodedQuestion,
  clips: string[] | null,
): PosedQuestion {
  const terms = alternatives.flat();
  if (terms.length > MAX_SEARCH_VECTORS)
    throw new FramesiftError(
      'bad-input',
      `A library on a server is asked ${MAX_SEARCH_VECTORS} things at once; this question has ${terms.length}. Ask for fewer.`,
    );
  const isWanted = terms.map(({ weight }) => weight > 0);
  const pack = (wanted: boolean) =>
    terms.filter((_, i) => isWanted[i] === wanted).map(({ embedding }) => packVector(embedding));
  const vectors = pack(true);
  let [positive, negative] = [0, vectors.length];
  return {
    request: {
      model: modelVersion,
      vectors,
      negatives: pack(false),
      ...USUAL_SEARCH,
      scope: { clips, from: null, to: null },
    },
    places: isWanted.map((wanted) => (wanted ? positive++ : negative++)),
  };
}

/**
 * What a library answered, as the page's search takes it.
 *
 * @param number another one for each answer
 */
export function toCandidates(
  {
    clips,
    total,
    method,
    frameIndexes,
    timestampsMs,
    spansMs,
    steps,
    scores,
    rows,
    embeddings,
    samples,
  }: LibrarySearchAnswer,
  { places }: Pick<PosedQuestion, 'places'>,
  libraryId: string,
  number: number,
): Candidates {
  let [first, place] = [0, 0];
  return {
    libraryId,
    number,
    total,
    isByIndex: method === 'index',
    samples: places.map((at) => samples[at]!),
    clips: clips.map(({ clip, frames }): CandidateClip => {
      const end = first + frames;
      const firstPlace = place;
      while (place < rows.length && rows[place]! < end) place += 1;
      const start = first;
      first = end;
      return {
        clipId: clip,
        frameIndexes: frameIndexes.slice(start, end),
        timestampsMs: timestampsMs
          .slice(start, end)
          .map((timeMs) => (timeMs === NO_TIME ? UNKNOWN_TIME : timeMs)),
        spansMs: knownSpans(spansMs.slice(2 * start, 2 * end)),
        steps: steps.slice(start, end),
        cosines: places.map((at) => scores[at]!.slice(start, end)),
        vectorRows: rows.slice(firstPlace, place).map((row) => row - start),
        embeddings: embeddings.slice(firstPlace * EMBEDDING_DIMENSION, place * EMBEDDING_DIMENSION),
      };
    }),
  };
}

/** The memory of candidates, to be handed to another thread. */
export function buffersOf({ samples, clips }: Candidates): ArrayBuffer[] {
  const arrays = clips.flatMap(
    ({ frameIndexes, timestampsMs, spansMs, steps, cosines, vectorRows, embeddings }) => [
      frameIndexes,
      timestampsMs,
      spansMs,
      steps,
      ...cosines,
      vectorRows,
      embeddings,
    ],
  );
  return [...samples, ...arrays].map(({ buffer }) => buffer);
}

/** A picture that does not last is one of which nobody knows how long it does. */
function knownSpans(spansMs: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  for (let i = 0; i < spansMs.length; i += 2)
    if (spansMs[i] === spansMs[i + 1]) spansMs[i] = spansMs[i + 1] = NaN;
  return spansMs;
}
