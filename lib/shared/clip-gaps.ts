import { isListOf, isRecord } from './guards';

/** A stretch of a clip that gave no pictures, in clip time, and why. */
export interface ClipGap {
  startMs: number;
  /** More than `startMs`. */
  endMs: number;
  /** A sentence for the person. */
  reason: string;
}

function isGap(value: unknown): value is ClipGap {
  return (
    isRecord(value) &&
    typeof value.startMs === 'number' &&
    typeof value.endMs === 'number' &&
    typeof value.reason === 'string'
  );
}

/** The text of `events.gaps`; null for none. */
export function formatGaps(gaps: readonly ClipGap[]): string | null {
  return gaps.length === 0 ? null : JSON.stringify(gaps);
}

/** The gaps in `events.gaps`, rising; none where the text is missing or no list of gaps. */
export function parseGaps(text: string | null): ClipGap[] {
  if (text === null) return [];
  try {
    const gaps: unknown = JSON.parse(text);
    return isListOf(gaps, isGap) ? gaps.sort((a, b) => a.startMs - b.startMs) : [];
  } catch {
    return [];
  }
}
