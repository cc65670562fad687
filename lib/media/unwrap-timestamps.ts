/**
 * [Note: Clocks that wrap, jump and go back]
 *
 * Transport streams count 90,000 ticks a second in 33 bits, which roll over every 26.5 hours; FLV counts
 * milliseconds in 24 or 32 bits. Recordings are spliced and joined with `cat`, so the clock of what follows may be
 * any. A clip has one clock that rises: a roll-over goes on, a clock that goes back or jumps far begins a new part
 * that is placed right behind the part before, and a jump ahead of up to `keptGap` is kept as the gap in reception
 * that it most likely is. What cannot be decoded where a part begins (pictures before its first key picture, and
 * pictures shown before that one) is left out and counted.
 */

/** One packet's times in clock ticks, in decode order. */
export interface ClockReading {
  /** When the picture is shown. */
  pts: number;
  /** When it is decoded; `pts` where the container does not say. */
  dts: number;
  isKey: boolean;
}

/** How a clock counts. */
export interface ClockKind {
  ticksPerSecond: number;
  /** The clock rolls over to 0 at these counts; the first is the clock's own. */
  moduli: readonly [number, ...number[]];
}

/** The clock of MPEG-2 systems, ISO/IEC 13818-1, 2.4.3.7. */
export const TRANSPORT_CLOCK: ClockKind = { ticksPerSecond: 90_000, moduli: [2 ** 33] };

/** FLV, where some writers leave the fourth byte 0. */
export const FLV_CLOCK: ClockKind = { ticksPerSecond: 1000, moduli: [2 ** 32, 2 ** 24] };

/** Where the clock did not simply go on. Times are seconds of the unwrapped clock, from the first picture. */
export type ClockBreak =
  /** Nothing was received between these times. */
  | { kind: 'gap'; fromSeconds: number; toSeconds: number }
  /** Another recording, or another clock, begins, and was moved by so much to follow what was before. */
  | { kind: 'splice'; atSeconds: number; movedSeconds: number }
  /** Packets that cannot be decoded were left out. */
  | { kind: 'left-out'; atSeconds: number; count: number };

/** The times that `unwrapTimestamps` found. */
export interface UnwrappedClock {
  /** When each packet's picture is shown, in ticks that may be negative; NaN for what is left out. */
  shown: number[];
  breaks: ClockBreak[];
  /** Whether the clock rolled over. */
  rollsOver: boolean;
}

/** A step back within this is the order of pictures, not another clock, unless a key picture makes it. */
const REORDER_SECONDS = 1;

/** A jump ahead of up to this is a gap in reception and kept. */
const KEPT_GAP_SECONDS = 600;

/** Between pictures of a recording that is whole: slide shows and cameras that rest send this seldom. */
const ORDINARY_STEP_SECONDS = 10;

/** A roll-over at a clock's minor modulus is believed within this. */
const MINOR_WRAP_SECONDS = 60;

/**
 * Places packets on one clock that rises over the whole file.
 * @param readings of all packets of a track, in the order of the file
 */
export function unwrapTimestamps(readings: readonly ClockReading[], clock: ClockKind): UnwrappedClock {
  const { parts, rollsOver } = splitIntoParts(readings, clock);
  const shown = new Array<number>(readings.length).fill(NaN);
  const breaks: ClockBreak[] = [];
  let end: number | null = null;
  let step = 0;
  let origin: number | null = null;
  for (const part of parts) {
    const keep = chooseDecodable(part, readings, end === null);
    const times = keep.map((index) => part.times[index - part.from]!.shown);
    const leftOut = part.times.length - keep.length;
    if (times.length > 0) {
      const first = smallest(times);
      // A clock that steps back by the pictures that wait to be shown goes on where the part before ended.
      const goesOn: boolean = end !== null && part.isNear && first >= end - step / 2 && first <= end + step;
      const shift: number = end === null || goesOn ? 0 : end - first;
      origin ??= first;
      const at = (first + shift - origin) / clock.ticksPerSecond;
      if (end !== null && !goesOn) {
        breaks.push({ kind: 'splice', atSeconds: at, movedSeconds: shift / clock.ticksPerSecond });
      }
      if (leftOut > 0) breaks.push({ kind: 'left-out', atSeconds: at, count: leftOut });
      keep.forEach((index, i) => (shown[index] = times[i]! + shift));
      findGaps(times, shift - origin, clock.ticksPerSecond, breaks);
      step = commonStepOf(times, clock.ticksPerSecond);
      end = largest(times) + shift + step;
    } else if (leftOut > 0) {
      const at = end === null || origin === null ? 0 : (end - origin) / clock.ticksPerSecond;
      breaks.push({ kind: 'left-out', atSeconds: at, count: leftOut });
    }
  }
  return { shown, breaks, rollsOver };
}

