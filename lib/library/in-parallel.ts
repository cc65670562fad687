/** Files read or written at a time. */
const PARALLEL_FILES = 8;

/** Runs `work` over all items, a few at a time, and waits for all even when one fails. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lanes = Array.from({ length: Math.min(PARALLEL_FILES, items.length) }, async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i]!, i);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
}
