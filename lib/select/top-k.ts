import { topRows } from './ranking';
import { simpleStrategy } from './simple-strategy';

/** The N frames with the highest scores: the baseline of AKS (arXiv 2502.21271), "TOP" there. */
export const topK = simpleStrategy(
  {
    id: 'top-k',
    name: 'Top-k',
    summary: 'The best-matching frames and nothing else: often neighbours that look the same.',
  },
  ({ scores }, count) => topRows(scores, count),
);
