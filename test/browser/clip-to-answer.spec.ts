import { expect, test } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';

/*
 * The path that the project exists for, from a file to the frames that answer a question. Runs in each
 * project of playwright.config.ts: on WASM, and on WebGPU with a software adapter.
 */

const [first, second] = sample.questions;

test('a dropped clip is read and answers two questions, also after a reload', async ({ page }, {
  project,
}) => {
  if (!first || !second) throw new Error('sample.json has fewer than two questions.');
  // A card in software takes seconds a frame.
  const stepMs = project.name === 'webgpu' ? 5000 : 1000;
  // So many frames of the part that a question is about are read at least, and must come first.
  const count = project.name === 'webgpu' ? 1 : 3;
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.provider).toHaveText(project.name === 'webgpu' ? 'WebGPU' : /^WASM, \d+ threads?$/);

  await test.step('the facts are shown before any work', async () => {
    await framesift.dropClip();
    const facts = page.getByTestId('facts');
    await expect(facts).toContainText('640 × 360');
    await expect(facts).toContainText('WebM');
    expect(await framesift.query('select id from events')).toEqual([]);
  });

  await test.step('it is read, with progress', async () => {
    if (stepMs === 5000) await page.getByLabel('Frame rate').selectOption({ label: '1 every 5 seconds' });
    await page.getByRole('button', { name: 'Read the clip' }).click();
    await expect(page.getByTestId('ingest')).toContainText(/of \d+ frames/);
    await framesift.waitUntilRead(project.timeout);
  });

  const expectedFrames = Math.round(sample.durationMs / stepMs);
  await test.step('the rows are there', async () => {
    const [counts] = await framesift.query(
      `select (select count(*)::int from frame_embeddings) as embeddings, (select count(*)::int from event_frames) as frames,
              (select ingest_state from events) as state, (select frame_count_used from events) as used`,
    );
    expect(counts).toEqual({
      embeddings: expectedFrames,
      frames: expectedFrames,
      state: 'done',
      used: expectedFrames,
    });
    const rows = await framesift.query(
      `select e.frame_index, f.frame_number, f.timestamp_offset_ms, e.embedding from frame_embeddings e
       join event_frames f on f.event_id = e.event_id and f.frame_number = e.frame_index + 1 order by e.frame_index`,
    );
    rows.forEach((row, index) => {
      expect(row.frame_index).toBe(index);
      expect(Math.abs(Number(row.timestamp_offset_ms) - (index + 0.5) * stepMs)).toBeLessThan(120);
      const embedding = JSON.parse(String(row.embedding)) as number[];
      expect(embedding).toHaveLength(512);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    });
    // Thumbnails, all embeddings and the clip.
    expect(await framesift.storedFiles()).toHaveLength(expectedFrames + 2);
  });

  const answers: number[][] = [];
  const askBoth = async () => {
    for (const { text, startMs, endMs } of [first, second]) {
      const frames = await framesift.ask(text);
      expect(frames.length, text).toBeGreaterThan(0);
      const scores = frames.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      for (const { timestampMs } of frames.slice(0, 1)) {
        expect(timestampMs, text).toBeGreaterThanOrEqual(startMs);
        expect(timestampMs, text).toBeLessThanOrEqual(endMs);
      }
      answers.push(frames.map(({ frameIndex }) => frameIndex));
    }
  };
  await test.step('both questions are answered from their part of the clip', askBoth);

  await test.step('the best-scored frames of the whole clip lie there too', async () => {
    for (const { text, startMs, endMs } of [first, second]) {
      const best = await page.evaluate(
        async ({ text: question, count: most }) => {
          const [clip] = await window.framesift.listClips();
          const query = await window.framesift.encodeText(question);
          const rows = await window.framesift.getFrameEmbeddings(clip!.id);
          const scored = rows.map(({ frameIndex, embedding }) => ({
            frameIndex,
            score: embedding.reduce((sum, value, index) => sum + value * query[index]!, 0),
          }));
          return scored.sort((a, b) => b.score - a.score).slice(0, most);
        },
        { text, count },
      );
      for (const { frameIndex } of best) {
        expect((frameIndex + 0.5) * stepMs, text).toBeGreaterThanOrEqual(startMs);
        expect((frameIndex + 0.5) * stepMs, text).toBeLessThanOrEqual(endMs);
      }
    }
  });

  await test.step('a frame jumps the player to its moment', async () => {
    const [frame] = await framesift.shownFrames();
    await page.getByTestId('frame').first().click();
    await expect
      .poll(() => page.getByTestId('player').evaluate((video: HTMLVideoElement) => video.currentTime))
      .toBeCloseTo(frame!.timestampMs / 1000, 1);
  });

  await test.step('after a reload everything is as it was', async () => {
    await page.reload();
    await framesift.waitUntilReady();
    await expect(framesift.clips).toHaveCount(1);
    await expect(framesift.clipSummary).toContainText(`${expectedFrames} frames in the library`);
    await expect(framesift.clips.locator('img')).toHaveJSProperty('complete', true);
    await askBoth();
    expect(answers.slice(2)).toEqual(answers.slice(0, 2));
    const picture = page.getByTestId('frame').first().locator('img');
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
    await expect(page.getByTestId('player')).toBeVisible();
  });

  expect(framesift.problems).toEqual([]);
});
