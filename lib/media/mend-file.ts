import {
  EncodedPacketSink,
  MATROSKA,
  MP4,
  MPEG_TS,
  QTFF,
  WEBM,
  type EncodedPacket,
  type Input,
  type InputVideoTrack,
} from 'mediabunny';
import type { DamageFinder } from './demux/lost-places';
import {
  findFragmentAt,
  hasFragmentIndex,
  isMissingBetween,
  walkFragments,
  type Fragments,
} from './fragment-damage';
import { isDamagedBetween } from './matroska-damage';
import { withoutBrokenEnd } from './matroska-tail';
import { readMoov } from './mp4-boxes';
import { countsBeyondFile, countsTooMuch } from './sample-tables';
import type { TransportClock } from './transport-clock';

/** A file as it was chosen, or without damage that would end its reading early. */
export interface MendedFile {
  chosen: Blob;
  readable: Blob;
  /** Whether its end is missing. */
  isCutOff: boolean;
  /** The contents of `moov`; null for other containers than MP4 and QuickTime. */
  moov: DataView | null;
  /** Null for all but transport streams. */
  clock: TransportClock | null;
  /** Tells of damage between pictures of one of the file's tracks; null where nobody can. */
  damageIn: ((track: InputVideoTrack) => DamageFinder) | null;
}

/**
 * Looks for damage that mediabunny would stop at, or be held up by for ever, and takes it out of the file.
 *
 * @param input of the file, as it was chosen
 * @throws FramesiftError `unreadable-video` for tables that nothing can be read by
 */
export async function mendFile(input: Input, chosen: Blob): Promise<MendedFile> {
  const file: MendedFile = {
    chosen,
    readable: chosen,
    isCutOff: false,
    moov: null,
    clock: null,
    damageIn: null,
  };
  const format = (await input.canRead()) ? await input.getFormat() : null;
  if (format === MATROSKA || format === WEBM) {
    const whole = await withoutBrokenEnd(chosen);
    const readable = whole ?? chosen;
    const damageIn = betweenPlaces((from, to) => isDamagedBetween(readable, from, to));
    return { ...file, readable, isCutOff: whole !== null, damageIn };
  }
  if (format === MPEG_TS) {
    const clock = await readClock(chosen);
    const found = clock?.isDamagedBetween ?? null;
    return { ...file, readable: clock?.readable ?? chosen, clock, damageIn: found && (() => found) };
  }
  if (format !== MP4 && format !== QTFF) return file;
  const moov = await readMoov(chosen);
  if (moov && countsBeyondFile(moov, chosen.size)) throw countsTooMuch();
  const fragments = await mendFragments(input, chosen);
  if (!fragments) return { ...file, moov };
  return {
    ...file,
    moov,
    readable: fragments.blob,
    isCutOff: fragments.endsDamaged,
    damageIn: missingFragments(chosen),
  };
}

/** Goes through a transport stream once, with a reader that is fetched now. */
async function readClock(blob: Blob): Promise<TransportClock | null> {
  const { readTransportClock } = await import('./transport-clock');
  return readTransportClock(blob);
}

/** So many boxes of a file that has an index are looked at, which takes two seconds at most. */
const MAX_INDEXED_BOXES = 4_000;

async function mendFragments(input: Input, blob: Blob): Promise<Fragments | null> {
  if (await hasFragmentIndex(blob)) return walkFragments(blob, 0, MAX_INDEXED_BOXES);
  let last: EncodedPacket | null;
  try {
    const [track] = await input.getVideoTracks();
    last = track ? await new EncodedPacketSink(track).getPacket(Infinity, { metadataOnly: true }) : null;
  } catch {
    // What it could not read is found by walking.
    return walkFragments(blob);
  }
  const place = last && (await findFragmentAt(blob, last.sequenceNumber));
  return last && place === null ? null : walkFragments(blob, place ?? 0);
}

/** The whole file is walked for it when it is asked for first. */
function missingFragments(blob: Blob): MendedFile['damageIn'] {
  let walking: Promise<Fragments | null> | null = null;
  return betweenPlaces(async (from, to) => {
    const walked = await (walking ??= walkFragments(blob));
    return walked !== null && isMissingBetween(walked, from, to);
  });
}

/** mediabunny 1.61.0 numbers a packet by the place of its cluster or fragment in the file, and its own place in there. */
function betweenPlaces(
  isDamaged: (fromPlace: number, toPlace: number) => Promise<boolean>,
): MendedFile['damageIn'] {
  return (track) => {
    const sink = new EncodedPacketSink(track);
    const placeAt = async (us: number) =>
      (await sink.getPacket((us + 0.5) / 1e6, { metadataOnly: true }))?.sequenceNumber ?? null;
    return async (fromUs, toUs) => {
      const [from, to] = [await placeAt(fromUs), await placeAt(toUs)];
      return from !== null && to !== null && (await isDamaged(from, to));
    };
  };
}
