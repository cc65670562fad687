import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/** The sample has a key frame every 3 s. Of each 5 s the one nearest to the middle; of two as near, the earlier. */
const KEY_FRAMES_MS = [3, 6, 12, 18, 21, 27, 33, 36, 42, 45].map((seconds) => seconds * 1000);

test('key frames alone are read under their own times, also after a reload in the middle (#21)', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.dropClip();
  await page.getByLabel('Frame rate').selectOption({ label: '1 every 5 seconds' });
  const choice = page.getByLabel('Key frames alone');
  await expect(choice).toBeEnabled();
  await expect(page.getByTestId('key-frames')).toContainText('10 frames in place of 10, usually every 6.0 s');
  await choice.check();
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await expect(page.getByTestId('ingest-count')).toHaveText(/^\d+ of 10/);
  await page.reload();
  await framesift.waitUntilReady();
  const goOn = page.getByRole('button', { name: 'Go on reading' });
  await expect(goOn.or(framesift.clipSummary).first()).toBeVisible();
  if (await goOn.isVisible()) {
    await goOn.click();
    await framesift.waitUntilRead();
  }
  await expect(framesift.clipSummary).toContainText('10 key frames in the library');
  const rows = await framesift.query(
    `select timestamp_offset_ms as ms from event_frames join frame_embeddings e on e.event_id = event_frames.event_id
       and e.frame_index = event_frames.frame_number - 1 order by frame_number`,
  );
  expect(rows.map(({ ms }) => ms)).toEqual(KEY_FRAMES_MS);
  const [best] = await framesift.ask('a red car');
  expect(KEY_FRAMES_MS).toContain(best!.timestampMs);
  expect(framesift.problems).toEqual([]);
});
