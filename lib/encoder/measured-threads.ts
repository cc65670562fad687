import { keepMeasurement, readMeasurement } from '@/lib/shared/measurements';
import { z } from '@/lib/shared/zod';

/** What one number of threads did beside other work. */
export interface ThreadSpeed {
  threads: number;
  /** Frames that the bundled model read in a second. */
  framesPerSecond: number;
  /** Pictures that were brought to its size in a second meanwhile, as they are while a clip is decoded. */
  picturesPerSecond: number;
}

const speedsSchema = z.array(
  z.object({
    threads: z.number().int().positive(),
    framesPerSecond: z.number().nonnegative(),
    picturesPerSecond: z.number().nonnegative(),
  }),
);

const nameOf = (processors: number) => `threads-1 of ${processors}`;

/** More threads have to be so much better than fewer. */
const LEAST_GAIN = 1.1;

/**
 * The number of threads that reads clips fastest: the model's speed counts as much as that of the work beside it, so
 * that threads which take a processor from decoding are worth it only where they gain more than they take.
 */
export function chooseThreads(speeds: readonly ThreadSpeed[]): number | undefined {
  const worth = ({ framesPerSecond, picturesPerSecond }: ThreadSpeed) => framesPerSecond * picturesPerSecond;
  const rising = [...speeds].sort((a, b) => a.threads - b.threads);
  const best = rising.reduce<ThreadSpeed | undefined>(
    (chosen, speed) => (!chosen || worth(speed) > worth(chosen) * LEAST_GAIN ? speed : chosen),
    undefined,
  );
  return best?.threads;
}

/** What was measured in this browser with so many processors; undefined where that was not done yet. */
export async function readThreadSpeeds(processors: number): Promise<ThreadSpeed[] | undefined> {
  return speedsSchema.safeParse(await readMeasurement(nameOf(processors))).data;
}

/** Keeps what was measured, for the next start of the model. */
export function keepThreadSpeeds(processors: number, speeds: readonly ThreadSpeed[]): Promise<void> {
  return keepMeasurement(nameOf(processors), speeds);
}
