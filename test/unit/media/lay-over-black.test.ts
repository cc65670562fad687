import { describe, expect, it } from 'vitest';
import { layOverBlack } from '@/lib/media/lay-over-black';

/** I420 of 4×2 pixels: two chroma samples in a plane. */
const layout = [
  { offset: 0, stride: 4 },
  { offset: 8, stride: 2 },
  { offset: 10, stride: 2 },
];
const size = { width: 4, height: 2 };
const plane = (...shares: number[]) => ({ bytes: Uint8Array.from(shares), stride: 4, ...size });
const picture = () => Uint8Array.from([216, 216, 216, 216, 216, 216, 216, 216, 28, 228, 228, 28]);

describe('layOverBlack', () => {
  it('leaves what is opaque as it is', () => {
    const bytes = picture();
    layOverBlack(bytes, layout, size, false, plane(...new Array<number>(8).fill(255)));
    expect(bytes).toEqual(picture());
  });

  it('makes what is clear black, whatever colour hides there', () => {
    const bytes = picture();
    layOverBlack(bytes, layout, size, false, plane(255, 255, 0, 0, 255, 255, 0, 0));
    expect(Array.from(bytes)).toEqual([216, 216, 16, 16, 216, 216, 16, 16, 28, 128, 228, 128]);
  });

  it('knows the black of the full range', () => {
    const bytes = picture();
    layOverBlack(bytes, layout, size, true, plane(...new Array<number>(8).fill(0)));
    expect(Array.from(bytes)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 128, 128, 128, 128]);
  });

  it('mixes by opacity, chroma by the mean of its four pixels', () => {
    const bytes = picture();
    layOverBlack(bytes, layout, size, false, plane(51, 51, 255, 255, 51, 51, 0, 0));
    expect(Array.from(bytes)).toEqual([56, 56, 216, 216, 56, 56, 16, 16, 108, 178, 148, 78]);
  });

  it('takes the nearest opacity where the two differ in size', () => {
    const bytes = picture();
    layOverBlack(bytes, layout, size, false, { bytes: Uint8Array.from([0]), stride: 1, width: 1, height: 1 });
    expect(Array.from(bytes.subarray(0, 8))).toEqual(new Array(8).fill(16));
  });
});
