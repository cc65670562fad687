import { describe, expect, it } from 'vitest';
import { nameForeignCodec } from '@/lib/media/name-foreign-codec';

const bytes = (latin1: string): Uint8Array => new Uint8Array(Buffer.from(latin1, 'latin1'));

const ASF = '\x30\x26\xb2\x75\x8e\x66\xcf\x11';
const ASF_STREAM = '\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65' + 'size8byt';
const ASF_VIDEO = '\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b';
const ASF_SOUND = '\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b';
const asfVideo = (fourcc: string): string =>
  ASF_STREAM + ASF_VIDEO + 'x'.repeat(54 - 16 + 11) + 'y'.repeat(16) + fourcc;

const PACK = '\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01';
const VIDEO_PACKET = '\x00\x00\x01\xe0\x00\x20\x80\x80\x05\x21\x00\x01\x00\x01';
const SOUND_PACKET = '\x00\x00\x01\xc0\x00\x20\x80\x80\x05\x21\x00\x01\x00\x01';

/** A page that begins a stream. */
const oggPage = (packet: string): string =>
  `OggS\x00\x02${'\x00'.repeat(20)}\x01${String.fromCharCode(packet.length)}${packet}`;
const OGG_END = `OggS\x00\x00${'\x00'.repeat(20)}\x00`;

describe('nameForeignCodec', () => {
  it.each([
    [ASF + asfVideo('WMV1'), 'WMV 7 (Windows Media Video 7)'],
    [ASF + asfVideo('WMV2'), 'WMV 8 (Windows Media Video 8)'],
    [ASF + asfVideo('WVC1'), 'VC-1 (Windows Media Video 9 Advanced)'],
    [ASF + ASF_STREAM + ASF_SOUND + asfVideo('MP43'), 'MS-MPEG-4 (DivX 3)'],
    [`${PACK}${VIDEO_PACKET}\x00\x00\x01\xb3\x14\x00\xb4\x13\x00\x00\x01\xb5\x14`, 'MPEG-2'],
    [`${PACK}${SOUND_PACKET}${VIDEO_PACKET}\x00\x00\x01\xb3\x14\x00\xb4\x13\x00\x00\x01\xb8`, 'MPEG-1'],
    [`${PACK}${VIDEO_PACKET}\x00\x00\x01\xb0\x01`, 'MPEG-4 Visual'],
    [`${PACK}${VIDEO_PACKET}\x00\x00\x00\x01\x67\x64`, 'H.264'],
    ['\x00\x00\x01\xb3\x14\x00\xb4\x13\x00\x00\x01\xb5', 'MPEG-2'],
    ['\x00\x00\x00\x01\x67\x64\x00', 'H.264'],
    ['\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67', 'H.264'],
    ['\x00\x00\x00\x01\x40\x01\x0c', 'HEVC (H.265)'],
    [oggPage('\x80theora\x03') + OGG_END, 'Theora'],
    [oggPage('\x01vorbis') + oggPage('\x80theora\x03') + OGG_END, 'Theora'],
    [oggPage('\x01video\x00\x00\x00XVID') + OGG_END, 'MPEG-4 Visual'],
    ['.RMF\x00\x00MDPR\x00\x00VIDORV40', 'RealVideo 9'],
    [
      '\x06\x0e\x2b\x34\x02\x05zzzz\x06\x0e\x2b\x34\x04\x01\x01\x0a\x04\x01\x02\x02\x71\x01\x00\x00',
      'Avid DNxHD',
    ],
    ['\x1f\x07\x00\x3f', 'DV'],
    ['DKIF\x00\x00\x20\x00VP80', 'VP8'],
    ['YUV4MPEG2 W64 H64', 'uncompressed video'],
  ])('%j holds %s', (head, codec) => {
    expect(nameForeignCodec(bytes(head))).toMatchObject({ codec, hasVideo: true });
  });

  it.each([
    ['Windows Media', ASF + ASF_STREAM + ASF_SOUND],
    ['a program stream', PACK + SOUND_PACKET],
    ['Ogg', oggPage('OpusHead') + OGG_END],
    ['RealMedia', '.RMF\x00\x00MDPR\x00\x00audio/x-pn'],
  ])('tells %s with sound alone', (_name, head) => {
    expect(nameForeignCodec(bytes(head))).toMatchObject({ codec: null, hasVideo: false });
  });

  it.each([
    ['Windows Media', ASF],
    ['a program stream', PACK],
    ['Ogg', 'OggS'],
    ['MXF', '\x06\x0e\x2b\x34'],
  ])('does not guess what %s holds that ends after its first bytes', (_name, head) => {
    expect(nameForeignCodec(bytes(head))).toMatchObject({ codec: null, hasVideo: true });
  });

  it.each(['\x1a\x45\xdf\xa3', '\x00\x00\x00\x20ftypisom', 'RIFF\0\0\0\0AVI ', '', 'hello'])(
    'leaves %j to others',
    (head) => {
      expect(nameForeignCodec(bytes(head))).toBeNull();
    },
  );
});
