import type { VideoSample } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { DecoderRun, type DecodableTrack, type RunStart } from '@/lib/media/decoder-run';
import { EntryPoints } from '@/lib/media/entry-points';
import type { DecoderOutput } from '@/lib/media/frame-decoder';
import type { PacketSource, VideoPacket } from '@/lib/media/packet-source';

/** A packet as "time in frames" or "time in frames" and "k" for a key frame; data[0] is its place. */
function packetsOf(...order: string[]): VideoPacket[] {
  return order.map((text, sequence) => ({
    sequence,
    timestampUs: Number.parseInt(text, 10) * 100_000,
    durationUs: 100_000,
    isKey: text.endsWith('k'),
    data: Uint8Array.of(sequence),
  }));
}

class FakeTrack {
  /** Samples that are out and not closed. */
  open = 0;
  decoded: number[] = [];
  /** Times in frames that the decoder gives nothing for. */
  readonly lost = new Set<number>();
  /** Whether frames come out in decode order, as WebKit's may. */
  inDecodeOrder = false;
  timesAreOfDecoding = false;
  decodesAll = false;
  codec = 'av01.0.04M.08';
  readonly #packets: VideoPacket[];

  constructor(packets: VideoPacket[]) {
    this.#packets = packets;
  }

  get track(): DecodableTrack {
    const packets = this.#packets;
    const source: PacketSource = {
      firstPacket: () => Promise.resolve(packets[0] ?? null),
      keyPacketAt: (us) =>
        Promise.resolve(
          packets.findLast(({ isKey, timestampUs }) => isKey && timestampUs <= us) ??
            packets.find(({ isKey }) => isKey) ??
            null,
        ),
      nextPacket: ({ sequence }) => Promise.resolve(packets[sequence + 1] ?? null),
      // eslint-disable-next-line @typescript-eslint/require-await -- other sources wait for their file
      keyTimesUs: async function* () {
        for (const { isKey, timestampUs } of packets) if (isKey) yield timestampUs;
      },
      close: () => undefined,
    };
    const decoderConfig = { codec: this.codec };
    return {
      packets: source,
      entries: new EntryPoints(source, decoderConfig),
      decoderConfig,
      timesAreOfDecoding: this.timesAreOfDecoding,
      decodesAll: this.decodesAll,
      openDecoder: (output) => Promise.resolve(this.#decoder(output)),
    };
  }

  /** Gives out a frame once two later packets are in, in the order of showing. */
  #decoder({ onFrame }: DecoderOutput) {
    let held: VideoPacket[] = [];
    const give = (packet: VideoPacket) => {
      if (this.lost.has(packet.timestampUs / 100_000)) return;
      this.open += 1;
      onFrame(this.#sample(), packet.timestampUs);
    };
    const giveAll = (count: number) => {
      if (!this.inDecodeOrder) held.sort((a, b) => a.timestampUs - b.timestampUs);
      held.splice(0, count).forEach(give);
    };
    return {
      queueSize: 0,
      decode: (packet: VideoPacket) => {
        this.decoded.push(packet.sequence);
        held.push(packet);
        if (held.length > 3) giveAll(1);
      },
      flush: () => {
        giveAll(held.length);
        return Promise.resolve();
      },
      close: () => {
        held = [];
      },
    };
  }

  #sample(): VideoSample {
    return {
      clone: () => {
        this.open += 1;
        return this.#sample();
      },
      close: () => {
        this.open -= 1;
      },
    } as unknown as VideoSample;
  }
}

async function framesAt(fake: FakeTrack, times: number[], start: RunStart = 'seek') {
  const run = new DecoderRun(
    fake.track,
    times.map((time) => Math.round(time * 100_000)),
    start,
  );
  const found: { frame: number | null; next: number | null; missing: number }[] = [];
  while (found.length < times.length) {
    const one = await run.next();
    const inFrames = (us: number | null) => (us === null ? null : us / 100_000);
    found.push({
      frame: one.sample ? inFrames(one.frameUs) : null,
      next: inFrames(one.nextUs),
      missing: one.sample ? one.missing : 0,
    });
    one.sample?.close();
  }
  run.stop();
  return found;
}

/** Two groups with B frames: 0 4 2 1 3 | 5 9 7 6 8. */
const WITH_B_FRAMES = packetsOf('0k', '4', '2', '1', '3', '5k', '9', '7', '6', '8');

