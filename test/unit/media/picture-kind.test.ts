import { describe, expect, it } from 'vitest';
import { tellPictureKind } from '@/lib/media/picture-kind';

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const file = (...parts: (string | Uint8Array<ArrayBuffer>)[]) =>
  new Blob(parts.map((part) => (typeof part === 'string' ? latin1(part) : part)));

/** A GIF of 2×2 pixels with a table of two colours; every picture has a control block in front and a comment behind. */
function gif(pictures: number, version = 'GIF89a'): Blob {
  const head = `${version}\x02\0\x02\0\x80\0\0\0\0\0\xff\xff\xff`;
  const picture = '\x21\xf9\x04\0\x0a\0\0\0,\0\0\0\0\x02\0\x02\0\x00\x02\x03\x84\x51\x05\0\x21\xfe\x02hi\0';
  return file(head, picture.repeat(pictures), ';');
}

function pngChunk(type: string, data: string): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return `${length.toString('latin1')}${type}${data}CRC.`;
}

const png = (...chunks: string[]) => file('\x89PNG\r\n\x1a\n', pngChunk('IHDR', '\0'.repeat(13)), ...chunks);

describe('tellPictureKind', () => {
  it.each<[string, Blob, unknown]>([
    ['a GIF of one picture', gif(1), { kind: 'picture', name: 'GIF' }],
    ['a GIF of two', gif(2), { kind: 'animation', name: 'GIF', mediaType: 'image/gif' }],
    ['an old GIF of two', gif(2, 'GIF87a'), { kind: 'animation', name: 'GIF', mediaType: 'image/gif' }],
    ['a GIF that is cut off', gif(1).slice(0, 25), { kind: 'picture', name: 'GIF' }],
    ['a PNG', png(pngChunk('IDAT', 'xx')), { kind: 'picture', name: 'PNG' }],
    [
      'an animated PNG',
      png(pngChunk('gAMA', '1234'), pngChunk('acTL', '\0\0\0\x0c\0\0\0\0'), pngChunk('IDAT', 'xx')),
      { kind: 'animation', name: 'PNG', mediaType: 'image/png' },
    ],
    [
      'an animated PNG of one picture',
      png(pngChunk('acTL', '\0\0\0\x01\0\0\0\0'), pngChunk('IDAT', 'xx')),
      { kind: 'picture', name: 'PNG' },
    ],
    ['a WebP', file('RIFF\x10\0\0\0WEBPVP8 \0\0\0\0'), { kind: 'picture', name: 'WebP' }],
    ['a WebP with clear parts', file('RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0'), { kind: 'picture', name: 'WebP' }], // prettier-ignore
    [
      'an animated WebP',
      file('RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0'),
      { kind: 'animation', name: 'WebP', mediaType: 'image/webp' },
    ],
    ['a JPEG', file('\xff\xd8\xff\xe0\0\x10JFIF'), { kind: 'picture', name: 'JPEG' }],
    ['an AVIF', file('\0\0\0\x1cftypavif'), { kind: 'picture', name: 'AVIF' }],
    ['a web page', file('\n <!DOCTYPE html><title>404</title>'), { kind: 'text', name: 'a web page (HTML)' }],
    ['a drawing', file('<svg xmlns="…">'), { kind: 'text', name: 'a drawing (SVG)' }],
    ['an answer of a server', file('{"error": "not found"}'), { kind: 'text', name: 'a JSON file' }],
    ['a playlist', file('#EXTM3U\n#EXT-X'), { kind: 'text', name: 'a playlist (.m3u8)' }],
    ['a text', new Blob(['Grüße, 動画 😀']), { kind: 'text', name: 'a text file' }],
    ['a text in UTF-16', file('\xff\xfeh\0i\0'), { kind: 'text', name: 'a text file' }],
    ['a PDF that begins like a text', new Blob(['%PDF-1.7 and more']), null],
    ['an MP4', file('\0\0\0\x20ftypisom\0\0\x02\0'), null],
    ['a WebM', file('\x1a\x45\xdf\xa3\x01\0\0\0'), null],
    ['a transport stream', file('G@\0\x10\0\0\xb0\x11'), null],
    ['an AVI', file('RIFF\x10\0\0\0AVI LIST'), null],
    ['a ZIP', file('PK\x03\x04\x14\0'), null],
    ['nothing', file(''), null],
  ])('%s', async (_what, blob, expected) => {
    expect(await tellPictureKind(blob)).toEqual(expected);
  });

  it('does not read names and media types', async () => {
    const named = new File([gif(2)], 'clip.mp4', { type: 'video/mp4' });
    expect(await tellPictureKind(named)).toMatchObject({ kind: 'animation' });
  });

  it('keeps a character that the head cuts in two', async () => {
    expect(await tellPictureKind(new Blob(['é'.repeat(4000), 'x']))).toEqual({
      kind: 'text',
      name: 'a text file',
    });
  });
});
