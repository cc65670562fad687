import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

const LOCK = 'pglite-election-lock:framesift-pg18-v1:opfs-ahp';

test('a tab that the browser freezes gives the library to another, and joins it when it wakes up', async ({
  page,
  context,
}) => {
  const first = new FramesiftPage(page);
  await first.open();
  const other = new FramesiftPage(await context.newPage());
  await other.open();
  await page.evaluate(() => window.framesift.createClip({ id: 'a', description: 'before' }));
  // Headless Chromium freezes no page that is shown.
  await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
  await other.page.evaluate(() => window.framesift.createClip({ id: 'b', description: 'meanwhile' }));
  const clips = 'select id from events order by id';
  expect(await other.query(clips)).toEqual([{ id: 'a' }, { id: 'b' }]);
  await page.evaluate(() => document.dispatchEvent(new Event('resume')));
  expect(await first.query(clips)).toEqual([{ id: 'a' }, { id: 'b' }]);
  await expect(first.clips).toHaveCount(2);
  // The one that owns it now closes, and calls of the first are answered all the same.
  const asked = first.query(clips);
  await other.page.close();
  expect(await asked).toHaveLength(2);
  expect(first.problems).toEqual([]);
});

test('a tab with an older build is named, and waited for', async ({ page, context }) => {
  const old = await context.newPage();
  await old.goto('/sample/sample.json');
  await old.evaluate(
    (name) =>
      new Promise<void>((held) => void navigator.locks.request(name, () => new Promise(() => held()))),
    LOCK,
  );
  const framesift = new FramesiftPage(page);
  await page.goto('/');
  await expect(page.getByText('Another Framesift tab has the library and does not answer.')).toBeVisible();
  await expect(page.getByText('Opening the library…').first()).toBeVisible();
  await old.close();
  await framesift.waitUntilReady();
  await expect(page.getByText('Another Framesift tab has the library')).toHaveCount(0);
  expect(await framesift.query('select count(*)::int as clips from events')).toEqual([{ clips: 0 }]);
});
