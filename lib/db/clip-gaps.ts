import { z } from '@/lib/shared/zod';

/** A stretch of a clip that gave no pictures, in clip time, and why. */
export interface ClipGap {
  startMs: number;
  /** More than `startMs`. */
  endMs: number;
  /** A sentence for the person. */
  reason: string;
}

const GAPS = z.array(z.object({ startMs: z.number(), endMs: z.number(), reason: z.string() }));

/** The text of `events.gaps`; null for none. */
export function formatGaps(gaps: readonly ClipGap[]): string | null {
  return gaps.length === 0 ? null : JSON.stringify(gaps);
}

/** The gaps in `events.gaps`, rising; none where the text is missing or no list of gaps. */
export function parseGaps(text: string | null): ClipGap[] {
  if (text === null) return [];
  try {
    return GAPS.parse(JSON.parse(text)).sort((a, b) => a.startMs - b.startMs);
  } catch {
    return [];
  }
}
