import type { EncoderService } from '@/lib/encoder/encoder-service';
import { MAX_THREADS } from '@/lib/encoder/execution-provider';
import { keepThreadSpeeds, readThreadSpeeds, type ThreadSpeed } from '@/lib/encoder/measured-threads';
import type { LoadOptions } from '@/lib/ports/encoder';
import type { SupervisedWorker } from '@/lib/rpc/supervised-worker';
import { throwIfCancelled, untilCancelled, withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';

/** The model and the work beside it, side by side. */
const MEASURE_MS = 400;

/** A machine on which so little takes longer is too busy to be measured. */
const STEP_TIMEOUT_MS = 15_000;

/** The work that is done while a clip is read, but for decoding itself. */
interface WorkBeside {
  /** Brings made-up pictures to a model's size, and tells how many it did in a second. */
  exercise(budgetMs: number): Promise<number>;
}

/** 1, 2, 4 and so on. */
function threadCounts(processors: number): number[] {
  const counts: number[] = [];
  for (let threads = 1; threads <= Math.min(processors, MAX_THREADS); threads *= 2) counts.push(threads);
  return counts;
}

/**
 * [Note: Threads are measured beside other work]
 *
 * How many threads are quickest depends on what runs beside them: alone, a model is quickest with all processors, of which browsers
 * tell the wrong number, too. So each number is started in a worker of its own, which is ended afterwards, and runs the model while
 * the video worker prepares pictures. It takes a second or two a number, so it is done once, while nobody does anything, and is of use from
 * the next start on (docs/decisions/054-threads-are-measured.md).
 *
 * @throws FramesiftError `cancelled`, or why a number of threads could not be started
 */
export async function measureThreads(
  makeWorker: () => SupervisedWorker<EncoderService>,
  beside: WorkBeside,
  options: LoadOptions,
  processors: number,
  signal: AbortSignal,
): Promise<ThreadSpeed[]> {
  const speeds: ThreadSpeed[] = [];
  for (const threads of threadCounts(processors)) {
    throwIfCancelled(signal);
    const worker = makeWorker();
    try {
      speeds.push(await untilCancelled(measureOne(worker, beside, options, threads), signal));
    } finally {
      worker.end(new FramesiftError('worker-lost', 'The measurement is over.'));
    }
  }
  return speeds;
}

/** Measures and keeps what was measured, unless that was done. */
export async function measureThreadsOnce(...args: Parameters<typeof measureThreads>): Promise<void> {
  const processors = args[3];
  if (await readThreadSpeeds(processors)) return;
  await keepThreadSpeeds(processors, await measureThreads(...args));
}

async function measureOne(
  { remote }: SupervisedWorker<EncoderService>,
  beside: WorkBeside,
  options: LoadOptions,
  threads: number,
): Promise<ThreadSpeed> {
  const step = <T>(work: Promise<T>) => withTimeout(work, STEP_TIMEOUT_MS, 'The measurement');
  await step(remote.demote([], { most: threads, reason: 'it is being measured' }));
  await step(remote.load({ ...options, provider: 'wasm', allProcessors: true }));
  // Warm, before the other work begins.
  await step(remote.measure(1));
  const [speed, picturesPerSecond] = await Promise.all([
    step(remote.measure(MEASURE_MS)),
    step(beside.exercise(MEASURE_MS)),
  ]);
  return { threads, framesPerSecond: speed.framesPerSecond, picturesPerSecond };
}
