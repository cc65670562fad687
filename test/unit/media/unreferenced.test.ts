import { describe, expect, it } from 'vitest';
import type { VideoPacket } from '@/lib/media/packet-source';
import {
  isUnreferencedAv1,
  isUnreferencedHevc,
  isUnreferencedVp9,
  readAv1Sequence,
  readAvcPicture,
  unreferencedPictures,
} from '@/lib/media/unreferenced';

/** Bits from pairs of a value and its length, padded with zeros to whole bytes. */
function bitsOf(...fields: [value: number, count: number][]): Uint8Array<ArrayBuffer> {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (count - 1 - i)) % 2),
  );
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (bytes[i >> 3]! |= bit << (7 - (i & 7))));
  return bytes;
}

function packetOf(data: Uint8Array, more: Partial<VideoPacket> = {}): VideoPacket {
  return { sequence: 0, timestampUs: 0, durationUs: 0, isKey: false, data, ...more };
}

const unit = (...bytes: number[]) => Uint8Array.from(bytes);

describe('readAvcPicture', () => {
  const [SEI, DELIMITER, PICTURE_SET, PREFIX] = [unit(6, 1), unit(9, 0xf0), unit(0x68, 1), unit(14, 0)];
  const [KEPT, FREE, IDR] = [unit(0x41, 1), unit(0x01, 1), unit(0x65, 1)];
  it.each([
    ['a slice that others refer to', [KEPT], false],
    ['a slice that none refers to', [FREE], true],
    ['slices of one picture, none referred to', [DELIMITER, SEI, FREE, FREE], true],
    ['slices of which one is referred to', [FREE, KEPT], false],
    ['an IDR picture', [IDR], false],
    ['a parameter set beside it, which later pictures may need', [PICTURE_SET, FREE], false],
    ['a layer of scalable coding', [PREFIX, FREE], false],
    ['no slice', [SEI], false],
    ['nothing', [], false],
  ])('%s', (_, units, isUnreferenced) => {
    expect(readAvcPicture(units).isUnreferenced).toBe(isUnreferenced);
  });
});

/** A sequence parameter set of 320×240 pixels, main profile. */
function avcSequence(isFrameOnly: boolean): Uint8Array<ArrayBuffer> {
  // ue(v): 0 is "1", 1 is "010".
  return bitsOf(
    [0x67, 8], [77, 8], [0, 8], [30, 8], [1, 1], [1, 1], [1, 1], [1, 1], [0b010, 3], [0, 1],
    [0b000010100, 9], [isFrameOnly ? 0b0001111 : 0b0001000, 7], [isFrameOnly ? 1 : 0, 1],
    ...(isFrameOnly ? [] : [[0, 1] as [number, number]]), [1, 1], [0, 1], [0, 1], [1, 1],
  ); // prettier-ignore
}

describe('unreferencedPictures', () => {
  const startCode = [0, 0, 1];
  const free = packetOf(unit(...startCode, 0x01, 1));
  const isFree = (sequence: Uint8Array | null, packet = free): boolean => {
    const pictures = unreferencedPictures({ codec: 'avc1.4d001e' });
    const key = sequence && packetOf(unit(...startCode, ...sequence, ...startCode, 0x65, 1), { isKey: true });
    if (key) expect(pictures.isUnreferenced(key, packet)).toBe(false);
    return pictures.isUnreferenced(packet, null);
  };

  it('takes H.264 in whole frames', () => {
    expect(isFree(avcSequence(true))).toBe(true);
  });

  it('leaves H.264 of fields alone, of which one may refer to the other', () => {
    expect(isFree(avcSequence(false))).toBe(false);
  });

  it('leaves H.264 alone whose parameters it has not seen', () => {
    expect(isFree(null)).toBe(false);
  });

  it('reads the parameters of a configuration record', () => {
    const sequence = avcSequence(true);
    const description = unit(1, 77, 0, 30, 0xff, 0xe1, 0, sequence.length, ...sequence, 0);
    const pictures = unreferencedPictures({ codec: 'avc1.4d001e', description });
    expect(pictures.isUnreferenced(packetOf(unit(0, 0, 0, 2, 0x01, 1)), null)).toBe(true);
    expect(pictures.isUnreferenced(packetOf(unit(0, 0, 0, 2, 0x21, 1)), null)).toBe(false);
  });

  it.each(['vp8', 'mjpeg', 'mp4v.20.9'])('leaves %s alone', (codec) => {
    expect(unreferencedPictures({ codec }).isUnreferenced(packetOf(unit(0x01, 1)), free)).toBe(false);
  });

  it('leaves HEVC alone where nothing says how many temporal layers it has', () => {
    const record = (layers: number) => {
      const bytes = new Uint8Array(23);
      bytes[21] = (layers << 3) | 3;
      return bytes;
    };
    const packet = packetOf(unit(0, 0, 0, 3, 0, 1, 0));
    const ask = (layers: number) =>
      unreferencedPictures({ codec: 'hvc1.1.6.L93.B0', description: record(layers) }).isUnreferenced(
        packet,
        null,
      );
    expect([ask(0), ask(1), ask(2)]).toEqual([false, true, false]);
  });
});

