import { describe, expect, it } from 'vitest';
import { nameForeignCodec } from '@/lib/video/name-foreign-codec';
import { describeForeignVideo } from '@/lib/video/other-containers';

const bytes = (latin1: string): Uint8Array => new Uint8Array(Buffer.from(latin1, 'latin1'));

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
