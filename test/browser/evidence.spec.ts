import AxeBuilder from '@axe-core/playwright';
import { type Page } from '@playwright/test';
import { sample } from './framesift-page';
import { askingTest as test, expect, openWithSample } from './returning';

const [first, second] = sample.questions;

/** Where the player stands, in milliseconds. */
function playerTimeMs(page: Page): Promise<number> {
  return page.getByTestId('player').evaluate((video) => (video as HTMLVideoElement).currentTime * 1000);
}

test('the timeline shows the curve, the scenes and the picks, and goes where it is clicked', async ({
  page,
}) => {
  const framesift = await openWithSample(page);
  const timeline = page.getByRole('slider', { name: 'Timeline' });
  await expect(timeline).toBeVisible();
  await expect(page.getByTestId('score-curve')).toHaveCount(0);

  const frames = await framesift.ask(first!.text);
  await expect(page.getByTestId('score-curve')).toBeVisible();
  await expect(page.getByTestId('timeline-pick')).toHaveCount(frames.length);
  // The sample has eight scenes; two that look alike may count as one.
  expect(await page.getByTestId('scene-change').count()).toBeGreaterThanOrEqual(5);
  await expect(framesift.verdict).toContainText('One moment answers');
  await expect(page.getByTestId('timeline-span')).toHaveCount(1);

  const box = (await timeline.boundingBox())!;
  const middleMs = (second!.startMs + second!.endMs) / 2;
  const x = (box.width * middleMs) / sample.durationMs;
  await page.mouse.move(box.x + x, box.y + box.height / 2);
  const preview = page.getByTestId('timeline-preview');
  await expect(preview).toBeVisible();
  await expect(preview.locator('img')).toHaveJSProperty('complete', true);
  await page.mouse.down();
  await page.mouse.up();
  await expect.poll(() => playerTimeMs(page)).toBeGreaterThan(second!.startMs);
  expect(await playerTimeMs(page)).toBeLessThan(second!.endMs);

  await timeline.focus();
  await page.keyboard.press('Home');
  await expect.poll(() => playerTimeMs(page)).toBeLessThan(1500);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(timeline).toHaveAttribute('aria-valuetext', /^0:02\.\d, (?:strong|possible|weak) match$/);
  await page.mouse.move(0, 0);
  await expect(preview).toHaveCount(0);
  expect(framesift.problems).toEqual([]);
});

test('what is not there is said, and no moment is claimed', async ({ page }) => {
  const framesift = await openWithSample(page);
  const frames = await framesift.ask('a birthday cake');
  await expect(framesift.verdict).toContainText('Nothing in this clip looks like “a birthday cake”');
  await expect(page.getByTestId('timeline-span')).toHaveCount(0);
  expect(frames).toHaveLength(8);

  await test.step('nor where the model cannot tell', async () => {
    await framesift.ask('a kitchen');
    await expect(framesift.verdict).toContainText('come closest to “a kitchen”; the model is not sure');
    await expect(framesift.verdict).not.toContainText('answer');
  });
});

test('frames are pinned, dropped and replaced, and come back', async ({ page }) => {
  const framesift = await openWithSample(page);
  const eight = await framesift.ask(first!.text);
  const dropped = eight[1]!;
  const pinned = eight.at(-1)!;
  const indexes = async () => (await framesift.shownFrames()).map(({ frameIndex }) => frameIndex);

  await framesift.frames.nth(1).hover();
  await page
    .getByRole('button', { name: /^Drop / })
    .nth(1)
    .click();
  await expect(page.getByText('1 frame dropped.')).toBeVisible();
  await expect(framesift.frames).toHaveCount(8);
  await expect.poll(indexes).not.toContain(dropped.frameIndex);
  const kept = eight.filter(({ frameIndex }) => frameIndex !== dropped.frameIndex);
  expect(await indexes()).toEqual(expect.arrayContaining(kept.map(({ frameIndex }) => frameIndex)));

  await framesift.frames.last().hover();
  const last = (await framesift.shownFrames()).findIndex(
    ({ frameIndex }) => frameIndex === pinned.frameIndex,
  );
  await page.getByRole('button', { name: /^Pin / }).nth(last).click();
  await page.getByLabel('Number of frames to show').selectOption('4');
  await expect(framesift.frames).toHaveCount(4);
  expect((await framesift.shownFrames()).find(({ isPinned }) => isPinned)?.frameIndex).toBe(
    pinned.frameIndex,
  );
  await page.getByLabel('How frames are chosen').selectOption('uniform');
  await expect.poll(async () => new Set(await indexes()).size).toBe(4);
  expect(await indexes()).toContain(pinned.frameIndex);
  expect(await indexes()).not.toContain(dropped.frameIndex);

  await page.getByLabel('How frames are chosen').selectOption('auto');
  await page.getByLabel('Number of frames to show').selectOption('8');
  await page.getByRole('button', { name: /^Unpin / }).click();
  await page.getByRole('button', { name: 'Bring the last one back' }).click();
  await expect.poll(indexes).toEqual(eight.map(({ frameIndex }) => frameIndex));

  await test.step('another question starts without pins and drops', async () => {
    await framesift.frames.first().focus();
    await page.keyboard.press('Delete');
    await expect(page.getByText('1 frame dropped.')).toBeVisible();
    await framesift.ask(second!.text);
    await expect(page.getByText('1 frame dropped.')).toHaveCount(0);
  });
});

test('everything works from the keyboard', async ({ page }) => {
  const framesift = await openWithSample(page);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await expect(framesift.questionBox).toBeFocused();
  await page.keyboard.type(second!.text);
  await page.keyboard.press('Enter');
  await expect(framesift.answerStatus).toContainText(`for “${second!.text}”`);
  const frames = await framesift.shownFrames();

  await framesift.frames.first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(framesift.frames.nth(1)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(() => playerTimeMs(page)).toBeCloseTo(frames[1]!.timestampMs, -1);
  await expect(framesift.frames.nth(1)).toHaveAttribute('aria-current', 'true');
  await page.keyboard.press('Space');
  await expect(framesift.frames.nth(1)).toHaveAttribute('data-pinned', 'true');
  await page.keyboard.press('End');
  await expect(framesift.frames.last()).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(page.getByText('1 frame dropped.')).toBeVisible();
  // The focus stays in the grid, where the dropped frame was.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-testid')))
    .toBe('frame');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(framesift.questionBox).toBeFocused();
  expect(framesift.problems).toEqual([]);
});

test('an answer with everything open to it has no accessibility faults, wide, narrow and dark', async ({
  page,
}) => {
  const framesift = await openWithSample(page);
  await framesift.ask(first!.text);
  await framesift.frames.first().focus();
  await page.keyboard.press('Space');
  for (const [width, colorScheme] of [
    [1400, 'light'],
    [1400, 'dark'],
    [360, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await framesift.frames.nth(1).focus();
    await page.waitForTimeout(400);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations, `${width} ${colorScheme}`).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});
