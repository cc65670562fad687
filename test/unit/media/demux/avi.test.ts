import { describe, expect, it } from 'vitest';
import { readAvi } from '@/lib/media/demux/avi';
import { openDemuxed } from '@/lib/media/demux/open-demuxed';
import { aviFile, aviFrame, concat, riffChunk, riffList, type AviOptions } from '../../../support/containers';

const fileOf = (options: AviOptions): Blob => new Blob([aviFile(options)]);

const sound = riffChunk('01wb', new Uint8Array(6));
const frames = [1, 2, 3, 4].map((number) => aviFrame(number));

/** First bytes of the packets, and their slots. */
async function packetsOf(
  blob: Blob,
  walkBytes?: number,
): Promise<{ numbers: number[]; slots: number[]; slotCount: number }> {
  const file = await readAvi(blob, walkBytes);
  if (!file) throw new Error('no video');
  const { positions, slots, slotCount } = file.packets;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return { numbers: positions.map((position) => bytes[position]!), slots, slotCount };
}

const ALL = { numbers: [1, 2, 3, 4], slots: [0, 1, 2, 3], slotCount: 4 };

describe('readAvi', () => {
  it.each<[string, AviOptions]>([
    ['without an index', { movi: frames }],
    ['with sizes of 0, as after a crash', { movi: frames, isCrashed: true }],
    ['with sound between the pictures', { movi: frames.flatMap((frame) => [sound, frame]) }],
    [
      'in groups',
      { movi: [riffList('rec ', frames[0]!, sound, frames[1]!), riffList('rec ', ...frames.slice(2))] },
    ],
    ['with junk between', { movi: [frames[0]!, riffChunk('JUNK', new Uint8Array(31)), ...frames.slice(1)] }],
    ['as uncompressed chunks', { movi: [1, 2, 3, 4].map((number) => aviFrame(number, 9, '00db')) }],
    [
      'in two segments',
      {
        movi: frames.slice(0, 2),
        more: [riffChunk('RIFF', concat([0x41, 0x56, 0x49, 0x58], riffList('movi', ...frames.slice(2))))],
      },
    ],
    [
      'with an index that points nowhere',
      { movi: frames, index: [0, 7, 999_999, 12].map((offset) => ({ id: '00dc', offset, size: 40 })) },
    ],
    ['with an index of one entry', { movi: frames, index: [{ id: '00dc', offset: 4, size: 9 }] }],
    [
      'with odd chunks that are not padded',
      { movi: [concat(aviFrame(1).subarray(0, 17), ...frames.slice(1))] },
    ],
    ['with damage between', { movi: [frames[0]!, new Uint8Array(50).fill(0xa7), ...frames.slice(1)] }],
    ['of a stream that is not the first', { movi: [riffChunk('02dc', new Uint8Array(8)), ...frames] }],
  ])('finds every picture of a file %s', async (_name, options) => {
    expect(await packetsOf(fileOf(options))).toEqual(ALL);
  });

  describe('of a file that is too large to walk through', () => {
    // Chunks of 9 bytes are padded to 10, behind a head of 8; offsets count from the list's kind.
    const index = [0, 1, 2, 3].map((i) => ({ id: '00dc', offset: 4 + 18 * i, size: 9 }));
    const start = new TextDecoder('latin1').decode(aviFile({ movi: frames })).indexOf('movi');

    it.each([
      ['by a right index', index],
      [
        'by an index that counts from the file’s start',
        index.map((one) => ({ ...one, offset: one.offset + start })),
      ],
      ['by its chunks where an index is wrong', index.map((one) => ({ ...one, size: 8 }))],
      ['by its chunks where an index goes back', [...index].reverse()],
      ['by its chunks where an index ends early', index.slice(0, 1)],
      ['by its chunks where there is no index', undefined],
    ])('finds every picture %s', async (_name, entries) => {
      const options = entries === undefined ? { movi: frames } : { movi: frames, index: entries };
      expect(await packetsOf(fileOf(options), 0)).toEqual(ALL);
    });

    it('does not walk where the index is right', async () => {
      // A walk would find a fifth picture, which this index leaves out.
      const movi = [frames[0]!, frames[1]!, aviFrame(9), frames[2]!, frames[3]!];
      const skipping = [0, 1, 3, 4].map((i) => ({ id: '00dc', offset: 4 + 18 * i, size: 9 }));
      expect(await packetsOf(fileOf({ movi, index: skipping }), 0)).toEqual(ALL);
      expect((await packetsOf(fileOf({ movi, index: skipping }))).numbers).toEqual([1, 2, 9, 3, 4]);
    });
  });

  it('keeps the times of pictures behind damage that the index tells the length of', async () => {
    const index = [0, 1, 2, 3].map((i) => ({ id: '00dc', offset: 4 + 18 * i, size: 9 }));
    const damaged = frames.map((frame, i) => (i === 1 ? new Uint8Array(frame.length) : frame));
    const blob = fileOf({ movi: damaged, index });
    expect(await packetsOf(blob)).toEqual({ numbers: [1, 3, 4], slots: [0, 2, 3], slotCount: 4 });
    const clip = await openDemuxed(blob, 'AVI');
    const { lostPositions, packets } = (await readAvi(blob))!;
    expect(lostPositions).toHaveLength(1);
    expect(lostPositions[0]).toBe(packets.positions[0]! + 18);
    const times = (slot: number) => Math.round((slot * clip.endUs) / 4);
    expect(await clip.isDamagedBetween!(times(0), times(2))).toBe(true);
    expect(await clip.isDamagedBetween!(times(2), times(3))).toBe(false);
  });

  it('counts an empty chunk as a slot in which the picture before stays', async () => {
    const empty = riffChunk('00dc', new Uint8Array(0));
    const blob = fileOf({ movi: [frames[0]!, empty, empty, frames[1]!, empty] });
    expect(await packetsOf(blob)).toEqual({ numbers: [1, 2], slots: [0, 3], slotCount: 5 });
  });

  it('leaves out a last picture that is cut off, and says so', async () => {
    const whole = aviFile({ movi: frames });
    const file = await readAvi(new Blob([whole.slice(0, whole.length - 6)]));
    expect(file?.packets.positions).toHaveLength(3);
    expect(file?.isDamaged).toBe(true);
  });

  it('answers null for a file without a video stream', async () => {
    expect(await readAvi(new Blob([concat(riffChunk('RIFF', new Uint8Array(64)))]))).toBeNull();
  });
});

