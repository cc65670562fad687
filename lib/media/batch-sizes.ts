/** Frames of the first batch, and of each one after it how many times as many: the model need not wait for a whole one. */
const FIRST_BATCH = 2;
const BATCH_GROWTH = 2;

/** Frames of one batch after another, without end: 2, 4, 8, 8 and so on where a batch has 8 at most. */
export function* batchSizes(most: number): Generator<number, never, undefined> {
  for (let size = Math.min(FIRST_BATCH, most); ; size = Math.min(BATCH_GROWTH * size, most)) yield size;
}
