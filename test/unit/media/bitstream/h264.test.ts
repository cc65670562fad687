import { describe, expect, it } from 'vitest';
import {
  readPictureParameters,
  readRecoveryPoint,
  readSequence,
  readSliceHeader,
} from '@/lib/media/bitstream/h264';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

describe('readSequence', () => {
  // Written by x264 for pictures of these sizes.
  it.each([
    ['6764000cacd941419f9f011000000300100000030320f1429960', 'avc1.64000c', 320, 180, true],
    ['67640028acd94078044fde0220000003002000000643e2c5b2c0', 'avc1.640028', 1920, 1080, true],
    ['6742c00cd901419f9f011000000300100000030320f142a480', 'avc1.42c00c', 320, 180, false],
    ['67f4000b919b28206d80880000030008000003019078a14cb0', 'avc1.f4000b', 256, 96, true],
    ['6764001eacb2016824dff80200016b50202054000003000400000300c83c58b920', 'avc1.64001e', 720, 576, false],
  ])('%s is %s, %i×%i', (hex, codecString, width, height, mayReorder) => {
    expect(readSequence(bytesOf(hex))).toMatchObject({ codecString, width, height, mayReorder });
  });

  it('answers null for a set that is cut off', () => {
    expect(readSequence(bytesOf('6764000cac'))).toBeNull();
  });
});

describe('readRecoveryPoint', () => {
  it.each([
    ['060601c480', 0],
    // Message 5 of 3 bytes in front.
    ['0605031122330601c480', 0],
    ['0606011480', 9],
    ['060503112233' + '80', null],
  ])('%s counts %s frames', (hex, frames) => {
    expect(readRecoveryPoint(bytesOf(hex))).toBe(frames);
  });
});

describe('readSliceHeader', () => {
  const sequence = readSequence(bytesOf('6764000dacd94141fb011000000300100000030320f14299600000'))!;
  const picture = readPictureParameters(bytesOf('68ef86f2c0'))!;

  // x264, after a recovery point; FFmpeg's trace_headers says the same.
  it.each([
    [
      'an I slice',
      '4188fc85ff89e01a26',
      { frameNum: 15, end: 34, marking: { from: 27, until: 28, operations: null } },
    ],
    [
      'a P slice that unmarks three pictures',
      '419a1539328a9a588f9a5825aa036bd7',
      {
        frameNum: 0,
        end: 71,
        marking: {
          from: 38,
          until: 60,
          operations: [4, 2, 1].map((operand) => ({ operation: 1, operands: [operand] })),
        },
      },
    ],
    ['a B slice that nothing refers to', '019e544447003ed7b001a0', { isReference: false, marking: null }],
  ])('reads %s', (_name, hex, header) => {
    expect(readSliceHeader(bytesOf(hex), sequence, picture)).toMatchObject(header);
  });

  it('answers null for a header that is cut off', () => {
    expect(readSliceHeader(bytesOf('419a15'), sequence, picture)).toBeNull();
  });
});
