import { launchOptions } from '@/scripts/host/launch-options';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

// Driven, Chromium keeps no page for its back button unless it is told to.
test.use({
  library: 'empty',
  launchOptions: { ...launchOptions(), ignoreDefaultArgs: ['--disable-back-forward-cache'] },
});

test('a page that was left for another site and comes back has its library, also one that was kept for the back button (#22)', async ({
  page,
  context,
}) => {
  await page.addInitScript(() => {
    addEventListener('pagehide', ({ persisted }) => localStorage.setItem('kept', String(persisted)));
  });
  // Chromium asks for one of every site's plain documents.
  await context.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await page.evaluate(() => window.framesift.createClip({ id: 'a', description: 'before' }));
  const elsewhere = new URL('/manifest.webmanifest', page.url());
  elsewhere.hostname = '127.0.0.1';
  await page.goto(elsewhere.href);

  // Meanwhile another tab has the library, whether the page is asleep or gone.
  const other = new FramesiftPage(await context.newPage());
  await other.open();
  expect(await other.page.evaluate(() => localStorage.getItem('kept'))).toBe('true');
  await other.page.evaluate(() => window.framesift.createClip({ id: 'b', description: 'meanwhile' }));

  await page.goBack();
  await expect(framesift.clips).toHaveCount(2);
  await page.evaluate(() => window.framesift.createClip({ id: 'c', description: 'after' }));
  await expect(other.clips).toHaveCount(3);
  expect(framesift.problems).toEqual([]);
  expect(other.problems).toEqual([]);
});