describe('DecoderRun', () => {
  it('gives the frame on screen at each time and when the next one comes on', async () => {
    const fake = new FakeTrack(WITH_B_FRAMES);
    expect(await framesAt(fake, [0, 1.5, 1.7, 4.2, 9.9])).toEqual([
      { frame: 0, next: 1, missing: 0 },
      { frame: 1, next: 2, missing: 0 },
      { frame: 1, next: 2, missing: 0 },
      { frame: 4, next: 5, missing: 0 },
      { frame: 9, next: null, missing: 0 },
    ]);
    expect(fake.open).toBe(0);
  });

  it('takes frames by their own time where a decoder gives them in decode order', async () => {
    const fake = new FakeTrack(WITH_B_FRAMES);
    fake.inDecodeOrder = true;
    const frames = await framesAt(fake, [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
    expect(frames.map(({ frame }) => frame)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('renames no frame when the decoder leaves one out, and says that it is missing', async () => {
    const fake = new FakeTrack(WITH_B_FRAMES);
    fake.lost.add(2);
    const frames = await framesAt(fake, [1.5, 2.5, 3.5]);
    expect(frames.map(({ frame, missing }) => [frame, missing])).toEqual([
      [1, 0],
      [1, 1],
      [3, 0],
    ]);
    expect(fake.open).toBe(0);
  });

  it('decodes each packet once, and skips to a later entry where that saves work', async () => {
    const order = Array.from({ length: 60 }, (_, i) => (i % 20 === 0 ? `${i}k` : `${i}`));
    const fake = new FakeTrack(packetsOf(...order));
    await framesAt(fake, [1.5, 2.5, 45.5]);
    expect(new Set(fake.decoded).size).toBe(fake.decoded.length);
    expect(fake.decoded.filter((place) => place > 2 && place < 40)).toEqual([]);
  });

  it('plays through without a skip where it is told to', async () => {
    const order = Array.from({ length: 60 }, (_, i) => (i % 20 === 0 ? `${i}k` : `${i}`));
    const fake = new FakeTrack(packetsOf(...order));
    expect((await framesAt(fake, [45.5], 'play-through'))[0]?.frame).toBe(45);
    expect(fake.decoded[0]).toBe(0);
    expect(fake.decoded).toHaveLength(46);
  });

  it('holds few frames when nobody takes them', async () => {
    const fake = new FakeTrack(packetsOf(...Array.from({ length: 200 }, (_, i) => `${i}k`)));
    const times = Array.from({ length: 200 }, (_, i) => i * 100_000 + 50_000);
    const run = new DecoderRun(fake.track, times, 'seek');
    (await run.next()).sample?.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fake.open).toBeLessThan(16);
    run.stop();
    expect(fake.open).toBe(0);
  });

  it('says that there is no frame before the first one', async () => {
    const [found] = await framesAt(new FakeTrack(packetsOf('5k', '6')), [1]);
    expect(found?.frame).toBeNull();
  });

  describe('where nothing refers to some pictures', () => {
    /** Every packet of VP9 begins anew; those of odd places after a key frame refresh nothing. */
    const makeTrack = (): FakeTrack => {
      const packets = packetsOf('0k', '1', '2', '3', '4', '5', '6', '7', '8k', '9', '10', '11').map(
        (packet) => {
          const place = packet.timestampUs / 100_000;
          const data = packet.isKey ? [0x82, 0x49, 0x83, 0x42] : [0x87, place % 2 === 1 ? 0 : 1, 0, 0];
          return { ...packet, data: Uint8Array.from(data) };
        },
      );
      const fake = new FakeTrack(packets);
      fake.codec = 'vp09.00.10.08';
      return fake;
    };

    it('decodes those that are wanted, and no others before the last wanted one', async () => {
      const fake = makeTrack();
      const frames = await framesAt(fake, [2.5, 3.5, 6.5]);
      expect(frames.map(({ frame, missing }) => [frame, missing])).toEqual([
        [2, 0],
        [3, 0],
        [6, 0],
      ]);
      expect(fake.decoded).toEqual([0, 2, 3, 4, 6]);
      expect(fake.open).toBe(0);
    });

    it.each([
      ['when it plays through', (fake: FakeTrack) => framesAt(fake, [6.5], 'play-through')],
      ['when it looks again from an earlier entry', (fake: FakeTrack) => framesAt(fake, [6.5], 'earlier')],
      ['where it is told to', (fake: FakeTrack) => ((fake.decodesAll = true), framesAt(fake, [6.5]))],
      [
        'where times are of decoding',
        (fake: FakeTrack) => ((fake.timesAreOfDecoding = true), framesAt(fake, [6.5])),
      ],
    ])('decodes all of them %s', async (_, decode) => {
      const fake = makeTrack();
      await decode(fake);
      expect(fake.decoded.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    });
  });
});
