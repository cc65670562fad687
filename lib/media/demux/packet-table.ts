import type { PacketSource, VideoPacket } from '../packet-source';

/** Where the packets of a video track are and when they are shown, in decode order, as columns. */
export interface PacketColumns {
  timestampsUs: readonly number[];
  durationsUs: readonly number[];
  isKey: readonly boolean[];
}

/** A packet source over a table that a demuxer made; it holds no resource but the file. */
export class PacketTable implements PacketSource {
  readonly #columns: PacketColumns;
  readonly #readData: (index: number) => Promise<Uint8Array>;
  /** Indexes of key packets, whose times rise. */
  readonly #keys: number[] = [];
  #isClosed = false;

  /** @param readData the bytes of a packet, by its index */
  constructor(columns: PacketColumns, readData: (index: number) => Promise<Uint8Array>) {
    this.#columns = columns;
    this.#readData = readData;
    columns.isKey.forEach((isKey, index) => {
      if (isKey) this.#keys.push(index);
    });
  }

  firstPacket = (): Promise<VideoPacket | null> => this.#packetAt(0);

  keyPacketAt = (timestampUs: number): Promise<VideoPacket | null> => {
    const { timestampsUs } = this.#columns;
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timestampsUs[this.#keys[middle]!]! <= timestampUs) low = middle + 1;
      else high = middle;
    }
    const key = this.#keys[Math.max(0, low - 1)];
    return key === undefined ? Promise.resolve(null) : this.#packetAt(key);
  };

  nextPacket = (packet: VideoPacket): Promise<VideoPacket | null> => this.#packetAt(packet.sequence + 1);

  // eslint-disable-next-line @typescript-eslint/require-await -- other sources wait for their file
  async *keyTimesUs(): AsyncGenerator<number, void, undefined> {
    for (const key of this.#keys) yield this.#columns.timestampsUs[key]!;
  }

  close = (): void => {
    this.#isClosed = true;
  };

  async #packetAt(index: number): Promise<VideoPacket | null> {
    const { timestampsUs, durationsUs, isKey } = this.#columns;
    const timestampUs = timestampsUs[index];
    if (this.#isClosed || timestampUs === undefined) return null;
    return {
      sequence: index,
      timestampUs,
      durationUs: durationsUs[index]!,
      isKey: isKey[index]!,
      data: await this.#readData(index),
    };
  }
}

/** From each picture's time to the next picture's; the last one lasts as long as pictures commonly do. */
export function spansOf(timestampsUs: readonly number[], lastUs = commonStep(timestampsUs)): number[] {
  const order = timestampsUs.map((_, index) => index).sort((a, b) => timestampsUs[a]! - timestampsUs[b]!);
  const durations = new Array<number>(timestampsUs.length);
  order.forEach((index, place) => {
    const next = order[place + 1];
    durations[index] = next === undefined ? lastUs : timestampsUs[next]! - timestampsUs[index]!;
  });
  return durations;
}

/** The median time between pictures that follow each other, of up to `sampled` pictures; 40 ms for a single one. */
export function commonStep(timestampsUs: readonly number[], sampled = 1024): number {
  const sorted = timestampsUs.slice(0, sampled).sort((a, b) => a - b);
  const steps = sorted
    .slice(1)
    .map((time, index) => time - sorted[index]!)
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 40_000;
}
