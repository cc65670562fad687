import type { VideoSample } from 'mediabunny';
import { FramesiftError } from '@/lib/shared/errors';
import { isShown, readEntry, type EntryPoint, type EntryPoints } from './entry-points';
import type { FrameDecoder, OpenDecoder } from './frame-decoder';
import { FrameTable } from './frame-table';
import { greyEntry } from './grey-entry';
import { OpenEntryRepair } from './open-entry-repair';
import type { PacketSource, VideoPacket } from './packet-source';
import { unreferencedPictures, type UnreferencedPictures } from './unreferenced';

/** What a run decodes. */
export interface DecodableTrack {
  packets: PacketSource;
  entries: EntryPoints;
  decoderConfig: VideoDecoderConfig;
  openDecoder: OpenDecoder;
  /** The container has times of decoding alone, although frames are shown in another order. */
  timesAreOfDecoding: boolean;
  /** Give the decoder pictures that nothing refers to although nobody wants them. For comparison. */
  decodesAll?: boolean;
}

/** The frame that is on screen at a time. Whoever receives it must close the sample. */
export interface ShownFrame {
  sample: VideoSample;
  /** When it comes on. */
  frameUs: number;
  /** When the next frame of the track comes on; null for the last. */
  nextUs: number | null;
  /** How many frames were to come on after this one, by their packets, and did not come out of the decoder. */
  missing: number;
}

/** No frame came out of the decoder for a time. */
export interface NoFrame {
  sample: null;
  /** When a frame comes on by its packet; null where there is no packet. */
  frameUs: number | null;
  nextUs: number | null;
}

/** Where a run begins. */
export type RunStart =
  /** At the entry before each time, where that saves work. */
  | 'seek'
  /** At the entry before that one, once. */
  | 'earlier'
  /** At the track's first entry, without a break. */
  | 'play-through';

/** How many frames may lie decoded and unfetched before the decoder is held. */
const MAX_FRAMES_AHEAD = 8;

/** Packets that may wait in the decoder. Some give nothing out before a good number is in. */
const MAX_DECODE_QUEUE = 40;

/** How far decode order and order of showing may differ: a decoder holds 16 pictures at most (H.264, A.3.1). */
const MAX_REORDER = 16;

/** So many later frames have come out when one is given up that has not; decoders give frames in order, but for WebKit. */
const LATE_FRAMES = 6;

/** Times are rounded to microseconds twice on their way. */
const ROUNDING_US = 2_000;

interface PlannedFrame {
  timeUs: number;
  frameUs: number | null;
  nextUs: number | null;
  /** Frames that came out although they come on later. */
  later: number;
  isFlushed: boolean;
}

/**
 * One pass of a decoder over rising times.
 *
 * Packets tell which frame is on screen at each time, and until when, before anything is decoded: the run reads a few
 * packets ahead and knows all times that lie between. A frame is known by its own timestamp when it comes out, never
 * by its place in the order, so a frame that a decoder leaves out renames no other. Each packet is decoded once;
 * frames between are closed as they come.
 */
export class DecoderRun {
  readonly #track: DecodableTrack;
  readonly #timesUs: readonly number[];
  readonly #start: RunStart;
  readonly #table = new FrameTable();
  /** Null where every packet is decoded: a frame that did not come may need those that were left out. */
  readonly #unreferenced: UnreferencedPictures | null;
  /** Read and not yet given to the decoder, in decode order. */
  readonly #ahead: VideoPacket[] = [];
  /** Planned and not yet fetched; the first one answers the next call. */
  readonly #planned: PlannedFrame[] = [];
  /** Decoded frames that may be asked for, by rising time. */
  #frames: { us: number; sample: VideoSample }[] = [];
  #decoder: FrameDecoder | null = null;
  #read: VideoPacket | null = null;
  #isAtEnd = false;
  /** Leading packets of the entry that is decoded are left out before this time. */
  #leadingBeforeUs = -Infinity;
  /** Everything that is read from here on comes on at this time or later. */
  #borderUs = -Infinity;
  /** Where decoding began last, and what came out since. */
  #entry: EntryPoint | null = null;
  #framesSinceEntry = 0;
  /** What packets of the entry that is decoded need. */
  #repair: OpenEntryRepair | null = null;
  /** Pictures that come on before this time are not whole yet. */
  #wholeFromUs = -Infinity;
  /** A picture that makes decoding possible from where it begins, not yet given to the decoder. */
  #grey: VideoPacket | null = null;
  /** Times of packets in the decoder, where these are only times of decoding. */
  #fedUs: number[] = [];
  #fetched = 0;
  #isConsumerWaiting = false;
  #isStopped = false;
  #failure: { error: unknown } | null = null;
  #wake: () => void = () => undefined;
  #changed = this.#nextChange();

