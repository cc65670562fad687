/** `npm run screenshot`: the README's picture, of the sample clip answering a question, into docs/images/. */
import { join } from 'node:path';
import { askPage, openReady, root, withServedApp } from './host/served-page';

const [question = 'a red car'] = process.argv.slice(2);

await withServedApp(async (browser, address) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, serviceWorkers: 'block' });
  await openReady(page, address);
  await page.getByRole('button', { name: 'Try the sample clip' }).click();
  await page
    .getByTestId('clip-summary')
    .filter({ hasText: /read in/ })
    .waitFor({ timeout: 300_000 });
  await askPage(page, question);
  await page.getByTestId('frame').first().click();
  await page.waitForFunction(() => {
    const pictures = [...document.querySelectorAll<HTMLImageElement>('[data-testid=frame] img')];
    return (
      pictures.length > 0 && pictures.every(({ complete, naturalWidth }) => complete && naturalWidth > 0)
    );
  });
  // The player's controls fade out.
  await page.waitForTimeout(4_000);
  await page.screenshot({ path: join(root, 'docs/images/answer.png') });
});
