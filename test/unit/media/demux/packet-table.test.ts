import { describe, expect, it } from 'vitest';
import { describeBreaks } from '@/lib/media/demux/describe-breaks';
import { commonStep, PacketTable, spansOf } from '@/lib/media/demux/packet-table';

/** Decoded in this order; B pictures before the second key picture. */
const TIMES = [0, 200, 100, 300, 600, 400, 500];
const KEYS = [true, false, false, false, true, false, false];

const table = () =>
  new PacketTable({ timestampsUs: TIMES, durationsUs: spansOf(TIMES), isKey: KEYS }, (index) =>
    Promise.resolve(Uint8Array.of(index)),
  );

describe('PacketTable', () => {
  it('gives packets in the order of decoding', async () => {
    const packets = table();
    const seen: number[] = [];
    for (let packet = await packets.firstPacket(); packet; packet = await packets.nextPacket(packet)) {
      expect(packet.data).toEqual(Uint8Array.of(packet.sequence));
      seen.push(packet.timestampUs);
    }
    expect(seen).toEqual(TIMES);
  });

  it.each([
    [-50, 0],
    [0, 0],
    [599, 0],
    [600, 600],
    [9999, 600],
  ])('begins at the key packet for %i', async (time, key) => {
    expect((await table().keyPacketAt(time))?.timestampUs).toBe(key);
  });

  it('has no key packet where none is', async () => {
    const packets = new PacketTable({ timestampsUs: [0], durationsUs: [1], isKey: [false] }, () =>
      Promise.resolve(new Uint8Array(0)),
    );
    expect(await packets.keyPacketAt(0)).toBeNull();
  });

  it('gives nothing after it is closed', async () => {
    const packets = table();
    packets.close();
    expect(await packets.firstPacket()).toBeNull();
  });
});

describe('spansOf', () => {
  it('lasts to the next picture in the order of showing, the last one as long as is common', () => {
    expect(spansOf(TIMES)).toEqual([100, 100, 100, 100, 100, 100, 100]);
    expect(spansOf([0, 100, 900])).toEqual([100, 800, 800]);
  });

  it('gives a single picture 40 ms', () => {
    expect(spansOf([5])).toEqual([40_000]);
    expect(commonStep([])).toBe(40_000);
  });
});

describe('describeBreaks', () => {
  it.each([
    [[], null],
    [[{ kind: 'splice', atSeconds: 4, movedSeconds: 994 }], /joined from 2 recordings.*begins at 0:04\./],
    [[{ kind: 'splice', atSeconds: 4, movedSeconds: 0.2 }], null],
    [[{ kind: 'gap', fromSeconds: 3.9, toSeconds: 64 }], /^Nothing was recorded from 0:03 to 1:04;/],
    [[{ kind: 'left-out', atSeconds: 4, count: 1 }], /^One picture/],
    [[{ kind: 'left-out', atSeconds: 4, count: 7 }], /^7 pictures/],
  ] as const)('%j', (breaks, sentence) => {
    const described = describeBreaks(breaks);
    if (sentence === null) expect(described).toBeNull();
    else expect(described).toMatch(sentence);
  });

  it('names three places, and how many more there are', () => {
    const splices = [1, 2, 3, 4, 5].map(
      (atSeconds) => ({ kind: 'splice', atSeconds, movedSeconds: 9 }) as const,
    );
    expect(describeBreaks(splices)).toMatch(/6 recordings.*0:01, 0:02, 0:03 and at 2 more places\./);
  });
});
