/**
 * Shares `seats` out by the highest averages (d'Hondt's method): again and again one to whoever has the highest
 * weight ÷ (seats so far + 1), which is in proportion to the weights. Every claim gets its first before a claim of the
 * same weight gets its second. Ties go to the earlier claim.
 *
 * @param weights ≥ 0
 * @param capacities how many each can take; together at least `seats`
 */
export function apportion(
  weights: readonly number[],
  capacities: readonly number[],
  seats: number,
): number[] {
  const given = weights.map(() => 0);
  for (let seat = 0; seat < seats; seat += 1) {
    let best = -1;
    let bestAverage = -Infinity;
    weights.forEach((weight, claim) => {
      const average = weight / (1 + given[claim]!);
      if (given[claim]! < capacities[claim]! && average > bestAverage) {
        best = claim;
        bestAverage = average;
      }
    });
    given[best]! += 1;
  }
  return given;
}
