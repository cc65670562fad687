import { endTab, keepAddingClips, TAB_ENDS } from '@/scripts/torture/tabs-at-work';
import { FramesiftPage, sample, SOUND } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

const LOCK = 'pglite-election-lock:framesift-pg18-v1:opfs-ahp';

const DAY_MS = 24 * 60 * 60 * 1000;

test('a tab that the browser puts to sleep gives the library to another, and joins it when it wakes up (#22)', async ({
  page,
  context,
}) => {
  const first = new FramesiftPage(page);
  await page.clock.install();
  await first.open();
  const other = new FramesiftPage(await context.newPage());
  await other.open();
  const clips = 'select id from events order by id';
  await page.evaluate(() => window.framesift.createClip({ id: 'a', description: 'before' }));
  // Headless Chromium freezes no page that is shown, and driven keeps none in its back/forward cache: the events stand for it.
  await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
  await other.page.evaluate(() => window.framesift.createClip({ id: 'b', description: 'meanwhile' }));
  expect(await other.query(clips)).toEqual([{ id: 'a' }, { id: 'b' }]);
  await page.clock.fastForward(DAY_MS);
  await page.evaluate(() => document.dispatchEvent(new Event('resume')));
  expect(await first.query(clips)).toEqual([{ id: 'a' }, { id: 'b' }]);
  await expect(first.clips).toHaveCount(2);

  // The one that owns it now is left for another page, and comes back.
  const turn = (type: string) =>
    other.page.evaluate(
      (name) => void dispatchEvent(new PageTransitionEvent(name, { persisted: true })),
      type,
    );
  await turn('pagehide');
  await page.evaluate(() => window.framesift.createClip({ id: 'c', description: 'meanwhile' }));
  await turn('pageshow');
  expect(await other.query(clips)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  await expect(other.clips).toHaveCount(3);

  // The owner closes, and calls of the other are answered all the same.
  const asked = other.query(clips);
  await page.close();
  expect(await asked).toHaveLength(3);
  expect(first.problems).toEqual([]);
  expect(other.problems).toEqual([]);
});

for (const way of TAB_ENDS) {
  test(`an owner that is ${way} hands over, and no verb under way is lost or done twice (#22)`, async ({
    page,
    context,
  }) => {
    const owner = new FramesiftPage(page);
    await owner.open();
    const other = new FramesiftPage(await context.newPage());
    await other.open();
    const stop = await keepAddingClips(other.page);
    // Some are answered by the first owner, some are under way when it ends.
    await other.page.waitForTimeout(1_000);
    await endTab(page, way);
    await other.page.waitForTimeout(3_000);
    const { asked, made, failures } = await stop();
    expect(failures).toEqual([]);
    expect(made).toHaveLength(asked);
    const rows = await other.query('select id from events');
    expect(rows.map(({ id }) => String(id)).sort()).toEqual([...made].sort());
    expect(await other.scan()).toEqual(SOUND);
    expect(other.problems).toEqual([]);
  });
}

test('a clip that one tab reads is refused in another, which goes on with it when the first closes (#20)', async ({
  page,
  context,
}) => {
  const first = new FramesiftPage(page);
  await first.open();
  const second = new FramesiftPage(await context.newPage());
  await second.open();
  await first.startSample('4 a second');
  await expect(page.getByTestId('ingest-count')).toHaveText(/^[1-9]\d* of/);
  await expect.poll(() => second.storedFiles()).toContainEqual(expect.stringMatching(/^clips\//));
  const goOn = second.page.getByRole('button', { name: 'Go on reading' });
  await goOn.click();
  const told = second.page.getByText('This clip is being read in another tab of this site.');
  await expect(told).toBeVisible();
  await expect(second.page.getByTestId('ingest')).toHaveCount(0);
  await expect(page.getByTestId('ingest')).toBeVisible();

  await page.close();
  await expect(told).toHaveCount(0);
  await goOn.click();
  await second.waitUntilRead();
  const total = Math.round((sample.durationMs / 1000) * 4);
  const counts =
    'select count(*)::int as rows, count(distinct frame_index)::int as frames from frame_embeddings';
  expect(await second.query(counts)).toEqual([{ rows: total, frames: total }]);
  expect(await second.scan()).toEqual(SOUND);
  expect(second.problems).toEqual([]);
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
