import { describe, expect, it } from 'vitest';
import {
  describeForeignFile,
  describeUndecodable,
  nameCodec,
  sniffForeignFile,
} from '@/lib/media/clip-facts';

const bytes = (latin1: string) => new Uint8Array(Buffer.from(latin1, 'latin1'));

describe('sniffForeignFile', () => {
  it.each([
    ['RIFF\x10\x00\x00\x00WAVEfmt ', 'audio', 'WAV'],
    ['RIFF\x10\x00\x00\x00WEBPVP8 ', 'picture', 'WebP'],
    ['\x00\x00\x01\xba\x44\x00', 'video', 'MPEG-PS (.mpg, .vob)'],
    ['\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6', 'video', 'Windows Media (.wmv, .asf)'],
    ['OggS\x00\x02', 'video', 'Ogg (.ogv, .ogg)'],
    ['#EXTM3U\n#EXT-X-VERSION:3', 'other', 'a playlist (.m3u8)'],
    ['ID3\x04', 'audio', 'MP3'],
    ['\xff\xd8\xff\xe0', 'picture', 'JPEG'],
    ['\x00\x00\x00\x1cftypheic', 'picture', 'HEIC'],
    ['\x00\x00\x00\x1cftypM4A ', 'audio', 'M4A'],
    ['%PDF-1.7', 'other', 'a PDF'],
  ])('%j', (head, kind, name) => {
    expect(sniffForeignFile(bytes(head))).toEqual({ kind, name });
  });

  it.each([
    ['MP4', '\x00\x00\x00\x20ftypisom'],
    ['QuickTime', '\x00\x00\x00\x14ftypqt  '],
    ['Matroska and WebM', '\x1a\x45\xdf\xa3\x01'],
    ['MPEG-TS', '\x47\x40\x00\x10'],
    ['AVI', 'RIFF\x10\x00\x00\x00AVI LIST'],
    ['FLV', 'FLV\x01\x05'],
    ['something unknown', 'hello'],
    ['nothing', ''],
  ])('leaves %s to the demuxer', (_name, head) => {
    expect(sniffForeignFile(bytes(head))).toBeNull();
  });
});

describe('sentences', () => {
  it('name the file and what to do', () => {
    expect(describeForeignFile({ kind: 'video', name: 'AVI (.avi)' })).toMatch(
      /^This is AVI .*Convert it to MP4/,
    );
    expect(describeForeignFile({ kind: 'audio', name: 'MP3' })).toMatch(/sound file \(MP3\), not a video/);
  });

  it('tell HEVC where else it plays', () => {
    expect(describeUndecodable('HEVC (H.265)')).toBe(
      'This clip is HEVC (H.265), which this browser cannot decode. Convert it to H.264 or VP9 — for example with HandBrake — or open this page in Safari or on a machine whose Chrome has hardware HEVC.',
    );
    expect(describeUndecodable('Apple ProRes')).not.toContain('Safari');
  });
});

describe('nameCodec', () => {
  it.each<[string | null, string | number | Uint8Array | null, string]>([
    ['avc', 'avc1', 'H.264'],
    ['hevc', 'hvc1', 'HEVC (H.265)'],
    [null, 'mp4v', 'MPEG-4 Visual'],
    [null, 'V_MPEG2', 'MPEG-2'],
    [null, 'ap4x', 'Apple ProRes'],
    [null, 'zzzz', '“zzzz”'],
    [null, '\x00\x01\x02', 'an unknown codec'],
    [null, `<b>\n${'x'.repeat(100)}`, `“<b>${'x'.repeat(21)}”`],
    [null, 27, 'an unknown codec'],
    [null, null, 'an unknown codec'],
  ])('%j %j', (codec, internalId, expected) => {
    expect(nameCodec(codec, internalId)).toBe(expected);
  });
});
