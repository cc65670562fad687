import type { Browser } from '@playwright/test';

/** An event of Chromium's trace, as far as it is read here. Times are in microseconds. */
export interface TraceEvent {
  name: string;
  cat: string;
  ph: string;
  ts: number;
  pid: number;
  id?: string;
  id2?: { local?: string; global?: string };
}

/** A stretch of time, in milliseconds. */
export interface Busy {
  startMs: number;
  endMs: number;
}

/** Traces Chromium while `work` runs: the page's User Timings and what the decoder is given. */
export async function traceWhile<T>(
  browser: Browser,
  work: () => Promise<T>,
): Promise<{ result: T; events: TraceEvent[] }> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['blink.user_timing', 'media'] },
  });
  try {
    const result = await work();
    const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
    await session.send('Tracing.end');
    await complete;
    return { result, events };
  } finally {
    await session.detach();
  }
}

/** The stretches of each name that begin and end in the trace, in order of their beginnings. */
export function stretchesOf(events: readonly TraceEvent[]): Map<string, Busy[]> {
  const stretches = new Map<string, Busy[]>();
  const begun = new Map<string, number>();
  for (const event of events.toSorted((a, b) => a.ts - b.ts)) {
    const key = [event.pid, event.cat, event.name, event.id ?? event.id2?.local ?? event.id2?.global].join();
    if (event.ph === 'b') begun.set(key, event.ts);
    if (event.ph !== 'e') continue;
    const startedAt = begun.get(key);
    begun.delete(key);
    if (startedAt === undefined) continue;
    const list = stretches.get(event.name) ?? [];
    list.push({ startMs: startedAt / 1000, endMs: event.ts / 1000 });
    stretches.set(event.name, list);
  }
  for (const list of stretches.values()) list.sort((a, b) => a.startMs - b.startMs);
  return stretches;
}

/** The parts of stretches that lie within a window. */
export function within(stretches: readonly Busy[], window: Busy): Busy[] {
  return stretches
    .map(({ startMs, endMs }) => ({
      startMs: Math.max(startMs, window.startMs),
      endMs: Math.min(endMs, window.endMs),
    }))
    .filter(({ startMs, endMs }) => endMs > startMs);
}

/** Stretches joined where they overlap or touch, in order. */
export function joined(stretches: readonly Busy[]): Busy[] {
  const all: Busy[] = [];
  for (const { startMs, endMs } of stretches.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = all.at(-1);
    if (last && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else all.push({ startMs, endMs });
  }
  return all;
}

/** How long at least one of the stretches lasts. */
export function busyMs(stretches: readonly Busy[]): number {
  return joined(stretches).reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

/** How long at least two of the stages are busy at once; each stage's stretches count once. */
export function overlapMs(stages: readonly (readonly Busy[])[]): number {
  const edges = stages
    .flatMap((stage) => joined(stage))
    .flatMap(({ startMs, endMs }) => [
      { atMs: startMs, step: 1 },
      { atMs: endMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let [together, depth, lastMs] = [0, 0, 0];
  for (const { atMs, step } of edges) {
    if (depth >= 2) together += atMs - lastMs;
    depth += step;
    lastMs = atMs;
  }
  return together;
}
