import { formatTime } from '@/lib/shared/format';
import type { ClockBreak } from '../unwrap-timestamps';

/** A part that was moved by less than this was cut anew by its recorder; nobody needs to know. */
const UNSEEN_MOVE_SECONDS = 1;

/** How many places are named; of more, the number. */
const NAMED = 3;

/** A sentence about where a file's clock did not simply go on; null where nothing is to be said. */
export function describeBreaks(breaks: readonly ClockBreak[]): string | null {
  const sentences: string[] = [];
  const splices = breaks.filter(
    (one) => one.kind === 'splice' && Math.abs(one.movedSeconds) >= UNSEEN_MOVE_SECONDS,
  );
  if (splices.length > 0) {
    const places = list(
      splices.map((one) => (one.kind === 'splice' ? formatTime(one.atSeconds * 1000) : '')),
    );
    sentences.push(
      `This file was joined from ${splices.length + 1} recordings, whose clocks do not go on from each other. They are shown one after another; the next begins at ${places}.`,
    );
  }
  const gaps = breaks.filter((one) => one.kind === 'gap');
  if (gaps.length > 0) {
    const places = list(
      gaps.map((one) => `${formatTime(one.fromSeconds * 1000)} to ${formatTime(one.toSeconds * 1000)}`),
    );
    sentences.push(`Nothing was recorded from ${places}; the last picture before stands there.`);
  }
  const count = breaks.reduce((sum, one) => sum + (one.kind === 'left-out' ? one.count : 0), 0);
  if (count > 0) {
    sentences.push(
      count === 1
        ? 'One picture at the start of a part refers to pictures that were cut away, and is left out.'
        : `${count} pictures at the start of a part refer to pictures that were cut away, and are left out.`,
    );
  }
  return sentences.length > 0 ? sentences.join(' ') : null;
}

function list(places: readonly string[]): string {
  if (places.length > NAMED) {
    return `${places.slice(0, NAMED).join(', ')} and at ${places.length - NAMED} more places`;
  }
  return places.length < 2 ? (places[0] ?? '') : `${places.slice(0, -1).join(', ')} and ${places.at(-1)!}`;
}
