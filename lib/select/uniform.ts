import { simpleStrategy } from './simple-strategy';
import { uniformRows } from './uniform-rows';

/**
 * The middle frame of each of N equal parts: what a model is given when nobody looks at the question. It is the
 * yardstick of the papers on frame selection, and enough for questions about the whole clip (DIG, arXiv 2512.04000).
 */
export const uniform = simpleStrategy(
  {
    id: 'uniform',
    name: 'Uniform',
    summary: 'Frames at equal distances, whatever was asked: good for what the whole clip is about.',
  },
  ({ scores }, count) => uniformRows(scores.length, count),
);