describe('isUnreferencedHevc', () => {
  const slice = (type: number, layer = 0) => unit(type << 1, layer + 1, 0);
  it.each([
    ['TRAIL_N', [slice(0)], 1, true],
    ['TRAIL_R', [slice(1)], 1, false],
    ['RASL_N behind a delimiter and SEI', [slice(35), slice(39), slice(8)], 1, true],
    ['RASL_R', [slice(9)], 1, false],
    ['an IDR picture', [slice(19)], 1, false],
    ['a CRA picture', [slice(21)], 1, false],
    ['TRAIL_N of a lower temporal layer', [slice(0)], 2, false],
    ['TSA_N of the highest temporal layer', [slice(2, 1)], 2, true],
    ['a picture with a parameter set', [slice(34), slice(0)], 1, false],
    ['no slice', [slice(39)], 1, false],
  ])('%s', (_, units, layers, expected) => {
    expect(isUnreferencedHevc(units, layers)).toBe(expected);
  });
});

describe('isUnreferencedVp9', () => {
  interface Vp9Frame {
    isKey?: boolean;
    isShown?: boolean;
    isErrorResilient?: boolean;
    refreshes?: number;
  }
  const frame = ({ isKey = false, isShown = true, isErrorResilient = false, refreshes = 0 }: Vp9Frame) =>
    packetOf(
      bitsOf(
        [0b1000, 4],
        [0, 1],
        [isKey ? 0 : 1, 1],
        [isShown ? 1 : 0, 1],
        [isErrorResilient ? 1 : 0, 1],
        ...((isShown ? [] : [[0, 1]]) as [number, number][]),
        ...((isErrorResilient ? [] : [[0, 2]]) as [number, number][]),
        [refreshes, 8],
        [0, 16],
      ),
      { isKey },
    );
  const anew = frame({ isErrorResilient: true, refreshes: 1 });
  const key = frame({ isKey: true });
  it.each([
    ['refreshes nothing before a frame that begins anew', frame({}), anew, true],
    ['refreshes nothing before a key frame', frame({ isErrorResilient: true }), key, true],
    ['refreshes a reference', frame({ refreshes: 4 }), anew, false],
    ['hands its probabilities on', frame({}), frame({ refreshes: 1 }), false],
    ['is not shown', frame({ isShown: false }), anew, false],
    ['is a key frame', key, anew, false],
    ['is the last that is known', frame({}), null, false],
    ['comes with transparency', { ...frame({}), alpha: unit(1) }, anew, false],
    ['is a superframe', packetOf(unit(...frame({}).data, 0xc1)), anew, false],
    ['is empty', packetOf(unit()), anew, false],
  ])('a frame that %s', (_, packet, next, expected) => {
    expect(isUnreferencedVp9(packet, next)).toBe(expected);
  });
});

