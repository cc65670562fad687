import type { Moment } from './clip-clock';

/** A moment or length of a clip: `0:07.5`, `12:04`, `1:02:03`. Tenths appear below a minute only when asked for. */
export function formatTime(milliseconds: number, options: { tenths?: boolean } = {}): string {
  const totalTenths = Math.floor(Math.max(0, milliseconds) / 100);
  const totalSeconds = Math.floor(totalTenths / 10);
  const seconds = String(totalSeconds % 60).padStart(2, '0');
  const minutes = Math.floor(totalSeconds / 60) % 60;
  const hours = Math.floor(totalSeconds / 3600);
  const clock =
    hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
  return options.tenths ? `${clock}.${totalTenths % 10}` : clock;
}

/** A picture that stays so long is told by its span. */
const STANDS_STILL_MS = 2000;

/** A moment as its card tells it: `0:07.5`, or `0:20–0:40` where its picture stands still. */
export function formatMoment({ timestampMs, span }: Moment): string {
  if (!span || span.endMs - span.startMs < STANDS_STILL_MS) return formatTime(timestampMs, { tenths: true });
  const [start, end] = [span.startMs, span.endMs].map((ms) => formatTime(Math.round(ms / 1000) * 1000));
  return `${start}–${end}`;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in decimal units, as file managers show them: `1.4 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** How long something will still take, as a person would say it. */
export function formatRemaining(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

/** `1 frame`, `2 frames`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** Letters that are written from right to left (Hebrew to Arabic, their presentation forms, U+1E800 on) and all marks of direction. */
const TURNS_TEXT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200e\u200f\u202a-\u202e\u2066-\u2069\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A file's name inside a sentence of plain text: isolated where marks or letters in it would turn the text around it
 * (Unicode Standard Annex 9, 2.4). In the page, `<bdi>` does the same.
 */
export function isolateName(name: string): string {
  // An isolate's end inside the name would end this one.
  return TURNS_TEXT.test(name) ? `\u2068${name.replace(/[\u2066-\u2069]/g, '')}\u2069` : name;
}
