import { describeBreaks } from './demux/describe-breaks';
import { commonStep, PacketTable, spansOf } from './demux/packet-table';
import {
  readPicture,
  readTransportStream,
  type ByteStretch,
  type TransportStream,
} from './demux/transport-stream';
import type { PacketSource } from './packet-source';
import { TRANSPORT_CLOCK, unwrapTimestamps, type UnwrappedClock } from './unwrap-timestamps';

/** What going through a transport stream in its own order found. */
export interface TransportClock {
  /**
   * The pictures under one rising clock, where the file's own is none: it rolls over, or it goes back. Null where
   * mediabunny's reading by time is right.
   */
  unwrapped: { packets: PacketSource; endUs: number; stepUs: number | null } | null;
  /** The file as mediabunny can read it: without the stretches that are no packets, which it stops at. */
  readable: Blob;
  /** Whether the file is damaged between the pictures that come on at these times of the track's clock. */
  isDamagedBetween: ((fromUs: number, toUs: number) => Promise<boolean>) | null;
  /** A sentence for the person about parts and gaps; null where there is nothing to say. */
  problem: string | null;
}

/** A tick of the clock in microseconds. */
const TICK_US = 1e6 / TRANSPORT_CLOCK.ticksPerSecond;

/** Goes through a transport stream once. Null where the file is none. */
export async function readTransportClock(blob: Blob): Promise<TransportClock | null> {
  const stream = await readTransportStream(blob);
  if (!stream) return null;
  const clock = unwrapTimestamps(stream.pictures, TRANSPORT_CLOCK);
  const isRising = !clock.rollsOver && clock.breaks.every(({ kind }) => kind === 'gap');
  const { damage } = stream;
  return {
    unwrapped: isRising ? null : unwrap(blob, stream, clock),
    readable: damage.length > 0 ? withoutStretches(blob, damage) : blob,
    isDamagedBetween: damage.length > 0 ? damageFinder(stream, clock) : null,
    problem: describeBreaks(clock.breaks),
  };
}

/** Packets name no places in the file, so nothing has to stand where the damage was. */
function withoutStretches(blob: Blob, stretches: readonly ByteStretch[]): Blob {
  const starts = [0, ...stretches.map(({ end }) => end)];
  const ends = [...stretches.map(({ start }) => start), blob.size];
  return new Blob(
    starts.map((start, i) => blob.slice(start, ends[i])),
    { type: blob.type },
  );
}

/** Times are rounded to microseconds on their way. */
const ROUNDING_US = 2;

function damageFinder(
  { pictures, damage }: TransportStream,
  { shown }: UnwrappedClock,
): TransportClock['isDamagedBetween'] {
  const placeOf = (us: number) => pictures[shown.findIndex((t) => Math.abs(t * TICK_US - us) <= ROUNDING_US)];
  return (fromUs, toUs) => {
    const [from, to] = [placeOf(fromUs), placeOf(toUs)];
    const isLost = ({ start }: ByteStretch) => start >= from!.position && start <= to!.position;
    return Promise.resolve(from !== undefined && to !== undefined && damage.some(isLost));
  };
}

function unwrap(
  blob: Blob,
  { pictures, stride }: TransportStream,
  { shown }: UnwrappedClock,
): TransportClock['unwrapped'] {
  const kept = pictures
    .map((picture, i) => ({ picture, ticks: shown[i]! }))
    .filter(({ ticks }) => !Number.isNaN(ticks));
  const timestampsUs = kept.map(({ ticks }) => Math.round(ticks * TICK_US));
  const columns = {
    timestampsUs,
    durationsUs: spansOf(timestampsUs),
    isKey: kept.map(({ picture }) => picture.isKey),
  };
  return {
    packets: new PacketTable(columns, (index) => readPicture(blob, kept[index]!.picture, stride)),
    endUs: timestampsUs.reduce((end, time, i) => Math.max(end, time + columns.durationsUs[i]!), -Infinity),
    stepUs: timestampsUs.length < 2 ? null : commonStep(timestampsUs),
  };
}
