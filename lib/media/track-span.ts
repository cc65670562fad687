import { EncodedPacketSink, type EncodedPacket, type InputVideoTrack } from 'mediabunny';
import { readEditList } from './edit-list';
import { hasBSlice, type EntryPoint } from './entry-points';
import type { PacketSource, TimelineSegment } from './packet-source';
import { timelineOfEdits } from './timeline';

/** When the pictures of a track are shown. */
export interface TrackSpan {
  /** The container's time of clip time 0, as FFmpeg and players count. */
  startMs: number;
  durationMs: number;
  /** At least one segment. */
  timeline: TimelineSegment[];
  /** The usual time from one picture to the next; null for a single one. */
  rhythmMs: number | null;
  /** Whether the times in the container rise in decode order although pictures are shown in another. */
  timesAreOfDecoding: boolean;
  /** The pictures at the end are not in the file. */
  isCutOff: boolean;
  /** The track's edit list plays parts at another speed. */
  changesSpeed: boolean;
}

/** Containers in which the last picture's length is nowhere but in the length of the whole. */
const WITHOUT_LAST_DURATION = new Set(['WebM', 'Matroska']);

/** Packets from which the rhythm is taken. */
const RHYTHM_PACKETS = 256;

/** Packets that are looked at for B slices, which a stream that has them uses from its first second on. */
const B_SLICE_PACKETS = 32;

/** The file goes on so many steps longer than its last picture where that one stands still; else by the sound's last block. */
const STANDING_STEPS = 1.5;

/** When every picture counts as 40 ms long: a clip of one picture, whose length nobody says. */
const SINGLE_PICTURE_MS = 40;

/**
 * Finds out when the pictures of a track are shown: after edit lists, from the first picture that can be decoded to
 * the end of the last one that is in the file.
 *
 * @param moov the contents of `moov`, with the edit list; null for other containers
 * @param first the track's first entry; null where its codec has no name in WebCodecs
 */
