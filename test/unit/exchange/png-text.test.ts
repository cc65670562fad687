import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, isPng, readPngText, withPngText } from '@/lib/exchange/png-text';

/** A grey pixel, put together here chunk by chunk. */
function makePng(): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(Buffer.from([0, 128]))),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

describe('CRC-32', () => {
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926],
    ['IEND', 0xae426082],
  ])('of %j', (text, expected) => {
    expect(crc32(new TextEncoder().encode(text))).toBe(expected);
  });
});

describe('text in a PNG', () => {
  it('comes back whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
        const png = withPngText(makePng(), 'framesift', text);
        expect(isPng(png)).toBe(true);
        expect(await readPngText(new Blob([png]), 'framesift')).toBe(text);
      }),
    );
  });

  it('leaves every other chunk as it was', () => {
    const png = makePng();
    const written = Buffer.from(withPngText(png, 'framesift', 'text'));
    expect(written.subarray(0, 33)).toEqual(Buffer.from(png.subarray(0, 33)));
    expect(written.subarray(-(png.length - 33))).toEqual(Buffer.from(png.subarray(33)));
  });

  it('is not there in a picture without it, in one with another keyword, and in no picture at all', async () => {
    expect(await readPngText(new Blob([makePng()]), 'framesift')).toBeNull();
    expect(await readPngText(new Blob([withPngText(makePng(), 'Comment', 'x')]), 'framesift')).toBeNull();
    expect(await readPngText(new Blob(['GIF89a']), 'framesift')).toBeNull();
    expect(await readPngText(new Blob([makePng().subarray(0, 20)]), 'framesift')).toBeNull();
  });

  it('that was damaged is refused', async () => {
    const png = withPngText(makePng(), 'framesift', '{"framesift":1}');
    png[60]! ^= 1;
    await expect(readPngText(new Blob([png]), 'framesift')).rejects.toThrow(/damaged/);
  });
});
