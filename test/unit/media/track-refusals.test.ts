import { describe, expect, it } from 'vitest';
import { describeUndecodable } from '@/lib/media/clip-facts';
import { fourCcOf, listMatroskaTracks } from '@/lib/media/matroska-tracks';
import { listMp4Boxes } from '@/lib/media/mp4-boxes';
import {
  describeCutOff,
  describeNoVideo,
  describePacking,
  nameFourCc,
  namePacketCodec,
} from '@/lib/media/track-refusals';
import { listTransportCodecs } from '@/lib/media/demux/transport-codecs';

const hexBytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const reader = (bytes: Uint8Array) => (offset: number, length: number) =>
  Promise.resolve(bytes.subarray(offset, offset + length));

/** A transport packet with the beginning of a table; behind the table is padding. */
function transportPacket(pid: number, section: string): Uint8Array {
  const packet = new Uint8Array(188).fill(0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 255, 0x10, 0]);
  packet.set(hexBytes(section), 5);
  return packet;
}

const ASSOCIATIONS = transportPacket(0, '00 b011 0001 c1 00 00 0000e010 0001f000 00000000');
const mapOf = (type: string) =>
  transportPacket(0x1000, `02 b017 0001 c1 00 00 e100 f000 0fe101f000 ${type}e100f000 00000000`);

describe('listTransportCodecs', () => {
  const join = (...packets: Uint8Array[]) => new Uint8Array(Buffer.concat(packets));
  const video = transportPacket(0x100, '000001e0');

  it.each([
    ['02', 'MPEG-2'],
    ['24', 'HEVC (H.265)'],
    ['ea', 'VC-1'],
  ])('names the video of stream type %s', (type, codec) => {
    expect(listTransportCodecs(join(video, ASSOCIATIONS, mapOf(type), video))).toEqual([codec]);
  });

  it('reads packets with times in front, as camcorders write them', () => {
    const time = new Uint8Array(4);
    const stream = join(time, ASSOCIATIONS, time, mapOf('02'), time, video);
    expect(listTransportCodecs(stream)).toEqual(['MPEG-2']);
  });

  it('has nothing to tell of sound alone, of noise and of nothing', () => {
    expect(listTransportCodecs(join(ASSOCIATIONS, mapOf('0f')))).toEqual([]);
    expect(listTransportCodecs(new Uint8Array(5000).fill(0x47))).toEqual([]);
    expect(listTransportCodecs(new Uint8Array(0))).toEqual([]);
  });
});

describe('listMp4Boxes', () => {
  const box = (type: string, length: number) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, length);
    bytes.set(latin1(type), 4);
    return bytes;
  };
  const list = (...boxes: Uint8Array[]) => {
    const bytes = new Uint8Array(Buffer.concat(boxes));
    return listMp4Boxes(reader(bytes), bytes.length);
  };

  it('walks whole files and those that are cut off', async () => {
    expect(await list(box('ftyp', 20), box('moov', 8), box('mdat', 100))).toEqual({
      types: ['ftyp', 'moov', 'mdat'],
      isWhole: true,
    });
    expect(await list(box('ftyp', 20), box('mdat', 100).subarray(0, 50))).toEqual({
      types: ['ftyp', 'mdat'],
      isWhole: false,
    });
  });

  it('reads sizes of 64 bits, and a last box without one', async () => {
    const large = hexBytes('00000001 6d646174 0000000000000018 0000000000000000');
    expect((await list(large, box('moov', 8))).types).toEqual(['mdat', 'moov']);
    expect(await list(hexBytes('00000000 6d646174 ffff'))).toEqual({ types: ['mdat'], isWhole: true });
  });

  it('stops at what is no box', async () => {
    expect((await list(hexBytes('00000008 00010203'))).types).toEqual([]);
    expect((await list(hexBytes('00000001 6d646174 0000000000000000'))).types).toEqual(['mdat']);
    expect((await list(new Uint8Array(0))).types).toEqual([]);
  });
});

