import { describeBreaks } from './demux/describe-breaks';
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
  return {
    unwrapped: isRising ? null : unwrap(blob, stream, clock),
    problem: describeBreaks(clock.breaks),
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
