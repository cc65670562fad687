import { describe, expect, it } from 'vitest';
import { codecStringCandidates } from '@/lib/media/codec-string';

const hexBytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const size = { codedWidth: 320, codedHeight: 180 };

/** `avcC` with one sequence parameter set of High profile at a level. */
const avcC = (statedLevel: string, level: string) =>
  hexBytes(`01 6400${statedLevel} ff e1 0004 6764 00${level} 01 0000`);

/** `fields` as [value, bits], packed from the highest bit on. */
function pack(...fields: [value: number, bits: number][]): Uint8Array {
  const text = fields.map(([value, bits]) => value.toString(2).padStart(bits, '0')).join('');
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '0');
  return Uint8Array.from(padded.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
}

describe('codecStringCandidates of H.264', () => {
  it('takes the level of the bitstream where the container says 0', () => {
    const config = { codec: 'avc1.640000', description: avcC('00', '0c'), ...size };
    expect(codecStringCandidates(config, null)).toEqual(['avc1.64000c', 'avc1.640000']);
  });

  it('takes the profile of the bitstream', () => {
    const config = { codec: 'avc1.42001f', description: avcC('1f', '1f'), ...size };
    expect(codecStringCandidates(config, null)).toEqual(['avc1.64001f', 'avc1.42001f']);
  });

  it.each([
    [320, 180, 'avc1.64000d'],
    [1920, 1080, 'avc1.640028'],
    [7680, 4320, 'avc1.64003e'],
  ])('finds a level for %i × %i where both say 0', (codedWidth, codedHeight, expected) => {
    const config = { codec: 'avc1.640000', description: avcC('00', '00'), codedWidth, codedHeight };
    expect(codecStringCandidates(config, null)[0]).toBe(expected);
  });

  it('reads packets in the format of Annex B', () => {
    const packet = hexBytes('00000001 09f0 00000001 67420028 96 000001 68ce');
    expect(codecStringCandidates({ codec: 'avc1.420000', ...size }, packet)).toEqual([
      'avc1.420028',
      'avc1.420000',
    ]);
  });

  it('has no repetition, and keeps the container’s string where there is nothing to read', () => {
    expect(codecStringCandidates({ codec: 'avc1.64000c', description: avcC('0c', '0c') }, null)).toEqual([
      'avc1.64000c',
    ]);
    expect(codecStringCandidates({ codec: 'avc1.64000c', description: hexBytes('01') }, null)).toEqual([
      'avc1.64000c',
    ]);
  });
});

describe('codecStringCandidates of VP9', () => {
  const keyFrame = (profile: number, ...rest: [number, number][]) =>
    pack([2, 2], [profile & 1, 1], [profile >> 1, 1], ...rest);
  const start: [number, number][] = [
    [0, 1],
    [0, 1],
    [1, 1],
    [0, 1],
    [0x498342, 24],
  ];

  it('finds the level by the picture’s size', () => {
    const config = { codec: 'vp09.00.00.08.00.01.13.01.01', ...size };
    expect(codecStringCandidates(config, keyFrame(0, ...start))).toEqual([
      'vp09.00.11.08',
      'vp09.00.00.08.00.01.13.01.01',
    ]);
  });

  it('reads the bit depth of higher profiles', () => {
    const packet = keyFrame(2, ...start, [0, 1]);
    expect(codecStringCandidates({ codec: 'vp09.00.10.08', ...size }, packet)[0]).toBe('vp09.02.11.10');
    const twelve = keyFrame(3, [0, 1], ...start, [1, 1]);
    expect(codecStringCandidates({ codec: 'vp09.00.10.08', ...size }, twelve)[0]).toBe('vp09.03.11.12');
  });

  it('leaves packets that are no key frames', () => {
    const packet = keyFrame(0, [0, 1], [1, 1]);
    expect(codecStringCandidates({ codec: 'vp09.00.10.08', ...size }, packet)).toEqual(['vp09.00.10.08']);
  });
});

describe('codecStringCandidates of AV1', () => {
  const sequence = (level: number, highDepth: number) => {
    const levelFields: [number, number][] = level > 7 ? [[level, 5], [0, 1]] : [[level, 5]]; // prettier-ignore
    const payload = pack(
      [0, 3], [0, 1], [0, 1], [0, 1], [0, 1], [0, 5], [0, 12], ...levelFields,
      [8, 4], [8, 4], [319, 9], [179, 9], [0, 1], [0, 3],
      [0, 4], [0, 1], [1, 1], [1, 1], [0, 3], [highDepth, 1],
    ); // prettier-ignore
    return new Uint8Array([0x12, 0, 0x0a, payload.length, ...payload]);
  };

  it('reads level and depth of the sequence header', () => {
    const config = { codec: 'av01.0.00M.08', ...size };
    expect(codecStringCandidates(config, sequence(8, 0))[0]).toBe('av01.0.08M.08');
    expect(codecStringCandidates(config, sequence(1, 1))[0]).toBe('av01.0.01M.10');
  });

  it('finds a level for a stream that keeps to none', () => {
    expect(codecStringCandidates({ codec: 'av01.0.31M.08', ...size }, sequence(31, 0))).toEqual([
      'av01.0.00M.08',
      'av01.0.31M.08',
    ]);
  });

  it('leaves packets without a sequence header', () => {
    expect(codecStringCandidates({ codec: 'av01.0.00M.08', ...size }, hexBytes('1200 3201 00'))).toEqual([
      'av01.0.00M.08',
    ]);
  });
});

it('leaves other codecs as they are', () => {
  expect(codecStringCandidates({ codec: 'vp8' }, hexBytes('10'))).toEqual(['vp8']);
  expect(codecStringCandidates({ codec: 'hev1.1.6.L93.B0' }, null)).toEqual(['hev1.1.6.L93.B0']);
});
