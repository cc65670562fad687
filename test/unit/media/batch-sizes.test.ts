import { expect, it } from 'vitest';
import { batchSizes } from '@/lib/media/batch-sizes';

it.each([
  [8, [2, 4, 8, 8, 8]],
  [6, [2, 4, 6, 6, 6]],
  [2, [2, 2, 2, 2, 2]],
  [1, [1, 1, 1, 1, 1]],
])('batches of at most %i frames begin small', (most, expected) => {
  const sizes = batchSizes(most);
  expect(Array.from(expected, () => sizes.next().value)).toEqual(expected);
});