export async function measureTrack(
  moov: DataView | null,
  track: InputVideoTrack,
  container: string,
  packets: PacketSource,
  first: EntryPoint | null,
): Promise<TrackSpan> {
  const sink = new EncodedPacketSink(track);
  const firstTimesMs = await readFirstTimes(sink);
  const rhythmMs = medianStep(firstTimesMs);
  const timesAreOfDecoding = await areTimesOfDecoding(track, packets, firstTimesMs);
  const firstMs = findFirstTime(first, firstTimesMs);
  const last = await findLastPacket(sink, firstMs);
  const stepMs = rhythmMs ?? SINGLE_PICTURE_MS;
  const lastMs = (last.packet?.timestamp ?? 0) * 1000;
  const ownMs = (last.packet?.duration ?? 0) * 1000 || stepMs;
  let endMs = last.packet ? lastMs + ownMs : firstMs;
  if (WITHOUT_LAST_DURATION.has(container) && !last.isCutOff) {
    const wholeMs = await findWholeEnd(track, firstMs);
    if (wholeMs - endMs > STANDING_STEPS * Math.min(stepMs, ownMs)) endMs = wholeMs;
  }

  const edits = moov ? readEditList(moov, track.id) : [];
  const changesSpeed = edits.some(({ mediaStartMs, rate }) => mediaStartMs !== null && rate !== 1);
  const media = { startMs: firstMs, endMs };
  const starts = new Map<number, number>();
  for (const { mediaStartMs } of edits) {
    if (mediaStartMs !== null) starts.set(mediaStartMs, await findFrameFrom(sink, mediaStartMs, stepMs));
  }
  const edited = timelineOfEdits(edits, media, (mediaMs) => starts.get(mediaMs) ?? mediaMs);
  const firstEditMs = edits.find(({ mediaStartMs }) => mediaStartMs !== null)?.mediaStartMs ?? null;
  // Pictures that end before 0 are not shown.
  const startMs = Math.max(0, firstMs);
  const timeline =
    edited.length > 0
      ? edited
      : [{ clipStartMs: 0, mediaStartMs: startMs, durationMs: Math.max(0, endMs - startMs) }];
  return {
    startMs: edited.length > 0 && firstEditMs !== null ? Math.max(firstEditMs, firstMs) : startMs,
    durationMs: roundToMicroseconds(timeline.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    timeline,
    rhythmMs,
    timesAreOfDecoding,
    isCutOff: last.isCutOff,
    changesSpeed,
  };
}

function roundToMicroseconds(ms: number): number {
  return Math.round(ms * 1e3) / 1e3;
}

/** Times of the track's first packets, in decode order. */
async function readFirstTimes(sink: EncodedPacketSink): Promise<number[]> {
  const timesMs: number[] = [];
  let packet = await sink.getFirstPacket({ metadataOnly: true });
  while (packet && timesMs.length < RHYTHM_PACKETS) {
    timesMs.push(packet.timestamp * 1000);
    packet = await sink.getNextPacket(packet, { metadataOnly: true });
  }
  return timesMs;
}

function medianStep(timesMs: readonly number[]): number | null {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const steps = sorted
    .slice(1)
    .map((time, i) => time - sorted[i]!)
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? null;
}

async function areTimesOfDecoding(
  track: InputVideoTrack,
  packets: PacketSource,
  timesMs: readonly number[],
): Promise<boolean> {
  if (timesMs.length < 3 || timesMs.some((time, i) => i > 0 && time <= timesMs[i - 1]!)) return false;
  const config = await track.getDecoderConfig();
  if (!config) return false;
  let packet = await packets.firstPacket();
  for (let seen = 0; packet && seen < B_SLICE_PACKETS; seen++) {
    if (hasBSlice(packet, config)) return true;
    packet = await packets.nextPacket(packet);
  }
  return false;
}

/** When the first picture is shown that can be decoded. */
function findFirstTime(first: EntryPoint | null, timesMs: readonly number[]): number {
  if (!first) return timesMs.length === 0 ? 0 : Math.min(...timesMs);
  const { packet, entry, wholeFromUs } = first;
  if (entry.kind === 'gradual') return wholeFromUs / 1000;
  const entryMs = packet.timestampUs / 1000;
  if (entry.kind === 'open') return entryMs;
  const at = timesMs.findIndex((time) => Math.abs(time - entryMs) < 1e-3);
  if (at === -1) return entryMs;
  return Math.min(...timesMs.slice(at));
}

interface LastPacket {
  /** The last packet whose bytes are in the file; null where there is none. */
  packet: EncodedPacket | null;
  isCutOff: boolean;
}

/** Lookups that halve the stretch in which the file ends: a day to less than a frame. */
const MAX_LOOKUPS = 32;

/**
 * An MP4 knows its packets from tables at its front, so a cut-off file looks whole until a packet beyond its end is
 * read. Where the last one is missing, the last one that is there is searched for.
 */
async function findLastPacket(sink: EncodedPacketSink, firstMs: number): Promise<LastPacket> {
  const read = async (seconds: number): Promise<EncodedPacket | null> => {
    try {
      return await sink.getPacket(seconds);
    } catch {
      return null;
    }
  };
  const claimed = await sink.getPacket(Infinity, { metadataOnly: true }).catch(() => null);
  if (!claimed) return { packet: null, isCutOff: false };
  if (await read(Infinity)) return { packet: claimed, isCutOff: false };
  let there: EncodedPacket | null = await read(firstMs / 1000);
  let [low, high] = [firstMs / 1000, claimed.timestamp];
  for (let i = 0; i < MAX_LOOKUPS && high - low > 1e-4; i++) {
    const middle = (low + high) / 2;
    const packet = await read(middle);
    if (packet && packet.timestamp >= (there?.timestamp ?? -Infinity)) there = packet;
    if (packet) low = middle;
    else high = middle;
  }
  return { packet: there, isCutOff: true };
}

/** Where the file as a whole ends, by its own word or by its sound; -Infinity where neither is known. */
async function findWholeEnd(track: InputVideoTrack, firstMs: number): Promise<number> {
  const statedSeconds = await track.getDurationFromMetadata();
  // A clock that begins before 0 was counted from there.
  if (statedSeconds !== null) return statedSeconds * 1000 + Math.min(0, firstMs);
  const sound = await track.input.getPrimaryAudioTrack();
  return sound ? (await sound.computeDuration()) * 1000 : -Infinity;
}

/** When the first frame begins that does not begin before a time. */
async function findFrameFrom(sink: EncodedPacketSink, mediaMs: number, stepMs: number): Promise<number> {
  const packet = await sink.getPacket((mediaMs + 0.001) / 1000, { metadataOnly: true });
  if (!packet) return mediaMs;
  const frameMs = packet.timestamp * 1000;
  return mediaMs - frameMs < 0.01 ? mediaMs : frameMs + (packet.duration * 1000 || stepMs);
}