interface Part {
  from: number;
  /** Whether its times count from those of the part before, which it follows closely by its clock. */
  isNear: boolean;
  times: { decoded: number; shown: number }[];
}

function splitIntoParts(
  readings: readonly ClockReading[],
  { ticksPerSecond, moduli }: ClockKind,
): { parts: Part[]; rollsOver: boolean } {
  const parts: Part[] = [];
  const modulus = moduli[0];
  let part: Part | null = null;
  /** The latest decoding time of the part, and what the clock showed then. */
  let latest = { decoded: 0, raw: 0 };
  let rollsOver = false;
  readings.forEach((reading, index) => {
    const ahead = signedDistance(reading.pts - reading.dts, modulus);
    let step = part ? signedDistance(reading.dts - latest.raw, modulus) : NaN;
    for (const minor of moduli.slice(1)) {
      if (Math.abs(step + minor) <= MINOR_WRAP_SECONDS * ticksPerSecond) step += minor;
    }
    const isOrder = step < 0 && step >= -REORDER_SECONDS * ticksPerSecond && !reading.isKey;
    const isOn = (reading.isKey ? step > 0 : step >= 0) && step <= KEPT_GAP_SECONDS * ticksPerSecond;
    if (!part || !(isOn || isOrder)) {
      const isNear = Math.abs(step) <= REORDER_SECONDS * ticksPerSecond;
      latest = { decoded: isNear ? latest.decoded + step : reading.dts, raw: reading.dts };
      part = { from: index, isNear, times: [] };
      parts.push(part);
      step = 0;
    }
    const decoded = latest.decoded + step;
    part.times.push({ decoded, shown: decoded + ahead });
    if (step >= 0) {
      if (reading.dts < latest.raw) {
        rollsOver = true;
        // What precedes the roll-over counts below zero, so that what follows has the clock's own times.
        if (parts.length === 1 && decoded >= modulus) shiftPart(part, -modulus);
      }
      latest = { decoded: part.times.at(-1)!.decoded, raw: reading.dts };
    }
  });
  return { parts, rollsOver };
}

function shiftPart(part: Part, ticks: number): void {
  for (const time of part.times) {
    time.decoded += ticks;
    time.shown += ticks;
  }
}

/** The distance between two readings of a clock that rolls over, of at most half its range in either direction. */
function signedDistance(difference: number, modulus: number): number {
  const positive = ((difference % modulus) + modulus) % modulus;
  return positive >= modulus / 2 ? positive - modulus : positive;
}

/** Indexes of a part's packets that can be decoded from its first key packet on. */
function chooseDecodable(part: Part, readings: readonly ClockReading[], isFirst: boolean): number[] {
  const indexes = part.times.map((_, i) => part.from + i);
  // Where a file itself begins between key pictures, whoever decodes it knows what to leave out.
  if (isFirst) return indexes;
  const key = indexes.find((index) => readings[index]!.isKey);
  if (key === undefined) return [];
  const keyShown = part.times[key - part.from]!.shown;
  return indexes.filter((index) => index >= key && part.times[index - part.from]!.shown >= keyShown);
}

function findGaps(
  times: readonly number[],
  shift: number,
  ticksPerSecond: number,
  breaks: ClockBreak[],
): void {
  const sorted = [...times].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!];
    if (after - before <= ORDINARY_STEP_SECONDS * ticksPerSecond) continue;
    breaks.push({
      kind: 'gap',
      fromSeconds: (before + shift) / ticksPerSecond,
      toSeconds: (after + shift) / ticksPerSecond,
    });
  }
}

function commonStepOf(times: readonly number[], ticksPerSecond: number): number {
  const sorted = times.slice(-256).sort((a, b) => a - b);
  const steps = sorted.slice(1).map((time, i) => time - sorted[i]!);
  const usable = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return usable[usable.length >> 1] ?? ticksPerSecond / 25;
}

// Of hundreds of thousands of packets, which a call's arguments could not hold.
const smallest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
