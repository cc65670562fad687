import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, isPng, readPngText, withPngText } from '@/lib/exchange/png-text';
import { greyPixelPng } from '@/test/support/png';

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
        const png = withPngText(greyPixelPng(), 'framesift', text);
        expect(isPng(png)).toBe(true);
        expect(await readPngText(new Blob([png]), 'framesift')).toBe(text);
      }),
    );
  });

  it('leaves every other chunk as it was', () => {
    const png = greyPixelPng();
    const written = Buffer.from(withPngText(png, 'framesift', 'text'));
    expect(written.subarray(0, 33)).toEqual(Buffer.from(png.subarray(0, 33)));
    expect(written.subarray(-(png.length - 33))).toEqual(Buffer.from(png.subarray(33)));
  });

  it('is not there in a picture without it, in one with another keyword, and in no picture at all', async () => {
    expect(await readPngText(new Blob([greyPixelPng()]), 'framesift')).toBeNull();
    expect(
      await readPngText(new Blob([withPngText(greyPixelPng(), 'Comment', 'x')]), 'framesift'),
    ).toBeNull();
    expect(await readPngText(new Blob(['GIF89a']), 'framesift')).toBeNull();
    expect(await readPngText(new Blob([greyPixelPng().subarray(0, 20)]), 'framesift')).toBeNull();
  });

  it('that was damaged is refused', async () => {
    const png = withPngText(greyPixelPng(), 'framesift', '{"framesift":1}');
    png[60]! ^= 1;
    await expect(readPngText(new Blob([png]), 'framesift')).rejects.toThrow(/damaged/);
  });
});
