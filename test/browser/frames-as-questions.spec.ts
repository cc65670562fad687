import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { sample } from './framesift-page';
import { askingTest, expect, openWithSample, test } from './returning';

const [first, second] = sample.questions;

/** Opens the menu of one of the shown frames and chooses from it. */
async function chooseFromFrame(page: Page, position: number, item: string): Promise<void> {
  await page.getByTestId('frame').nth(position).hover();
  await page
    .getByRole('button', { name: /^More for / })
    .nth(position)
    .click();
  await page.getByRole('menuitem', { name: item }).click();
}

askingTest('a frame, and a part of one, finds those that look like it', async ({ page }) => {
  const framesift = await openWithSample(page);
  const [best] = await framesift.ask(second!.text);

  await chooseFromFrame(page, 0, 'More like this');
  await expect(framesift.answerStatus).toContainText('for “the frame at ');
  const [itself] = await framesift.shownFrames();
  expect(itself!.frameIndex).toBe(best!.frameIndex);
  // Its own stored embedding was asked with, not a picture that was encoded anew.
  expect(itself!.score).toBeGreaterThan(0.99999);

  await chooseFromFrame(page, 0, 'Search with a part of it…');
  await expect(page.getByRole('dialog', { name: 'Search with a part of the picture' })).toBeVisible();
  await page.getByRole('button', { name: 'Search with this part' }).click();
  await expect(framesift.answerStatus).toContainText('for “part of the frame at ');
  const [alike] = await framesift.shownFrames();
  expect(alike!.timestampMs).toBeGreaterThanOrEqual(second!.startMs);
  expect(alike!.timestampMs).toBeLessThanOrEqual(second!.endMs);
  expect(alike!.score).toBeLessThan(0.99999);
  expect(framesift.problems).toEqual([]);
});

askingTest('a selection that was taken away is shown again when its file is dropped', async ({ page }) => {
  const framesift = await openWithSample(page);
  await framesift.ask(first!.text);
  await page.getByLabel('Number of frames to show').selectOption('4');
  await page.getByLabel('How frames are chosen').selectOption('top-k');
  await framesift.frames.nth(2).focus();
  await page.keyboard.press('Space');
  await expect(framesift.frames.nth(2)).toHaveAttribute('data-pinned', 'true');
  const dropped = await framesift.frames.nth(0).getAttribute('data-frame-index');
  await framesift.frames.nth(0).focus();
  await page.keyboard.press('Delete');
  await expect(page.getByText('1 frame dropped.')).toBeVisible();
  // The next best takes its place a moment later.
  await expect(page.locator(`[data-testid=frame][data-frame-index="${dropped}"]`)).toHaveCount(0);
  await expect(framesift.frames).toHaveCount(4);
  const before = await framesift.shownFrames();

  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'Table' }).click();
  const file = await waiting;
  const bytes = readFileSync(await file.path());

  await framesift.ask(second!.text);
  await framesift.drop({ name: file.suggestedFilename(), type: 'text/csv', bytes });
  await expect(framesift.questionBox).toHaveValue(first!.text);
  await expect(framesift.answerStatus).toContainText(`for “${first!.text}”`);
  await expect(page.getByLabel('How frames are chosen')).toHaveValue('top-k');
  await expect(page.getByText('1 frame dropped.')).toBeVisible();
  expect(await framesift.shownFrames()).toEqual(before);
  // Everything goes on from there.
  await page.getByRole('button', { name: 'Bring the last one back' }).click();
  await expect(page.getByText('1 frame dropped.')).toHaveCount(0);
});

askingTest(
  'a file of ours that is damaged is refused with a sentence, and nothing else changes',
  async ({ page }) => {
    const framesift = await openWithSample(page);
    const header = '{"framesift":1,"format":"rows"}\n{"table":"events","id":"x"';
    await framesift.drop({ name: 'rows.jsonl', type: '', bytes: Buffer.from(header) });
    await expect(page.getByRole('alert').filter({ hasText: 'rows.jsonl' })).toBeVisible();
    await expect(framesift.clips).toHaveCount(1);
  },
);

test('several clips are asked at once, and the player follows a frame into its clip', async ({ page }) => {
  const framesift = await openWithSample(page);
  await framesift.readSample('1 every 5 seconds');
  await expect(framesift.clips).toHaveCount(2);
  await framesift.ask(second!.text);
  const here = new Set(await clipIds(page));
  expect(here.size).toBe(1);

  await page.getByRole('button', { name: 'Search in: This clip' }).click();
  await page.getByRole('radio', { name: 'All 2 clips' }).click();
  await page.keyboard.press('Escape');
  await expect(framesift.answerStatus).toContainText('of 2 clips');
  const both = await clipIds(page);
  expect(new Set(both).size).toBe(2);
  const other = both.findIndex((clipId) => !here.has(clipId));
  const { timestampMs } = (await framesift.shownFrames())[other]!;
  await framesift.frames.nth(other).click();
  await expect
    .poll(() =>
      page.getByTestId('player').evaluate((video) => (video as HTMLVideoElement).currentTime * 1000),
    )
    .toBeCloseTo(timestampMs, -1);
  await expect(framesift.answerStatus).toContainText('of 2 clips');

  await page.getByRole('button', { name: 'Search in: All 2 clips' }).click();
  await page.getByRole('radio', { name: 'Some of them' }).click();
  await page.getByRole('checkbox').first().click();
  await expect(framesift.answerStatus).not.toContainText('of 2 clips');
  await expect(page.getByRole('checkbox').nth(1)).toBeDisabled();
});

function clipIds(page: Page): Promise<string[]> {
  return page.getByTestId('frame').evaluateAll((cards) => cards.map((card) => card.dataset.clipId ?? ''));
}
