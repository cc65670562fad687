import type { TimeSpan } from '@/lib/ports/media';

/** Spans in rising order inside [0, durationMs], those that touch or overlap made one, empty ones left out. */
export function mergeSpans(spans: readonly TimeSpan[], durationMs: number): TimeSpan[] {
  const merged: TimeSpan[] = [];
  const clamped = spans
    .map(({ startMs, endMs }) => ({ startMs: Math.max(0, startMs), endMs: Math.min(durationMs, endMs) }))
    .filter(({ startMs, endMs }) => startMs < endMs)
    .sort((a, b) => a.startMs - b.startMs);
  for (const span of clamped) {
    const last = merged.at(-1);
    if (last && span.startMs <= last.endMs) last.endMs = Math.max(last.endMs, span.endMs);
    else merged.push({ ...span });
  }
  return merged;
}
