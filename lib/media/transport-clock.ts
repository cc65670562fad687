import type { ByteStretch } from './demux/byte-window';
import { describeBreaks } from './demux/describe-breaks';
import { lostBetween, type DamageFinder } from './demux/lost-places';
import { commonStep, PacketTable, spansOf } from './demux/packet-table';
import { readPicture, readTransportStream, type TransportStream } from './demux/transport-stream';
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
  isDamagedBetween: DamageFinder | null;
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
    isDamagedBetween: lostBetween(
      clock.shown.map((ticks) => ticks * TICK_US),
      stream.pictures.map(({ position }) => position),
      damage.map(({ start }) => start),
    ),
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
