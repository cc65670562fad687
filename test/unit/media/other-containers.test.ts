import { describe, expect, it } from 'vitest';
import { isMovingJpeg } from '@/lib/media/jpeg-decoder';
import { nameForeignCodec } from '@/lib/media/name-foreign-codec';
import { describeForeignVideo, sniffOtherContainer } from '@/lib/media/other-containers';

const bytes = (latin1: string): Uint8Array => new Uint8Array(Buffer.from(latin1, 'latin1'));

describe('sniffOtherContainer', () => {
  it.each([
    ['RIFF\x10\x00\x00\x00AVI LIST', 'AVI'],
    ['RIFF\x00\x00\x00\x00AVI LIST', 'AVI'],
    ['FLV\x01\x05', 'FLV'],
    ['RIFF\x10\x00\x00\x00WAVEfmt ', null],
    ['\x1a\x45\xdf\xa3', null],
    ['', null],
  ])('%j is %s', (head, container) => {
    expect(sniffOtherContainer(bytes(head))).toBe(container);
  });
});

describe('describeForeignVideo', () => {
  const file = { kind: 'video', name: 'MPEG-PS (.mpg, .vob)' } as const;
  const sentenceOf = (head: string): string => describeForeignVideo(nameForeignCodec(bytes(head)), file);
  const PACK =
    '\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x00\x00\x01\xe0\x00\x20\x80\x80\x05\x21\x00\x01\x00\x01';

  it('names a codec that browsers do not decode, and not the container', () => {
    const sentence = sentenceOf(`${PACK}\x00\x00\x01\xb3\x14\x00\x00\x01\xb5`);
    expect(sentence).toMatch(/^This clip is MPEG-2, which this browser cannot decode\./);
    expect(sentence).not.toMatch(/MPEG-PS/);
  });

  it('names the container where the codec is one that browsers decode', () => {
    expect(sentenceOf(`${PACK}\x00\x00\x00\x01\x67\x64`)).toMatch(/^This clip is H\.264 in MPEG-PS/);
  });

  it('names the container where no codec was found', () => {
    expect(sentenceOf('\x00\x00\x01\xba')).toMatch(/^This is MPEG-PS/);
  });

  it('says that a file has sound alone', () => {
    expect(sentenceOf('.RMF\x00\x00MDPR')).toMatch(/sound alone/);
  });
});

describe('isMovingJpeg', () => {
  it.each([
    ['Motion JPEG', [0xff, 0xd8, 0xff], true],
    ['Motion JPEG', [0, 0, 0, 0], false],
    ['JPEG', [0xff, 0xd8, 0xff], false],
  ])('%s with a packet of %j: %s', (codec, packet, expected) => {
    expect(isMovingJpeg(codec, Uint8Array.from(packet))).toBe(expected);
  });
});
