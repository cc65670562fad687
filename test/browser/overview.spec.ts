import { FramesiftPage, SAMPLE_CLIP, sample } from './framesift-page';
import { readFileSync } from 'node:fs';
import { expect, test } from './returning';

test.use({ library: 'empty' });

test('a clip that has just been read shows itself at a glance, and offers what it shows (#18)', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  // Under another name the sample brings no questions of its own.
  await framesift.drop({ name: 'holiday.webm', type: 'video/webm', bytes: readFileSync(SAMPLE_CLIP) });
  await expect(page.getByTestId('facts')).toBeVisible();
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();

  const cards = page.getByTestId('overview-frame');
  await expect(cards).toHaveCount(8);
  await expect(cards.locator('img')).toHaveCount(8);
  const times = await cards.evaluateAll((all) =>
    all.map((card) => Number((card as HTMLElement).dataset.timestampMs)),
  );
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // The sample has a scene every six seconds: no two frames are of one.
  expect(new Set(times.map((timeMs) => Math.floor(timeMs / 6000))).size).toBeGreaterThanOrEqual(
    Math.min(7, Math.floor(sample.durationMs / 6000)),
  );
  await expect(page.getByTestId('timeline-change')).toHaveCount(3);

  await test.step('the same again after a reload', async () => {
    await page.reload();
    await framesift.waitUntilReady();
    await expect(cards).toHaveCount(8);
    const again = await cards.evaluateAll((all) =>
      all.map((card) => Number((card as HTMLElement).dataset.timestampMs)),
    );
    expect(again).toEqual(times);
  });

  await test.step('a click goes to the moment', async () => {
    await cards.nth(3).click();
    await expect
      .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime * 1000))
      .toBeGreaterThan(times[3]! - 100);
  });

  await test.step('examples are of what the clip shows, and are answered', async () => {
    const examples = page.getByRole('search').locator('xpath=..').getByTestId('example');
    await expect(examples.first()).toBeVisible({ timeout: 60_000 });
    const texts = await examples.allTextContents();
    expect(texts.length).toBeGreaterThan(1);
    for (const text of texts) {
      await framesift.ask(text);
      await expect(framesift.verdict, text).not.toContainText('Nothing');
    }
    await expect(page.getByTestId('overview')).toHaveCount(0);
  });
  expect(framesift.problems).toEqual([]);
});
