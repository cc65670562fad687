import { topUp } from './ranking';
import { simpleStrategy } from './simple-strategy';

/**
 * The best frame of each of N equal bins of time: "BIN" of AKS (arXiv 2502.21271). A bin that holds no frame, because
 * frames are missing there, leaves its place to the next best of all.
 */
export const binned = simpleStrategy(
  {
    id: 'binned',
    name: 'Best of each part',
    summary: 'The best-matching frame of each of equal parts: the whole clip, seen through the question.',
  },
  ({ scores, timesMs }, count) => {
    const startMs = timesMs[0]!;
    const lengthMs = timesMs[timesMs.length - 1]! - startMs;
    const best = new Int32Array(count).fill(-1);
    for (let row = 0; row < scores.length; row += 1) {
      // Frames of one and the same time cannot be told apart by it: then bins are equal numbers of frames.
      const place = lengthMs > 0 ? (timesMs[row]! - startMs) / lengthMs : row / scores.length;
      const bin = Math.min(count - 1, Math.floor(place * count));
      if (best[bin] === -1 || scores[row]! > scores[best[bin]!]!) best[bin] = row;
    }
    return topUp(
      Array.from(best).filter((row) => row >= 0),
      scores,
      count,
    );
  },
);
