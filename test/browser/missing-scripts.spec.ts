import { expect, test } from '@playwright/test';

test('a page whose scripts do not come says so instead of loading for ever', async ({ page }) => {
  await page.route('**/*.js', (route) => route.abort());
  await page.goto('/');
  const sentence = page.getByText(/has not arrived\. Check the connection and reload/);
  await expect(sentence).toBeHidden();
  // Fifteen seconds, which nobody has to wait for.
  await page.evaluate(() => document.getAnimations().forEach((one) => (one.currentTime = 15_001)));
  await expect(sentence).toBeVisible();
});

test.describe('without scripts at all', () => {
  test.use({ javaScriptEnabled: false });

  test('the page says that it needs them', async ({ page }) => {
    await page.goto('/');
    await expect(page.getByText(/Framesift needs JavaScript/)).toBeVisible();
    await expect(page.getByText(/has not arrived/)).toBeHidden();
  });
});
