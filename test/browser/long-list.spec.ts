import AxeBuilder from '@axe-core/playwright';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

/*
 * A list of more clips than are drawn at once (#23): the mouse, the keyboard and a screen reader reach each of them.
 */

const CLIPS = 400;

test.use({ library: 'empty' });

test('a long list of clips draws those in sight, and leads to each of them', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await page.evaluate(async (count) => {
    for (let n = 0; n < count; n += 1)
      await window.framesift.createClip({ description: `clip ${String(n).padStart(3, '0')}` });
  }, CLIPS);
  const named = (n: number) => framesift.clips.filter({ hasText: `clip ${String(n).padStart(3, '0')}` });

  await test.step('the mouse', async () => {
    // The newest comes first.
    await expect(named(CLIPS - 1)).toHaveAttribute('aria-setsize', String(CLIPS));
    expect(await framesift.clips.count()).toBeLessThan(60);
    await expect(named(200)).toHaveCount(0);
    const list = page.getByTestId('library');
    const height = await list.evaluate((element) => element.getBoundingClientRect().height);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await expect(named(9)).toBeVisible();
    await expect(named(0)).toBeInViewport();
    await expect(named(0)).toHaveAttribute('aria-posinset', String(CLIPS));
    expect(await framesift.clips.count()).toBeLessThan(60);
    // As long as if all were drawn.
    expect(await list.evaluate((element) => element.getBoundingClientRect().height)).toBeCloseTo(height, -1);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight / 2));
    const middle = framesift.clips.filter({ hasText: /clip 2\d\d/ }).first();
    await expect(middle).toBeVisible();
    await middle.getByRole('button').first().click();
    await page.evaluate(() => window.scrollTo(0, 0));
    await expect(page.locator('[data-testid=library] [aria-current=true]')).toHaveCount(1);
  });

  await test.step('the keyboard', async () => {
    const focusedText = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await named(CLIPS - 1)
      .getByRole('button')
      .first()
      .focus();
    await page.keyboard.press('End');
    expect(await focusedText()).toContain('clip 000');
    await page.keyboard.press('ArrowUp');
    expect(await focusedText()).toContain('clip 001');
    // What has the focus keeps it wherever the list is scrolled to, and Tab goes on from there.
    await page.evaluate(() => window.scrollTo(0, 0));
    await expect(named(CLIPS - 1)).toBeVisible();
    expect(await focusedText()).toContain('clip 001');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focusedText()).toContain('clip 000');
    await page.keyboard.press('Home');
    expect(await focusedText()).toContain(`clip ${CLIPS - 1}`);
    // Through more items than were drawn.
    for (let n = 0; n < 70; n += 1) await page.keyboard.press('ArrowDown');
    expect(await focusedText()).toContain(`clip ${CLIPS - 71}`);
    await expect(named(CLIPS - 71)).toBeVisible();
  });

  await test.step('a screen reader', async () => {
    const { violations } = await new AxeBuilder({ page }).include('[data-testid=library]').analyze();
    expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
  });

  await test.step('a phone, where the list is a row', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await page.evaluate(() => window.scrollTo(0, 0));
    await expect(async () => {
      await page.getByTestId('library').evaluate((element) => element.scrollTo(element.scrollWidth, 0));
      await expect(named(9)).toBeVisible({ timeout: 1000 });
    }).toPass();
    await expect.poll(() => framesift.clips.count()).toBeLessThan(60);
    await expect(named(0)).toBeInViewport();
    await page.getByTestId('library').evaluate((element) => element.scrollTo(0, 0));
    await expect(named(CLIPS - 9)).toBeVisible();
    // The one that is chosen comes into sight as a whole; Playwright's click would see to that itself.
    const next = named(CLIPS - 2);
    await expect(next).not.toBeInViewport({ ratio: 1 });
    await next.getByRole('button').first().dispatchEvent('click');
    await expect(next).toBeInViewport({ ratio: 1 });
  });

  await test.step('which clips to ask', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole('button', { name: 'Search in: This clip' }).click();
    await page.getByRole('radio', { name: 'Some of them' }).click();
    const choices = page.getByRole('list', { name: 'Clips' }).getByRole('listitem');
    await expect(choices.first()).toBeVisible();
    expect(await choices.count()).toBeLessThan(60);
    await choices.first().getByRole('checkbox').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    await expect(choices.filter({ hasText: 'clip 000' }).getByRole('checkbox')).toBeChecked();
  });
  expect(framesift.problems).toEqual([]);
});