describe('listMatroskaTracks', () => {
  const element = (id: string, content: string | Uint8Array) => {
    const bytes = typeof content === 'string' ? hexBytes(content) : content;
    return new Uint8Array([...hexBytes(id), 0x40 | (bytes.length >> 8), bytes.length & 255, ...bytes]);
  };
  const parent = (id: string, ...children: Uint8Array[]) =>
    element(id, new Uint8Array(Buffer.concat(children)));
  const file = (segmentSize: string, ...entryParts: Uint8Array[]) => {
    const track = parent('ae', element('d7', '03'), element('83', '01'), ...entryParts);
    const tracks = parent('1654ae6b', track);
    const info = element('1549a966', '00');
    return new Uint8Array([...element('1a45dfa3', '4286 81 01'), ...hexBytes(`18538067 ${segmentSize}`), ...info, ...tracks]); // prettier-ignore
  };
  const list = (bytes: Uint8Array) => listMatroskaTracks(reader(bytes), bytes.length);
  const UNKNOWN_SIZE = '01ffffffffffffff';

  it.each([
    ['zlib, which need not be named', '5034 80'],
    ['zlib', '5034 84 4254 81 00'],
  ])('finds %s', async (_name, compression) => {
    const encodings = parent('6d80', element('6240', `5031 81 00 ${compression}`));
    const bytes = file(UNKNOWN_SIZE, element('86', latin1('V_MPEG4/ISO/AVC')), encodings);
    const [track] = await list(bytes);
    expect(track).toMatchObject({ number: 3, isVideo: true, codecId: 'V_MPEG4/ISO/AVC', packings: ['zlib'] });
    const { offset, length } = track!.packingAt!;
    expect(bytes.subarray(offset, offset + length)).toEqual(encodings);
  });

  it('tells encryption and header stripping apart', async () => {
    const encrypted = parent('6d80', element('6240', '5035 83 47e1 80'));
    expect((await list(file(UNKNOWN_SIZE, encrypted)))[0]?.packings).toEqual(['encryption']);
    const stripped = parent('6d80', element('6240', '5034 84 4254 81 03'));
    expect((await list(file(UNKNOWN_SIZE, stripped)))[0]?.packings).toEqual(['header-stripping']);
  });

  it('reads the code of a Video for Windows codec', async () => {
    const header = new Uint8Array(40);
    header.set(latin1('XVID'), 16);
    const [track] = await list(file(UNKNOWN_SIZE, element('86', latin1('V_MS/VFW/FOURCC')), element('63a2', header))); // prettier-ignore
    expect(fourCcOf(track!)).toBe('XVID');
    expect(nameFourCc('XVID')).toBe('MPEG-4 Visual');
    expect(nameFourCc('zzzz')).toBe('“zzzz”');
  });

  it('finds nothing in noise', async () => {
    expect(await list(new Uint8Array(100))).toEqual([]);
    expect(await list(latin1('no Matroska at all, but long enough'))).toEqual([]);
    expect(await list(new Uint8Array(0))).toEqual([]);
  });
});

describe('namePacketCodec', () => {
  it.each<[string, string, boolean, string | null]>([
    ['a cover', 'ffd8ffe0', false, 'JPEG'],
    ['Motion JPEG', 'ffd8ffe0', true, 'Motion JPEG'],
    ['a PNG', '89504e47', false, 'PNG'],
    ['MPEG-4 Visual', '000001b6 10', true, 'MPEG-4 Visual'],
    ['MPEG-4 Visual that begins with a group', '000001b3 0010 07 000001b6', true, 'MPEG-4 Visual'],
    ['MPEG-2', '000001b3 140 0b4 13 000001b5 14', true, 'MPEG-2'],
    ['MPEG-1', '000001b3 140 0b4 13 000001b8 00', true, 'MPEG-1'],
    ['something else', '00000010 6588', true, null],
    ['nothing', '', true, null],
  ])('%s', (_what, packet, moves, expected) => {
    expect(namePacketCodec(hexBytes(packet), moves)).toBe(expected);
  });
});

describe('refusals', () => {
  it('say what a file without video holds', () => {
    expect(describeNoVideo(true, true)).toMatch(
      /^This file holds sound and a still picture \(a cover\), no video\./,
    );
    expect(describeNoVideo(true, false)).toMatch(/^This file holds sound and no video\./);
    expect(describeNoVideo(false, false)).toMatch(/cut off/);
    expect(describeNoVideo(true, false, ['MPEG-2'])).toMatch(/^This clip is MPEG-2/);
  });

  it.each(['H.264', 'VP9', 'HEVC (H.265)', 'MPEG-2', 'AV1', 'JPEG', 'Apple ProRes'])(
    'of %s do not recommend it',
    (codec) => {
      const [, advice = ''] = describeUndecodable(codec).split('Convert it to ');
      expect(advice.split(' — ')[0]).not.toContain(codec);
      expect(advice).toMatch(/H\.264|VP9/);
    },
  );

  it('call a packed track packed, and an encrypted one encrypted', () => {
    expect(describePacking(['zlib'])).toMatch(/compressed once more with zlib/);
    expect(describePacking(['zlib', 'encryption'])).toMatch(/encrypted \(DRM\)/);
  });

  it('say which part of an MP4 is missing', () => {
    expect(describeCutOff(['ftyp', 'mdat'], false)).toMatch(/table of contents is missing: the recording/);
    expect(describeCutOff(['styp', 'moof', 'mdat'], true)).toMatch(/piece of a fragmented MP4/);
    expect(describeCutOff(['ftyp'], true)).toMatch(/table of contents is missing/);
    expect(describeCutOff(['ftyp', 'moov', 'mdat'], false)).toMatch(/cut off/);
    expect(describeCutOff(['ftyp', 'moov', 'mdat'], true)).toBeNull();
  });
});