describe('AV1', () => {
  const obu = (type: number, payload: Uint8Array) => unit((type << 3) | 2, payload.length, ...payload);
  const sequencePayload = (orderHintBits: number | null) =>
    bitsOf(
      [0, 3], [0, 1], [0, 1], // profile, still picture, reduced
      [0, 1], [0, 1], [0, 5], [0, 12], [8, 5], [0, 1], // timing, delay, one operating point of level 8 and its tier
      [8, 4], [8, 4], [319, 9], [239, 9], [0, 1], [0, 7],
      ...(orderHintBits === null ? [[0, 1] as [number, number]] : [[1, 1], [0, 2]] as [number, number][]),
      [1, 1], [1, 1], // each frame says whether it is screen content and whether its motion is whole
      ...(orderHintBits === null ? [] : [[orderHintBits - 1, 3] as [number, number]]),
      [0, 16],
    ); // prettier-ignore
  const sequence = { orderHintBits: 7, screenContent: 'frame', isMotionOfFrame: true } as const;
  interface Av1Frame {
    type?: number;
    isShown?: boolean;
    isErrorResilient?: boolean;
    isScreen?: boolean;
    refreshes?: number;
  }
  const frame = ({
    type = 1,
    isShown = true,
    isErrorResilient = false,
    isScreen = false,
    refreshes = 0,
  }: Av1Frame): Uint8Array =>
    bitsOf(
      [0, 1],
      [type, 2],
      [Number(isShown), 1],
      [Number(isErrorResilient), 1],
      [0, 1],
      [Number(isScreen), 1],
      ...((isScreen ? [[1, 1]] : []) as [number, number][]),
      [0, 1],
      [93, 7],
      ...((isErrorResilient ? [] : [[2, 3]]) as [number, number][]),
      [refreshes, 8],
      [255, 8],
    );

  it('reads the sequence header that frames are read with', () => {
    expect(readAv1Sequence(sequencePayload(7))).toEqual(sequence);
    expect(readAv1Sequence(sequencePayload(null))).toEqual({ ...sequence, orderHintBits: 0 });
  });

  it.each([
    ['refreshes nothing', [obu(2, unit()), obu(6, frame({}))], true],
    ['refreshes nothing, with its header apart', [obu(3, frame({})), obu(4, unit(1, 2))], true],
    ['is of screen content', [obu(6, frame({ isScreen: true }))], true],
    ['begins anew', [obu(6, frame({ isErrorResilient: true }))], true],
    ['refreshes a reference', [obu(6, frame({ refreshes: 0x40 }))], false],
    ['refreshes one and is of screen content', [obu(6, frame({ isScreen: true, refreshes: 1 }))], false],
    ['is a key frame', [obu(6, frame({ type: 0 }))], false],
    ['is not shown', [obu(6, frame({ isShown: false }))], false],
    ['comes with another', [obu(6, frame({})), obu(6, frame({}))], false],
    ['comes with a sequence header', [obu(1, sequencePayload(7)), obu(6, frame({}))], false],
    ['is shown again', [obu(3, bitsOf([1, 1], [0, 30]))], false],
    ['is none', [obu(2, unit())], false],
  ])('a unit whose frame %s', (_, units, expected) => {
    expect(isUnreferencedAv1(Uint8Array.from(units.flatMap((one) => Array.from(one))), sequence)).toBe(
      expected,
    );
  });

  it('waits for the sequence header, in the record or in the stream', () => {
    const packet = packetOf(obu(6, frame({})));
    const header = obu(1, sequencePayload(7));
    const bare = unreferencedPictures({ codec: 'av01.0.04M.08' });
    expect(bare.isUnreferenced(packet, null)).toBe(false);
    bare.isUnreferenced(packetOf(header, { isKey: true }), null);
    expect(bare.isUnreferenced(packet, null)).toBe(true);
    const description = unit(0x81, 4, 0x0c, 0, ...header);
    expect(unreferencedPictures({ codec: 'av01.0.04M.08', description }).isUnreferenced(packet, null)).toBe(
      true,
    );
  });
});
