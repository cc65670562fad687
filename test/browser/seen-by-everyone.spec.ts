import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { FramesiftPage } from './framesift-page';
import { askingTest as test, expect, openWithSample, withoutClips } from './returning';

/** Opens out of black: its first half second shows nothing. */
const OUT_OF_BLACK = join(import.meta.dirname, '../fixtures/out-of-black.mp4');

async function readClip(page: Page, path: string): Promise<void> {
  await page.getByTestId('file-input').setInputFiles(path);
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await expect(page.getByTestId('clip-summary')).toContainText('read in', { timeout: 120_000 });
}

/** The page with the sample clip read and “a red car” answered. */
async function answered(page: Page): Promise<FramesiftPage> {
  const framesift = await openWithSample(page);
  await framesift.questionBox.fill('a red car');
  await framesift.questionBox.press('Enter');
  await expect(framesift.frames.first()).toBeVisible({ timeout: 60_000 });
  return framesift;
}

const style = (locator: Locator, property: string) =>
  locator.first().evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

const overflow = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });

test('in forced colours marks, the chosen and the current are told by system colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  const framesift = await answered(page);
  const canvas = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  for (const id of ['timeline-cursor', 'timeline-pick', 'range-track']) {
    const background = await style(page.getByTestId(id), 'background-color');
    expect([id, background]).not.toEqual([id, canvas]);
    expect([id, background]).not.toEqual([id, 'rgba(0, 0, 0, 0)']);
  }
  await framesift.frames.first().click();
  const card = page.locator('[data-testid=frame][aria-current]').locator('..');
  expect(await style(card, 'outline-style')).toBe('solid');
  expect(await style(page.getByRole('radio', { name: 'Best first' }), 'outline-style')).toBe('solid');
  expect(await style(page.getByRole('radio', { name: 'By time' }), 'outline-style')).not.toBe('solid');
  expect(await style(page.getByTestId('library').getByRole('button').first(), 'outline-style')).toBe('solid');
});

test('for people who want less motion the page scrolls at once', async ({ page }) => {
  await page.addInitScript(() => {
    const behaviours: unknown[] = [];
    Object.assign(window, { behaviours });
    Element.prototype.scrollIntoView = (options) => {
      behaviours.push((options as ScrollIntoViewOptions).behavior);
    };
  });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const framesift = await answered(page);
  await framesift.frames.first().click();
  expect(await page.evaluate(() => (window as unknown as { behaviours: unknown[] }).behaviours)).toEqual([
    'auto',
  ]);
});

for (const [zoom, width, height] of [
  ['200 %', 640, 360],
  ['400 %', 320, 256],
] as const) {
  withoutClips(`at ${zoom} zoom nothing of an empty page is cut off at the side`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await page.goto('/');
    await expect(page.getByRole('button', { name: 'Try the sample clip' })).toBeVisible({ timeout: 60_000 });
    expect(await overflow(page)).toBe(0);
  });

  test(`at ${zoom} zoom nothing of an answer is cut off at the side`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const framesift = await answered(page);
    expect(await overflow(page)).toBe(0);
    await expect(framesift.questionBox).toBeInViewport();
    await page.getByRole('button', { name: 'Help' }).click();
    const box = (await page.getByRole('dialog').boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.height).toBeLessThanOrEqual(height);
  });
}

test('on a phone an answer is hinted at and a tap away, and labels keep apart', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const framesift = await answered(page);
  const labels = await page.getByTestId('timeline-label').evaluateAll((elements) =>
    elements.map((element) => {
      const { left, right } = element.getBoundingClientRect();
      return { left, right };
    }),
  );
  labels.slice(1).forEach(({ left }, index) => expect(left - labels[index]!.right).toBeGreaterThan(4));
  await expect(page.getByText('Framesift', { exact: true })).toBeVisible();
  const hint = page.getByTestId('answer-hint');
  await hint.click();
  await expect(framesift.frames.first()).toBeInViewport();
  await expect(hint).toHaveCount(0);
});

test('after an answer the player stands at the best frame, and the handles say their times', async ({
  page,
}) => {
  const framesift = await answered(page);
  const best = Number(
    await page.locator('[data-testid=frame][data-rank="1"]').getAttribute('data-timestamp-ms'),
  );
  const seconds = () => page.getByTestId('player').evaluate((video: HTMLVideoElement) => video.currentTime);
  await expect.poll(async () => Math.abs((await seconds()) * 1000 - best)).toBeLessThan(200);
  await expect(page.getByTestId('range-handle-time')).toHaveCount(0);
  await page.getByRole('slider', { name: 'Search from' }).press('PageUp');
  await expect(page.getByTestId('range-handle-time')).toHaveText([/^0:\d\d\.\d$/, /^0:\d\d\.\d$/]);
  expect(framesift.problems).toEqual([]);
});

test('panels that are fetched late open at the first press and give the focus back', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const button of [
    page.getByRole('button', { name: 'Help' }),
    page.getByTestId('models-button'),
    framesift.provider,
  ]) {
    // The second time the script is there already.
    for (let time = 0; time < 2; time += 1) {
      await button.focus();
      await page.keyboard.press('Enter');
      await expect(page.getByRole('dialog')).toBeVisible();
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      await expect(button).toBeFocused();
    }
  }
  expect(framesift.problems).toEqual([]);
});

test('a panel that cannot be fetched says so, and the page goes on', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await page.route('**/_next/static/chunks/**', (route) => route.abort());
  await page.getByRole('button', { name: 'Help' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'The help cannot be shown.' })).toBeVisible();
  await expect(page.getByTestId('models-button')).toBeVisible();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Show it again' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('a dialog neither moves the page nor lets it scroll behind', async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 500 });
  const framesift = await answered(page);
  // What lies behind a dialog has no role meanwhile.
  const box = page.locator('form[role=search]');
  await expect(framesift.questionBox).toBeVisible();
  const widthBefore = (await box.boundingBox())!.width;
  await page.getByRole('button', { name: 'Help' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  expect((await box.boundingBox())!.width).toBe(widthBefore);
  expect(await page.evaluate(() => document.querySelector('[data-backdrop]')!.clientWidth)).toBe(
    await page.evaluate(() => document.documentElement.clientWidth),
  );
  for (const [x, wheel] of [
    [20, 600],
    [450, 5000],
    [450, 600],
  ] as const) {
    await page.mouse.move(x, 250);
    await page.mouse.wheel(0, wheel);
    // A wheel is answered a few frames later.
    await page.waitForTimeout(300);
  }
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
});

withoutClips(
  'a clip that opens out of black has a picture, and the sample stays within reach',
  async ({ page }) => {
    const framesift = new FramesiftPage(page);
    await framesift.open();
    // What the model runs on is for its panel.
    const label = framesift.provider.locator('[data-label]');
    expect(await label.getAttribute('data-label')).toBe('Ready');
    await readClip(page, OUT_OF_BLACK);
    const brightness = () =>
      page
        .getByTestId('library')
        .locator('img')
        .evaluate(async (image: HTMLImageElement) => {
          await image.decode();
          const context = new OffscreenCanvas(8, 8).getContext('2d')!;
          context.drawImage(image, 0, 0, 8, 8);
          const { data } = context.getImageData(0, 0, 8, 8);
          return Math.max(...data.filter((_, index) => index % 4 === 1));
        });
    await expect.poll(brightness).toBeGreaterThan(60);
    await page
      .getByTestId('library')
      .locator('..')
      .getByRole('button', { name: 'Try the sample clip' })
      .click();
    await expect(page.getByTestId('library').getByRole('listitem')).toHaveCount(2);
  },
);
