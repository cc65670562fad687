/** What of the page an address keeps: which clip is shown, what is asked of it, and in which part of it. */
export interface PagePlace {
  clipId: string | null;
  /** As typed; null for no question. */
  question: string | null;
  /** Null for the whole clip. */
  range: { startMs: number; endMs: number } | null;
}

const CLIP_ID = /^[A-Za-z0-9_-]{1,64}$/;
const SECONDS = /^\d{1,6}(?:\.\d{1,3})?$/;

/** Longest question that is taken from an address, which anybody may have written. */
const MAX_QUESTION_LENGTH = 2000;

/** A place as an address's fragment, such as `#clip=8c1f&q=a+red+car&from=12.5&to=30`; empty for no clip. */
export function formatPlace({ clipId, question, range }: PagePlace): string {
  if (clipId === null) return '';
  const parameters = new URLSearchParams({ clip: clipId });
  if (question !== null) parameters.set('q', question);
  if (range) {
    parameters.set('from', String(Math.round(range.startMs) / 1000));
    parameters.set('to', String(Math.round(range.endMs) / 1000));
  }
  return `#${parameters.toString()}`;
}

/** The place that a fragment names; what cannot be read of it is left out. */
export function readPlace(fragment: string): PagePlace {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const clipId = parameters.get('clip');
  if (clipId === null || !CLIP_ID.test(clipId)) return { clipId: null, question: null, range: null };
  const question = parameters.get('q')?.trim() ?? '';
  return {
    clipId,
    question: question === '' || question.length > MAX_QUESTION_LENGTH ? null : question,
    range: readRange(parameters.get('from'), parameters.get('to')),
  };
}

function readRange(from: string | null, to: string | null): PagePlace['range'] {
  if (from === null || to === null || !SECONDS.test(from) || !SECONDS.test(to)) return null;
  const [startMs, endMs] = [Math.round(Number(from) * 1000), Math.round(Number(to) * 1000)];
  return startMs < endMs ? { startMs, endMs } : null;
}