  constructor(track: DecodableTrack, timesUs: readonly number[], start: RunStart) {
    this.#track = track;
    this.#timesUs = timesUs;
    this.#start = start;
    const leavesOut = start === 'seek' && !track.timesAreOfDecoding && !track.decodesAll;
    this.#unreferenced = leavesOut ? unreferencedPictures(track.decoderConfig) : null;
    void this.#pump().catch((error: unknown) => this.#fail(error));
  }

  /** What is on screen at the next of the times. Rejects with the decoder's error. */
  async next(): Promise<ShownFrame | NoFrame> {
    this.#isConsumerWaiting = true;
    this.#announce();
    try {
      for (;;) {
        if (this.#failure) throw this.#failure.error;
        const planned = this.#planned[0];
        if (planned && this.#isSettled(planned)) return this.#take(planned);
        if (this.#isStopped) throw new FramesiftError('cancelled', 'Cancelled.');
        await this.#changed;
      }
    } finally {
      this.#isConsumerWaiting = false;
    }
  }

  /** The entry at which decoding failed before more than its own picture came out; null where it got further. */
  get failedEntry(): EntryPoint | null {
    return this.#failure && this.#framesSinceEntry <= 1 ? this.#entry : null;
  }

  /** Stops decoding and closes what is decoded. Does not wait: a stalled decoder would not answer. */
  stop(): void {
    this.#isStopped = true;
    for (const { sample } of this.#frames) sample.close();
    this.#frames = [];
    this.#closeDecoder();
    this.#announce();
  }

  #isSettled(planned: PlannedFrame): boolean {
    const { frameUs, isFlushed, later } = planned;
    return (
      frameUs === null || isFlushed || later >= LATE_FRAMES || this.#frames.some(({ us }) => us === frameUs)
    );
  }

  #take(planned: PlannedFrame): ShownFrame | NoFrame {
    this.#planned.shift();
    this.#fetched += 1;
    const { timeUs, frameUs, nextUs } = planned;
    const limitUs = frameUs === null ? timeUs : Math.max(timeUs, frameUs);
    const shown = this.#frames.findLast(({ us }) => us <= limitUs);
    const taken: ShownFrame | NoFrame =
      !shown || frameUs === null
        ? { sample: null, frameUs, nextUs }
        : {
            sample: shown.sample.clone(),
            frameUs: shown.us,
            nextUs,
            missing: shown.us === frameUs ? 0 : Math.max(1, this.#table.countBetween(shown.us, frameUs)),
          };
    this.#table.forgetBefore(shown?.us ?? -Infinity);
    this.#closeUnneeded();
    this.#announce();
    return taken;
  }

  // # Feeding

  async #pump(): Promise<void> {
    for (const timeUs of this.#timesUs) {
      await this.#waitUntil(() => this.#planned.length < MAX_FRAMES_AHEAD);
      if (this.#isOver()) return;
      await this.#moveTo(timeUs);
      await this.#readUntilKnown(timeUs);
      this.#plan(timeUs);
      await this.#feedUntilPlanned();
      if (this.#isOver()) return;
    }
    await this.#flush();
  }

  #isOver(): boolean {
    return this.#isStopped || this.#failure !== null;
  }

  /** Begins to decode at the entry for a time, where nothing is decoded yet or the way there becomes shorter. */
  async #moveTo(timeUs: number): Promise<void> {
    const { entries } = this.#track;
    const isStarted = this.#decoder !== null;
    if (isStarted && (this.#start === 'play-through' || this.#isWithinReach(timeUs))) return;
    let entry = this.#start === 'play-through' ? await entries.first() : await entries.at(timeUs);
    if (!isStarted && this.#start === 'earlier' && entry) entry = (await entries.before(entry)) ?? entry;
    if (!isStarted) {
      if (!entry) {
        this.#isAtEnd = true;
        return;
      }
      await this.#openDecoder();
    } else {
      if (!entry || (this.#read && entry.packet.sequence <= this.#read.sequence)) return;
      await this.#flush();
    }
    this.#begin(entry);
  }

  /** Whether packets up to this time have been read, so that no later entry can precede it. */
  #isWithinReach(timeUs: number): boolean {
    return this.#isAtEnd || (this.#read !== null && this.#read.timestampUs >= timeUs);
  }

  #begin(begun: EntryPoint): void {
    const { packet, entry, wholeFromUs } = begun;
    this.#entry = begun;
    this.#framesSinceEntry = 0;
    this.#ahead.length = 0;
    this.#table.clear();
    this.#isAtEnd = false;
    this.#borderUs = -Infinity;
    this.#leadingBeforeUs = entry.kind === 'open' ? packet.timestampUs : -Infinity;
    this.#repair = entry.kind === 'clean' ? null : OpenEntryRepair.for(this.#track.decoderConfig);
    this.#wholeFromUs = wholeFromUs;
    this.#grey = entry.kind === 'gradual' ? greyEntry(packet, this.#track.decoderConfig) : null;
    this.#read = packet;
    this.#takeIn(packet);
  }

  /** Reads on until it is known which frame is on screen at a time and which one follows it. */
  async #readUntilKnown(timeUs: number): Promise<void> {
    if (this.#borderUs > timeUs) return;
    let beyond = this.#ahead.filter(({ timestampUs }) => timestampUs > timeUs).length;
    while (!this.#isAtEnd && this.#read && beyond <= MAX_REORDER && !this.#isStopped) {
      const packet = await this.#track.packets.nextPacket(this.#read);
      if (!packet) {
        this.#isAtEnd = true;
        return;
      }
      this.#read = packet;
      if (packet.isKey && packet.timestampUs > this.#leadingBeforeUs) this.#leadingBeforeUs = -Infinity;
      this.#takeIn(packet);
      if (packet.timestampUs <= timeUs) continue;
      beyond += 1;
      if (packet.isKey && readEntry(packet, this.#track.decoderConfig).kind === 'clean') {
        this.#borderUs = packet.timestampUs;
        return;
      }
    }
  }

  #takeIn(packet: VideoPacket): void {
    if (packet.timestampUs < this.#leadingBeforeUs) return;
    this.#ahead.push(packet);
    if (packet.timestampUs < this.#wholeFromUs) return;
    if (isShown(packet, this.#track.decoderConfig)) this.#table.add(packet.timestampUs);
  }

  #plan(timeUs: number): void {
    let { frameUs, nextUs } = this.#table.at(timeUs);
    if (frameUs === null && nextUs !== null && nextUs - timeUs <= ROUNDING_US) {
      frameUs = nextUs;
      nextUs = this.#table.at(nextUs).nextUs;
    }
    const later = this.#frames.filter(({ us }) => us > Math.max(timeUs, frameUs ?? timeUs)).length;
    this.#planned.push({ timeUs, frameUs, nextUs, later, isFlushed: false });
    this.#announce();
  }

  /**
   * Gives the decoder the packets up to the one of the frame that was planned last. A picture before that frame which
   * no other refers to was not asked for, since times rise, and is left out.
   */
  async #feedUntilPlanned(): Promise<void> {
    const frameUs = this.#planned.at(-1)?.frameUs;
    const last = this.#ahead.findLastIndex(({ timestampUs }) => timestampUs === frameUs);
    for (let i = 0; i <= last; i++) {
      await this.#waitUntil(() => {
        const queued = this.#decoder?.queueSize ?? 0;
        return queued < (this.#frames.length < MAX_FRAMES_AHEAD ? MAX_DECODE_QUEUE : 1);
      });
      if (this.#isStopped || this.#failure) return;
      const packet = this.#ahead.shift()!;
      const isUnreferenced = this.#unreferenced?.isUnreferenced(packet, this.#ahead[0] ?? null);
      if (isUnreferenced && i < last && packet.timestampUs < frameUs!) continue;
      if (this.#track.timesAreOfDecoding && isShown(packet, this.#track.decoderConfig)) {
        this.#fedUs.push(packet.timestampUs);
      }
      this.#decode(packet);
    }
  }

  #decode(packet: VideoPacket): void {
    const grey = this.#grey;
    this.#grey = null;
    for (const one of grey ? [grey, packet] : [packet]) {
      this.#decoder?.decode(this.#repair?.repair(one) ?? one);
    }
  }

  async #openDecoder(): Promise<void> {
    const decoder = await this.#track.openDecoder({
      onFrame: (sample, us) => this.#receive(sample, us),
      onError: (error) => this.#fail(error),
    });
    if (this.#isStopped) decoder.close();
    else this.#decoder = decoder;
  }

  async #flush(): Promise<void> {
    if (!this.#decoder || this.#isStopped || this.#failure) return;
    await this.#decoder.flush();
    this.#fedUs = [];
    for (const planned of this.#planned) planned.isFlushed = true;
    this.#announce();
  }

  // # Frames

  #receive(sample: VideoSample, ownUs: number): void {
    const us = this.#track.timesAreOfDecoding ? (this.#fedUs.shift() ?? ownUs) : ownUs;
    if (this.#isStopped || this.#failure) {
      sample.close();
      return;
    }
    this.#framesSinceEntry += 1;
    for (const planned of this.#planned) {
      if (us > Math.max(planned.timeUs, planned.frameUs ?? -Infinity)) planned.later += 1;
    }
    let at = this.#frames.length;
    while (at > 0 && this.#frames[at - 1]!.us > us) at -= 1;
    this.#frames.splice(at, 0, { us, sample });
    this.#closeUnneeded();
    this.#announce();
  }

  /** Closes the frames that are on screen at no time that is still to be answered. The last one may be yet. */
  #closeUnneeded(): void {
    const frames = this.#frames;
    this.#frames = frames.filter(({ us, sample }, i) => {
      const nextUs = frames[i + 1]?.us;
      if (nextUs === undefined || this.#isWanted(us, nextUs)) return true;
      sample.close();
      return false;
    });
  }

  #isWanted(fromUs: number, untilUs: number): boolean {
    let low = this.#fetched;
    let high = this.#timesUs.length;
    // The first time that is not before `fromUs`, less what rounding may take.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timesUs[middle]! < fromUs - ROUNDING_US) low = middle + 1;
      else high = middle;
    }
    const timeUs = this.#timesUs[low];
    return timeUs !== undefined && timeUs < untilUs;
  }

  // # Waiting

  async #waitUntil(isReady: () => boolean): Promise<void> {
    while (!this.#isStopped && !this.#failure && !isReady()) {
      // A consumer that waits needs whatever it takes to get its frame out of the decoder.
      if (
        this.#isConsumerWaiting &&
        this.#planned.length > 0 &&
        (this.#decoder?.queueSize ?? 0) < MAX_DECODE_QUEUE
      ) {
        const first = this.#planned[0]!;
        if (!this.#isSettled(first)) return;
      }
      await this.#changedOrSoon();
    }
  }

  /** A decoder takes a packet from its queue without a word. */
  #changedOrSoon(): Promise<void> {
    return Promise.race([this.#changed, new Promise<void>((resolve) => setTimeout(resolve, QUEUE_POLL_MS))]);
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#failure ??= { error };
    this.#closeDecoder();
    this.#announce();
  }

  #closeDecoder(): void {
    try {
      this.#decoder?.close();
    } catch {
      // It is closed already.
    }
    this.#decoder = null;
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #announce(): void {
    const wake = this.#wake;
    this.#changed = this.#nextChange();
    wake();
  }
}

const QUEUE_POLL_MS = 5;
