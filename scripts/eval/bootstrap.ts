import { Random } from './random';

/** A mean and its 95 % interval. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

const RESAMPLES = 10_000;
const COVERAGE = 0.95;

/**
 * Mean of values and its interval by the percentile bootstrap. Whole clusters are drawn: questions about the same clip
 * are not independent of each other. Differences between two ways of choosing, question by question, make the
 * interval of a paired comparison.
 *
 * @param clusters which cluster each value belongs to
 */
export function bootstrapMean(values: readonly number[], clusters: readonly string[]): Interval {
  if (values.length === 0 || values.length !== clusters.length) {
    throw new RangeError('The bootstrap needs values, each with a cluster.');
  }
  const sums = new Map<string, { sum: number; count: number }>();
  for (const [index, cluster] of clusters.entries()) {
    const { sum, count } = sums.get(cluster) ?? { sum: 0, count: 0 };
    sums.set(cluster, { sum: sum + values[index]!, count: count + 1 });
  }
  const groups = [...sums.values()];
  const random = new Random('bootstrap');
  const means = new Float64Array(RESAMPLES);
  for (let draw = 0; draw < RESAMPLES; draw += 1) {
    const drawn = groups.map(() => random.pick(groups));
    const sum = drawn.reduce((total, group) => total + group.sum, 0);
    means[draw] = sum / drawn.reduce((total, group) => total + group.count, 0);
  }
  means.sort();
  const at = (share: number): number => means[Math.round(share * (RESAMPLES - 1))]!;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, low: at((1 - COVERAGE) / 2), high: at((1 + COVERAGE) / 2) };
}
