/** The stages of reading a clip that a trace of the browser shows, beside the decoder's own. */
export type Stage = 'copy' | 'pixels' | 'thumbnail' | 'model' | 'store';

/** Begins the name of each stage in a trace. */
export const STAGE_PREFIX = 'framesift:';

/**
 * Runs a stage's work and leaves its span in the browser's trace, where DevTools shows it among the User Timings and
 * `npm run bench -- --only stages` reads it. Nothing is kept in the page: an hour of video has thousands of spans.
 */
export async function timed<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    leaveSpan(stage, start);
  }
}

/** The same for work that does not wait. */
export function timedNow<T>(stage: Stage, work: () => T): T {
  const start = performance.now();
  try {
    return work();
  } finally {
    leaveSpan(stage, start);
  }
}

function leaveSpan(stage: Stage, start: number): void {
  const name = STAGE_PREFIX + stage;
  performance.measure(name, { start });
  performance.clearMeasures(name);
}
