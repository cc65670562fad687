import { describe, expect, it } from 'vitest';
import { readPicture, readTransportStream } from '@/lib/media/demux/transport-stream';
import { concat, tsPackets, tsPicture, tsTables } from '../../../support/containers';

const PID = 0x200;

const pictures = (pid: number, count: number, from = 0): Uint8Array =>
  concat(
    ...Array.from({ length: count }, (_, i) =>
      tsPicture(pid, { pts: from + (i + 2) * 3600, dts: from + i * 3600, isKey: i % 4 === 0 }),
    ),
  );

const WHOLE = concat(tsTables(PID), pictures(PID, 8, 2 ** 33 - 40_000));

/** The packets with so many bytes before and behind each. */
function spaced(stream: Uint8Array, before: number, behind: number): Uint8Array<ArrayBuffer> {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += 188) {
    packets.push(concat(new Uint8Array(before), stream.subarray(at, at + 188), new Uint8Array(behind)));
  }
  return concat(...packets);
}

describe('readTransportStream', () => {
  it('gives every picture’s 33-bit times, key pictures and codec', async () => {
    const stream = await readTransportStream(new Blob([WHOLE]));
    expect(stream).toMatchObject({ codec: 'H.264', stride: 188, firstPacket: 0 });
    expect(stream?.pictures.map(({ dts }) => dts)).toEqual(
      Array.from({ length: 8 }, (_, i) => 2 ** 33 - 40_000 + i * 3600),
    );
    expect(stream?.pictures[0]?.pts).toBe(2 ** 33 - 40_000 + 7200);
    expect(stream?.pictures.map(({ isKey }) => isKey)).toEqual(
      Array.from({ length: 8 }, (_, i) => i % 4 === 0),
    );
  });

  it.each([
    ['M2TS, with a time code before each packet', spaced(WHOLE, 4, 0), 192],
    ['error correction behind each packet', spaced(WHOLE, 0, 16), 204],
    ['a beginning in the middle of a packet', concat(new Uint8Array(77), WHOLE), 188],
    [
      'damage between packets',
      concat(WHOLE.subarray(0, 188 * 9), new Uint8Array(61), WHOLE.subarray(188 * 9)),
      188,
    ],
  ])('reads a stream with %s', async (_name, bytes, stride) => {
    const blob = new Blob([bytes]);
    const stream = await readTransportStream(blob);
    expect(stream?.stride).toBe(stride);
    expect(stream?.pictures).toHaveLength(8);
    const data = await readPicture(blob, stream!.pictures[1]!, stride);
    expect([...data.subarray(0, 6)]).toEqual([0, 0, 0, 1, 0x41, 0x55]);
    expect(data).toHaveLength(305);
  });

  it('follows pictures to another place in the stream, as in joined recordings', async () => {
    const joined = concat(tsTables(PID), pictures(PID, 3), tsTables(0x333, 0x1b, 0x101), pictures(0x333, 3));
    const stream = await readTransportStream(new Blob([joined]));
    expect(stream?.pictures.map(({ pid }) => pid)).toEqual([PID, PID, PID, 0x333, 0x333, 0x333]);
  });

  it('passes over other streams between the parts of a picture', async () => {
    const picture = tsPicture(PID, { pts: 0, isKey: true });
    const other = tsPackets(0x90, new Uint8Array(184));
    const mixed = concat(tsTables(PID), picture.subarray(0, 188), other, picture.subarray(188), other);
    const blob = new Blob([mixed]);
    const stream = await readTransportStream(blob);
    expect(await readPicture(blob, stream!.pictures[0]!, 188)).toHaveLength(305);
  });

  it('joins a packet without a time to the picture before it', async () => {
    const field = tsPackets(PID, concat([0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0], [0, 0, 0, 1, 0x41, 9]));
    const blob = new Blob([concat(tsTables(PID), tsPicture(PID, { pts: 0, isKey: true }), field)]);
    const stream = await readTransportStream(blob);
    expect(stream?.pictures).toHaveLength(1);
    expect(await readPicture(blob, stream!.pictures[0]!, 188)).toHaveLength(311);
  });

  it.each([
    [0x02, 'MPEG-2'],
    [0x24, 'HEVC (H.265)'],
    [0xea, 'VC-1'],
    [0x0f, null],
  ])('names the codec of stream type %i', async (type, codec) => {
    const stream = await readTransportStream(new Blob([concat(tsTables(PID, type), pictures(PID, 4))]));
    expect(stream?.codec).toBe(codec);
  });

  it('answers null for what is no transport stream', async () => {
    expect(await readTransportStream(new Blob([new Uint8Array(5000)]))).toBeNull();
  });

  it('names the stretches in which packets are lost', async () => {
    const bytes = WHOLE.slice();
    bytes.fill(0, 188 * 5, 188 * 7);
    const stream = await readTransportStream(new Blob([bytes]));
    expect(stream?.damage).toEqual([{ start: 188 * 5, end: 188 * 7 }]);
    expect((await readTransportStream(new Blob([WHOLE])))?.damage).toEqual([]);
  });
});
