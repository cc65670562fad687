import { type Page } from '@playwright/test';
import { askingTest as test, expect, openWithSample } from './returning';

function advice(page: Page) {
  return page.getByTestId('query-advice');
}

test('what the model does not understand of a question is said, and what to ask instead is a click away', async ({
  page,
}) => {
  const counts: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('word-counts.json')) counts.push(request.url());
  });
  const framesift = await openWithSample(page);
  expect(counts, 'fetched before anybody asked').toEqual([]);

  await test.step('words that it knows need no word', async () => {
    await framesift.ask('a red car');
    await expect.poll(() => counts.length).toBe(1);
    await expect(advice(page)).toHaveCount(0);
  });

  await test.step('another language', async () => {
    await framesift.ask('ein rotes Auto');
    await expect(advice(page)).toContainText('hardly knows “ein”, “rotes” and “Auto”. It reads English.');
    await expect(advice(page).getByRole('button')).toHaveCount(0);
    await expect(framesift.verdict).toContainText('does not know these words');
    await expect(framesift.verdict).not.toContainText('Nothing');
  });

  await test.step('a misspelling', async () => {
    await framesift.ask('a red bycicle');
    await expect(advice(page)).toContainText('hardly knows “bycicle”');
    await advice(page).getByRole('button', { name: 'Ask for “a red bicycle”' }).click();
    await expect(framesift.answerStatus).toContainText('for “a red bicycle”');
    await expect(framesift.questionBox).toHaveValue('a red bicycle');
    await expect(advice(page)).toHaveCount(0);
  });

  await test.step('words that stand for signs', async () => {
    await framesift.ask('trees NOT car');
    await advice(page).getByRole('button', { name: 'Ask for “trees - car”' }).click();
    await expect(framesift.answerStatus).toContainText('for “trees - car”');
    await framesift.ask('a beach OR a mountain');
    await expect(advice(page).getByRole('button', { name: 'Ask for “a beach | a mountain”' })).toBeVisible();
  });

  await test.step('only what must not be seen: what shall be is typed before it', async () => {
    await framesift.ask('no car');
    await advice(page)
      .getByRole('button', { name: /“- car”/ })
      .click();
    await page.keyboard.type('a street');
    await expect(framesift.questionBox).toHaveValue('a street - car');
  });

  await test.step('a list with marks', async () => {
    await framesift.questionBox.fill('');
    await framesift.questionBox.evaluate((box) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', '- a sandy beach\n- a coral reef\n');
      box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    await expect(framesift.questionBox).toHaveValue('a sandy beach | a coral reef');
  });
  expect(counts).toHaveLength(1);
  expect(framesift.problems).toEqual([]);
});

test('all of a long question counts, and what is too long says so', async ({ page }) => {
  const framesift = await openWithSample(page);
  const start =
    'a wide quiet place in the early morning light seen from far away with nobody in sight and a pale clear sky ' +
    'above it all while a soft wind blows over the whole of it and ';
  const embeddings = await page.evaluate(
    async ([beach, car]) => [
      Array.from(await window.framesift.encodeText(beach!)),
      Array.from(await window.framesift.encodeText(car!)),
    ],
    [`${start} a sandy beach`, `${start} a red car`],
  );
  const cosine = embeddings[0]!.reduce((sum, value, i) => sum + value * embeddings[1]![i]!, 0);
  expect(cosine).toBeLessThan(0.99);

  await framesift.questionBox.fill('very '.repeat(120) + 'red car');
  await framesift.questionBox.press('Enter');
  await expect(page.getByTestId('query-problem')).toContainText('Ask in 500 or fewer');
});

test('Esc ends what an input method composes, and not the question', async ({ page }) => {
  const framesift = await openWithSample(page);
  await framesift.questionBox.fill('a red car');
  await framesift.questionBox.evaluate((box) => {
    const escape = { key: 'Escape', bubbles: true, cancelable: true };
    box.dispatchEvent(new KeyboardEvent('keydown', { ...escape, isComposing: true, keyCode: 229 }));
  });
  await expect(framesift.questionBox).toHaveValue('a red car');
  await framesift.questionBox.press('Escape');
  await expect(framesift.questionBox).toHaveValue('');
});
