import {
  EncodedPacketSink,
  type EncodedPacket,
  type InputVideoTrack,
  type PacketRetrievalOptions,
} from 'mediabunny';
import type { PacketSource, VideoPacket } from './packet-source';

const METADATA_ONLY: PacketRetrievalOptions = { metadataOnly: true };

/** How far back a key packet is looked for first, where the cluster or fragment of a moment has none. */
const FIRST_STEP_BACK_SECONDS = 1;

/** What was found out by walking: `key` is the last key packet at or before every time up to that of `until`. */
interface WalkedStretch {
  key: EncodedPacket;
  until: EncodedPacket;
}

/**
 * The packets of a track that mediabunny reads.
 *
 * `getKeyPacket` of mediabunny 1.61.0 looks into the cluster or fragment in which a moment lies and into those after
 * it, never into those before. Where that one begins with no key packet (recorders that write one every 100 ms, live
 * streams) it answers null, or so it does once it knows that cluster's place. So the stretch before is walked packet
 * by packet, from the nearest key packet that an earlier moment gives; what was walked is remembered.
 */
export class MediabunnyPackets implements PacketSource {
  readonly #sink: EncodedPacketSink;
  readonly #encoded = new WeakMap<VideoPacket, EncodedPacket>();
  #walked: WalkedStretch | null = null;

  constructor(track: InputVideoTrack) {
    this.#sink = new EncodedPacketSink(track);
  }

  firstPacket = async (): Promise<VideoPacket | null> => this.#toPacket(await this.#sink.getFirstPacket());

  keyPacketAt = async (timestampUs: number): Promise<VideoPacket | null> => {
    // Times are rounded to microseconds, down as well as up.
    const seconds = (timestampUs + 0.5) / 1e6;
    const found = (await this.#sink.getKeyPacket(seconds, METADATA_ONLY)) ?? (await this.#walkToKey(seconds));
    return this.#withData(found ?? (await this.#sink.getFirstKeyPacket(METADATA_ONLY)));
  };

  nextPacket = async (packet: VideoPacket): Promise<VideoPacket | null> => {
    const encoded = this.#encoded.get(packet);
    if (!encoded) throw new Error('The packet belongs to another source.');
    return this.#toPacket(await this.#sink.getNextPacket(encoded));
  };

  async *keyTimesUs(): AsyncGenerator<number, void, undefined> {
    let packet = await this.#sink.getFirstKeyPacket(METADATA_ONLY);
    while (packet) {
      yield Math.round(packet.timestamp * 1e6);
      packet = await this.#sink.getNextKeyPacket(packet, METADATA_ONLY);
    }
  }

  /** The track belongs to whoever opened it. */
  close = (): void => {
    this.#walked = null;
  };

  async #walkToKey(seconds: number): Promise<EncodedPacket | null> {
    const known = this.#walked && this.#walked.key.timestamp <= seconds ? this.#walked : null;
    if (known && seconds <= known.until.timestamp) return known.key;
    let from: WalkedStretch | null = known;
    const floor = known?.until.timestamp ?? (await this.#sink.getFirstPacket(METADATA_ONLY))?.timestamp ?? 0;
    for (let step = FIRST_STEP_BACK_SECONDS; seconds - step > floor; step *= 2) {
      const earlier = await this.#sink.getKeyPacket(seconds - step, METADATA_ONLY);
      if (!earlier) continue;
      from = { key: earlier, until: earlier };
      break;
    }
    if (!from) {
      const first = await this.#sink.getFirstKeyPacket(METADATA_ONLY);
      if (!first || first.timestamp > seconds) return null;
      from = { key: first, until: first };
    }
    let { key, until } = from;
    for (;;) {
      const next = await this.#sink.getNextPacket(until, METADATA_ONLY);
      if (!next || next.timestamp > seconds) break;
      until = next;
      if (next.type === 'key') key = next;
    }
    this.#walked = { key, until };
    return key;
  }

  /** The packet again with its bytes. */
  async #withData(packet: EncodedPacket | null): Promise<VideoPacket | null> {
    if (!packet) return null;
    if (!packet.isMetadataOnly) return this.#toPacket(packet);
    const again = await this.#sink.getPacket(packet.timestamp);
    if (again?.sequenceNumber === packet.sequenceNumber) return this.#toPacket(again);
    return this.#toPacket(await this.#sink.getKeyPacket(packet.timestamp));
  }

  #toPacket(encoded: EncodedPacket | null): VideoPacket | null {
    if (!encoded) return null;
    const { sequenceNumber, timestamp, duration, type, data, sideData } = encoded;
    const packet: VideoPacket = {
      sequence: sequenceNumber,
      timestampUs: Math.round(timestamp * 1e6),
      durationUs: Math.round(duration * 1e6),
      isKey: type === 'key',
      data,
      ...(sideData.alpha && { alpha: sideData.alpha }),
    };
    this.#encoded.set(packet, encoded);
    return packet;
  }
}
