import { readFile } from 'node:fs/promises';
import { sample, SOUND } from './framesift-page';
import { expect, openWithSample, test } from './returning';

const question = sample.questions[0]!.text;

test('a backup in one click brings the whole library back, with the same answers (#22)', async ({ page }) => {
  const framesift = await openWithSample(page);
  const answer = await framesift.ask(question);
  const rows = () =>
    framesift.query(
      `select e.file_name, e.created_at::text, f.frame_number, f.frame_path, f.created_at::text as made, v.id, v.embedding
       from events e join event_frames f on f.event_id = e.id
       join frame_embeddings v on v.event_id = e.id and v.frame_index = f.frame_number - 1 order by 3`,
    );
  // Packed vectors are made from the rows when they are searched.
  const files = async () =>
    (await framesift.storedFiles()).filter((path) => !path.startsWith('vectors/')).sort();
  const before = { rows: await rows(), files: await files() };
  await expect(page.getByTestId('room')).toContainText(/^[\d.]+ MB used, [\d.]+ .B free$/);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Back up' }).click();
  const download = await downloading;
  await expect(page.getByTestId('backup-status')).toHaveText(/^Saved framesift-library_.*\.tar, [\d.]+ MB/);
  const backup = {
    name: download.suggestedFilename(),
    mimeType: 'application/x-tar',
    buffer: await readFile(await download.path()),
  };

  // Its deletion may still be undone, and must not take what comes back.
  await page.getByRole('button', { name: /^Delete framesift-sample/ }).click();
  const picker = page.getByTestId('file-input');
  await picker.setInputFiles({ ...backup, buffer: backup.buffer.subarray(0, 1_000_000) });
  await expect(page.getByRole('alert').filter({ hasText: 'damaged or cut off' })).toBeVisible();
  await expect.poll(() => framesift.storedFiles()).toEqual([]);
  await expect(page.getByText('No clips yet.')).toBeVisible();

  await picker.setInputFiles(backup);
  await expect(page.getByText('1 clip of the backup is in the library.')).toBeVisible();
  await expect(page.getByTestId('player')).toBeVisible();
  expect({ rows: await rows(), files: await files() }).toEqual(before);
  expect(await framesift.ask(question)).toEqual(answer);
  expect(await framesift.scan()).toEqual(SOUND);
  expect(framesift.problems).toEqual([]);
});
