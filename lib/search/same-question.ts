import type { EncodedQuestion } from '@/lib/ports/search';

/** Whether two questions give the same scores to every frame. */
export function isSameQuestion(a: EncodedQuestion, b: EncodedQuestion): boolean {
  return (
    a.modelVersion === b.modelVersion &&
    a.alternatives.length === b.alternatives.length &&
    a.alternatives.every((terms, i) => hasSameTerms(terms, b.alternatives[i]!)) &&
    JSON.stringify(a.calibration) === JSON.stringify(b.calibration)
  );
}

function hasSameTerms(
  a: EncodedQuestion['alternatives'][number],
  b: EncodedQuestion['alternatives'][number],
): boolean {
  return (
    a.length === b.length &&
    a.every(({ weight, embedding, isPicture }, i) => {
      const other = b[i]!;
      return (
        weight === other.weight && isPicture === other.isPicture && isSameList(embedding, other.embedding)
      );
    })
  );
}

/** Whether two lists hold the same numbers. */
export function isSameList(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
