import { FramesiftPage } from './framesift-page';
import { expect, openWithSample, test } from './returning';

test('reload, Back and a bookmark keep clip, question and range (#19)', async ({ page, context }) => {
  const framesift = await openWithSample(page);
  await framesift.ask('a red car');
  await page.getByRole('slider', { name: 'Search from' }).focus();
  await page.keyboard.press('PageUp');
  const range = page.getByTestId('time-range');
  await expect(range).not.toHaveText('the whole clip');
  const shownRange = await range.textContent();
  await expect(page).toHaveURL(/#clip=[\w-]+&q=a\+red\+car&from=[\d.]+&to=[\d.]+$/);
  const bookmark = page.url();

  await test.step('reload', async () => {
    await page.reload();
    await framesift.waitUntilReady();
    await expect(framesift.answerStatus).toContainText('for “a red car”', { timeout: 60_000 });
    await expect(framesift.questionBox).toHaveValue('a red car');
    await expect(range).toHaveText(shownRange!);
  });

  await test.step('Back and forward', async () => {
    await framesift.ask('a sandy beach');
    await page.goBack();
    await expect(framesift.answerStatus).toContainText('for “a red car”');
    await expect(framesift.questionBox).toHaveValue('a red car');
    await page.goForward();
    await expect(framesift.answerStatus).toContainText('for “a sandy beach”');
    await page.goBack();
  });

  await test.step('a bookmark, in a new tab', async () => {
    const tab = await context.newPage();
    const other = new FramesiftPage(tab);
    await tab.goto(bookmark);
    await other.waitUntilReady();
    await expect(other.answerStatus).toContainText('for “a red car”', { timeout: 60_000 });
    await expect(tab.getByTestId('time-range')).toHaveText(shownRange!);
    expect(other.problems).toEqual([]);
    await tab.close();
  });

  await test.step('the address of a clip that is gone says so', async () => {
    await page.goto(`${new URL(bookmark).origin}/#clip=gone&q=a+dog`);
    await page.reload();
    await framesift.waitUntilReady();
    await expect(page.getByText('The clip of this address is not in this browser’s library.')).toBeVisible();
    await expect(framesift.questionBox).toHaveValue('');
  });
  expect(framesift.problems).toEqual([]);
});
