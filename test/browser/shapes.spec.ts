import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/* Pixels that are not square, upright clips and clips that change their shape, as test/fixtures/clips/reports has them. */

const REPORTS = join(import.meta.dirname, '../fixtures/clips/reports');
const bytesOf = (file: string) => readFileSync(join(REPORTS, file));

test('each picture has its own upright shape in square pixels', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const sizes = (file: string, ...timestampsMs: number[]) =>
    page.evaluate(
      async ([base64, times]) => {
        const clip = new Blob([Uint8Array.fromBase64(base64)]);
        const pictures = await window.framesift.readPictures(clip, times);
        return pictures.map((one) => (one.blob ? `${one.width}×${one.height}` : one.reason));
      },
      [bytesOf(file).toString('base64'), timestampsMs] as const,
    );
  expect(await sizes('anamorphic-no-pasp.mp4', 1000)).toEqual(['640×360']);
  expect(await sizes('anamorphic.ts', 1000)).toEqual(['640×360']);
  expect(await sizes('upright.mp4', 1000)).toEqual(['268×480']);
  expect(await sizes('size-change.webm', 1000, 7000)).toEqual(['320×180', '180×320']);
  expect(await sizes('size-change.ts', 1000, 7000)).toEqual(['320×180', '180×320']);
});

test('facts have the shape that is shown', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const file of ['anamorphic-no-pasp.mp4', 'anamorphic.ts']) {
    await framesift.drop({ name: file, type: 'video/mp4', bytes: bytesOf(file) });
    await expect(page.getByTestId('facts')).toContainText('640 × 360');
    await page.getByRole('button', { name: 'Do not read this clip' }).click();
  }
});

test('cards of an upright clip are upright', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.drop({ name: 'upright.mp4', type: 'video/mp4', bytes: bytesOf('upright.mp4') });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  await framesift.ask('a red disc');
  const card = framesift.frames.first().locator('img');
  await expect
    .poll(() => card.evaluate(({ clientWidth, clientHeight }) => clientHeight > clientWidth))
    .toBe(true);
});