describe('times of AVI', () => {
  const timesOf = async (options: AviOptions): Promise<{ at: number[]; for: number[] }> => {
    const { packets } = await openDemuxed(fileOf(options), 'AVI');
    const times = { at: [] as number[], for: [] as number[] };
    for (let packet = await packets.firstPacket(); packet; packet = await packets.nextPacket(packet)) {
      times.at.push(packet.timestampUs);
      times.for.push(packet.durationUs);
    }
    return times;
  };

  it.each<[string, Partial<AviOptions>, number]>([
    ['10 a second', {}, 100_000],
    ['29.97 a second', { scale: 1001, rate: 30_000 }, 33_366.67],
    ['a rate of 0: the header’s', { scale: 0, rate: 0, frameUs: 66_667 }, 66_667],
    ['no rate at all: 25 a second', { scale: 0, rate: 0, frameUs: 0 }, 40_000],
  ])('count slots of %s', async (_name, options, slotUs) => {
    const { at } = await timesOf({ movi: frames, ...options });
    expect(at).toEqual([0, 1, 2, 3].map((slot) => Math.round(slot * slotUs)));
  });

  it('let a picture stand over empty chunks, also at the end', async () => {
    const empty = riffChunk('00dc', new Uint8Array(0));
    const movi = [frames[0]!, empty, frames[1]!, empty, empty];
    expect(await timesOf({ movi })).toEqual({ at: [0, 200_000], for: [200_000, 300_000] });
  });
});

describe('codecs of AVI', () => {
  it.each([
    ['XVID', 'MPEG-4 Visual'],
    ['FMP4', 'MPEG-4 Visual'],
    ['DIV3', 'MS-MPEG-4 (DivX 3)'],
    ['cvid', 'Cinepak'],
    ['dvsd', 'DV'],
    ['WMV3', 'WMV 9 (Windows Media Video 9)'],
    ['\0\0\0\0', 'uncompressed video'],
    ['QQQQ', '“QQQQ”'],
  ])('%j is %s and not decoded', async (fourcc, codec) => {
    const clip = await openDemuxed(fileOf({ movi: frames, fourcc }), 'AVI');
    expect(clip).toMatchObject({ codec, decoding: null, width: 32, height: 16 });
  });

  it.each(['MJPG', 'mjpg', 'JPEG'])('%s is decoded as pictures', async (fourcc) => {
    const clip = await openDemuxed(fileOf({ movi: frames, fourcc }), 'AVI');
    expect(clip).toMatchObject({ codec: 'Motion JPEG', decoding: { by: 'jpeg' } });
  });

  it('refuses a file that holds no picture', async () => {
    await expect(openDemuxed(fileOf({ movi: [] }), 'AVI')).rejects.toThrow(
      /pictures of this clip are missing/,
    );
  });
});
