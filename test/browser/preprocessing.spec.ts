import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/*
 * The page's pixels of clips in every coding of colours that a browser decodes, against FFmpeg's and
 * Pillow's. Written by test/fixtures/colours/make.ts.
 */

interface ExpectedClip {
  file: string;
  about: string;
  momentMs: number;
  frames: { size: number; fit: 'stretch' | 'centre-crop'; pillow: string; sha256: string }[];
}

const folder = join(import.meta.dirname, '../fixtures/colours');
const clips = JSON.parse(readFileSync(join(folder, 'frames.json'), 'utf8')) as ExpectedClip[];

/** Of 255. FFmpeg's conversion sets chroma a little elsewhere; a wrong matrix or range is 3 and more away. */
const MAX_MEAN_DIFFERENCE = 1;

function meanDifference(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((sum, byte, index) => sum + Math.abs(byte - other[index]!), 0) / one.length;
}

test('the pixels that a model gets are those of FFmpeg and Pillow', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const { file, about, momentMs, frames } of clips) {
    const clip = readFileSync(join(folder, file)).toString('base64');
    for (const { size, fit, pillow, sha256 } of frames) {
      await test.step(`${about}, ${fit}`, async () => {
        const encoded = await page.evaluate(
          async ([bytes, moment, resize]) => {
            const file = new Blob([Uint8Array.fromBase64(bytes)]);
            const [frame] = await window.framesift.prepareFrames(file, [moment], resize);
            return frame?.pixels.toBase64() ?? '';
          },
          [clip, momentMs, { size, fit }] as const,
        );
        const pixels = Buffer.from(encoded, 'base64');
        expect(pixels.length).toBe(size * size * 3);
        expect(meanDifference(pixels, Buffer.from(pillow, 'base64'))).toBeLessThan(MAX_MEAN_DIFFERENCE);
        // A canvas, the browser's own conversion or a rounding elsewhere would be close, but not the same.
        expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
      });
    }
  }
});
