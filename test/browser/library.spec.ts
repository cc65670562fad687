import { readFileSync } from 'node:fs';
import { makeHevcClip } from './undecodable-clip';
import { FramesiftPage, SAMPLE_CLIP, SOUND, sample } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

const totalAtFour = Math.round((sample.durationMs / 1000) * 4);

test('reading can be stopped and gone on with, also after a reload', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const goOn = await framesift.startAndStopSample('4 a second');
  const [stopped] = await framesift.query('select count(*)::int as embeddings from frame_embeddings');
  expect(stopped!.embeddings).toBeGreaterThan(0);
  expect(stopped!.embeddings).toBeLessThan(totalAtFour);
  const before = await framesift.query('select id, frame_index from frame_embeddings order by frame_index');

  await page.reload();
  await framesift.waitUntilReady();
  await expect(
    page.getByText(`${String(stopped!.embeddings)} frames of ${totalAtFour} are in the library`),
  ).toBeVisible();
  await goOn.click();
  await framesift.waitUntilRead();
  const after = await framesift.query('select id, frame_index from frame_embeddings order by frame_index');
  expect(after).toHaveLength(totalAtFour);
  // What was stored is not done again.
  expect(after.slice(0, before.length)).toEqual(before);
  expect(framesift.problems).toEqual([]);
});

test('a page that is closed in the middle leaves a clip that can be gone on with', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.startSample('4 a second');
  await expect(page.getByTestId('ingest-count')).toHaveText(/^[1-9]\d* of/);
  await page.reload();
  await framesift.waitUntilReady();
  await page.getByRole('button', { name: 'Go on reading' }).click();
  await framesift.waitUntilRead();
  const [counts] = await framesift.query(
    'select count(*)::int as embeddings, count(distinct frame_index)::int as frames from frame_embeddings',
  );
  expect(counts).toEqual({ embeddings: totalAtFour, frames: totalAtFour });
  expect(await framesift.scan()).toEqual(SOUND);
});

test('deleting a clip can be undone, and then takes its rows and files with it', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.readSample('1 every 5 seconds');
  const remove = page.getByRole('button', { name: /^Delete framesift-sample/ });
  await remove.click();
  await expect(framesift.clips).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(framesift.clips).toHaveCount(1);
  await expect(page.getByTestId('player')).toBeVisible();

  await remove.click();
  await expect(page.getByRole('button', { name: 'Try the sample clip' })).toBeVisible();
  const left = () =>
    framesift.query(
      `select (select count(*)::int from events) as events, (select count(*)::int from event_frames) as frames,
              (select count(*)::int from frame_embeddings) as embeddings`,
    );
  await expect.poll(left).toEqual([{ events: 0, frames: 0, embeddings: 0 }]);
  await expect.poll(() => framesift.storedFiles()).toEqual([]);
  expect(await framesift.scan()).toEqual(SOUND);
  expect(framesift.problems).toEqual([]);
});

test('a clip whose file is gone shows stored pictures and takes back its own file alone', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.readSample('1 every 5 seconds');
  await page.evaluate(async () => {
    const files = await navigator.storage.getDirectory();
    await files.removeEntry('clips', { recursive: true });
  });
  await page.reload();
  await framesift.waitUntilReady();
  await expect(page.getByText('Choose it again to play it')).toBeVisible();
  await expect(page.getByRole('img', { name: 'First stored picture' })).toBeVisible();
  const choose = page.getByTestId('clip-file-input');
  await choose.setInputFiles({
    name: 'other.webm',
    mimeType: 'video/webm',
    buffer: Buffer.from('another file'),
  });
  await expect(page.getByText('That is not the file that this clip was made from.')).toBeVisible();
  await choose.setInputFiles(SAMPLE_CLIP);
  await expect(page.getByTestId('player')).toBeVisible();
});

test('two tabs show one library', async ({ page, context }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const other = new FramesiftPage(await context.newPage());
  await other.open();
  await expect(other.clips).toHaveCount(0);
  await framesift.readSample('1 every 5 seconds');
  await expect(other.clips).toHaveCount(1);
  const [best] = await other.ask(sample.questions[0]!.text);
  expect(best!.timestampMs).toBeGreaterThanOrEqual(sample.questions[0]!.startMs);
  // The tab that holds the database closes; the other takes over.
  await page.close();
  await other.ask(sample.questions[1]!.text);
  await expect(other.page.getByTestId('frame').first()).toBeVisible();
});

const notVideos = [
  { name: 'empty.mp4', bytes: new Uint8Array(), says: /This file is empty/ },
  { name: 'letter.pdf', bytes: Buffer.from('%PDF-1.7 …'), says: /This is a PDF/ },
  { name: 'old.avi', bytes: Buffer.from('RIFF\x10\x00\x00\x00AVI LIST'), says: /AVI file.* convert it/ },
  {
    name: 'noise.mp4',
    bytes: Buffer.from('this is no video at all, whatever its name'),
    says: /not a video/,
  },
];

test('files that cannot be read are refused with a sentence, and nothing is stored', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const { name, bytes, says } of notVideos) {
    await framesift.drop({ name, type: '', bytes });
    await expect(page.getByRole('alert').filter({ hasText: name })).toContainText(says);
  }
  expect(await framesift.query('select id from events')).toEqual([]);
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await expect(page.getByRole('alert').filter({ hasText: 'empty.mp4' })).toHaveCount(0);
});

test('a clip whose codec cannot be decoded is refused by name, with what to do', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.drop({ name: 'phone.mp4', type: 'video/mp4', bytes: await makeHevcClip() });
  const refusal = page.getByRole('alert').filter({ hasText: 'phone.mp4' });
  await expect(refusal).toContainText('HEVC (H.265)');
  await expect(refusal).toContainText('Convert it to H.264');
});

test('a clip that is cut off is read as far as it goes', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const whole = readFileSync(SAMPLE_CLIP);
  await framesift.drop({ name: 'half.webm', type: 'video/webm', bytes: whole.subarray(0, whole.length / 2) });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  const [counts] = await framesift.query('select count(*)::int as embeddings from frame_embeddings');
  expect(counts!.embeddings).toBeGreaterThan(3);
});

test('a fixed number of frames is spread over the clip', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.dropClip();
  await page.getByLabel('Number of frames').fill('5');
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  const rows = await framesift.query(
    'select timestamp_offset_ms as at from event_frames order by frame_number',
  );
  expect(rows).toHaveLength(5);
  rows.forEach(({ at }, index) => {
    expect(Math.abs(Number(at) - ((index + 0.5) * sample.durationMs) / 5)).toBeLessThan(150);
  });
});
