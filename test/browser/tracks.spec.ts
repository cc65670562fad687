import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/* Files of several tracks, wrong codec strings and no video at all, as test/fixtures/clips/inputs/MADE.md makes them. */

const CLIPS = join(import.meta.dirname, '../fixtures/clips');

async function drop(framesift: FramesiftPage, path: string, name = path.split('/').pop()!): Promise<void> {
  await framesift.drop({ name, type: 'video/mp4', bytes: readFileSync(join(CLIPS, path)) });
}

test('the track that moves is taken, whatever stands before it', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const facts = page.getByTestId('facts');
  const dismiss = page.getByRole('button', { name: 'Do not read this clip' });
  for (const [file, length, note] of [
    ['04-cover-jpeg-track.mp4', '0:04.0', 'Track 2 is read: track 1 is a single picture.'],
    ['04-title-still-first.mkv', '0:04.0', 'Track 2 is read: track 1 is a single picture.'],
    [
      '04-first-undecodable.mp4',
      '0:04.0',
      'Track 2 is read: track 1 is MPEG-4 Visual, which this browser cannot decode.',
    ],
    ['04-vp9-level0.mp4', '0:04.1', null],
    ['04-avc-level0.mp4', '0:04.0', null],
  ] as const) {
    await test.step(file, async () => {
      await drop(framesift, `inputs/${file}`);
      await expect(facts).toContainText(length);
      await expect(facts).toContainText('WebCodecs');
      if (note !== null) await expect(page.getByText(note)).toBeVisible();
      await dismiss.click();
      await expect(facts).toHaveCount(0);
    });
  }
  expect(framesift.problems).toEqual([]);
});

test('another track can be chosen, and is read, played back as stills and kept', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await drop(framesift, 'inputs/04-two-videos.mp4');
  const track = page.getByTestId('track');
  await expect(track.locator('option')).toHaveText([
    '1 of 2 (H.264, 320 × 180)',
    '2 of 2 (H.264, 320 × 180)',
  ]);
  await track.selectOption({ index: 1 });
  await expect(page.getByText('Track 2 is read: track 1 was not chosen.')).toBeVisible();
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  expect(await framesift.query('select video_track from events')).toEqual([{ video_track: 1 }]);
});

test('files without a video that can be read are refused by what they hold', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const [file, sentence] of [
    ['inputs/04-cover-only.mp4', /holds sound and a still picture \(a cover\), no video/],
    ['inputs/04-cover-only-track.mp4', /holds sound and a still picture \(a cover\), no video/],
    ['inputs/06-mpeg2.ts', /This clip is MPEG-2, which this browser cannot decode/],
    ['inputs/06-mpeg4.mp4', /This clip is MPEG-4 Visual, which this browser cannot decode/],
    ['inputs/01-no-moov.mp4', /table of contents is missing/],
  ] as const) {
    await test.step(file, async () => {
      await drop(framesift, file);
      await expect(page.getByText(sentence)).toBeVisible();
      await page.getByRole('button', { name: 'Dismiss' }).click();
    });
  }
});
