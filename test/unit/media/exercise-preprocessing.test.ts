import { describe, expect, it } from 'vitest';
import { exercisePreprocessing } from '@/lib/media/exercise-preprocessing';

describe('exercisePreprocessing', () => {
  it('prepares pictures for as long as it is told', () => {
    const startedMs = performance.now();
    const picturesPerSecond = exercisePreprocessing(500);
    const elapsedMs = performance.now() - startedMs;
    expect(elapsedMs).toBeGreaterThanOrEqual(500);
    // Two or more: the second has a memory that has moved.
    expect((picturesPerSecond * elapsedMs) / 1000).toBeGreaterThanOrEqual(2);
  });
});
