import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { renderKernel } from '@/scripts/compile-kernel';

describe('PixelKernel', () => {
  it('runs what its source says', async () => {
    const generated = readFileSync('lib/pixels/pixel-kernel.generated.ts', 'utf8');
    expect(generated).toBe(await renderKernel('lib/pixels/pixel-kernel'));
  });

  it('keeps an area where it is, with what it holds, while others grow', () => {
    const kernel = PixelKernel.create()!;
    const frame = kernel.reserve('frame', 1000);
    new Uint8Array(kernel.buffer, frame, 1000).fill(7);
    const before = kernel.buffer;
    kernel.reserve('resize', 5_000_000);
    expect(before.byteLength).toBe(0);
    expect(kernel.reserve('frame', 1000)).toBe(frame);
    expect(new Uint8Array(kernel.buffer, frame, 1000).every((byte) => byte === 7)).toBe(true);
  });

  it('grows an area by half at least, so that slow growth costs little memory', () => {
    const kernel = PixelKernel.create()!;
    for (let bytes = 10_000; bytes < 1_000_000; bytes += 10_000) kernel.reserve('frame', bytes);
    expect(kernel.buffer.byteLength).toBeLessThan(4_000_000);
  });

  it('gives every area an address of whole embeddings that no other overlaps', () => {
    const kernel = PixelKernel.create()!;
    const [a, b] = [kernel.reserve('frame', 33), kernel.reserve('resize', 33)];
    expect([a % 16, b % 16]).toEqual([0, 0]);
    expect(b - a).toBeGreaterThanOrEqual(33 + 16);
  });
});
