import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/* Files under wrong names and of kinds that look alike, told by their content. */

const INPUTS = join(import.meta.dirname, '../fixtures/clips/inputs');

const RIGHT_TO_LEFT = '\u202e';

test('an animation is read as a clip and is no picture to search with', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const [file, format] of [
    ['07-animated.gif', 'GIF animation'],
    ['07-animated.webp', 'WebP animation'],
    ['07-animated.png', 'PNG animation'],
  ] as const) {
    await test.step(file, async () => {
      await framesift.drop({ name: file, type: 'image/gif', bytes: readFileSync(join(INPUTS, file)) });
      await expect(page.getByTestId('facts')).toContainText('0:02.4');
      await expect(page.getByTestId('facts')).toContainText('240 × 136');
      await expect(page.getByTestId('facts')).toContainText(format);
      if (format !== 'PNG animation') {
        await page.getByRole('button', { name: 'Do not read this clip' }).click();
      }
    });
  }
  await page.getByLabel('Frame rate').selectOption({ label: '4 a second' });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  await expect(framesift.clipSummary).toContainText('10 frames');
  const player = page.getByTestId('player');
  await expect(player).toHaveJSProperty('duration', 2.4);

  await page.getByTestId('picture-input').setInputFiles(join(INPUTS, '07-animated.gif'));
  await expect(page.getByText('This is an animation (GIF), not one picture.')).toBeVisible();
  expect(framesift.problems).toEqual([]);
});

test('names and media types do not decide what a file is', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const drop = (file: string, type: string, name = file) =>
    framesift.drop({ name, type, bytes: readFileSync(join(INPUTS, file)) });

  await drop('07-picture-named.mp4', 'video/mp4');
  await expect(
    page.getByText('07-picture-named.mp4 is a picture (JPEG), not a video. Open a clip first'),
  ).toBeVisible();
  await drop('07-text-named.mp4', 'video/mp4');
  await expect(page.getByText('This is a web page (HTML), not a video.')).toBeVisible();

  const name = `refused-${RIGHT_TO_LEFT}gpj.mp4`;
  await drop('07-odd-name-2.mp4', 'video/mp4', name);
  const isolated = page.locator('strong bdi', { hasText: name });
  await expect(isolated).toBeVisible();
  // What stands behind the name in the sentence is to its right on the screen.
  const isMirrored = await isolated.evaluate((bdi) => {
    const sentence = bdi.closest('strong')!.parentElement!.lastChild!;
    const range = document.createRange();
    range.setStart(sentence, 0);
    range.setEnd(sentence, 4);
    return range.getBoundingClientRect().left < bdi.getBoundingClientRect().right;
  });
  expect(isMirrored).toBe(false);

  await drop('07-clip-named.jpg', 'image/jpeg');
  await expect(page.getByTestId('facts')).toContainText('MP4, H.264');
});
