import { FramesiftPage, sample, SOUND } from './framesift-page';
import { expect, test } from '@playwright/test';

// What a browser without access handles has: files by streams, and PostgreSQL in IndexedDB.
test.use({ serviceWorkers: 'block' });

const WITHOUT_HANDLES = `if (typeof FileSystemFileHandle === 'function') delete FileSystemFileHandle.prototype.createSyncAccessHandle;\n`;

test('where files cannot be edited in place, the library lies in IndexedDB and survives a reload (#20, #22)', async ({
  page,
}) => {
  let changed = 0;
  await page.route('**/*.js', async (route) => {
    const response = await route.fetch();
    changed += 1;
    await route.fulfill({ response, body: WITHOUT_HANDLES + (await response.text()) });
  });
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.readSample();
  expect(changed).toBeGreaterThan(5);
  const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  expect(await databases()).toEqual(['/pglite/framesift-pg18-v1']);
  const [question] = sample.questions;
  const before = await framesift.ask(question!.text);
  expect(before.length).toBeGreaterThan(0);
  const rows = () => framesift.query('select id, embedding from frame_embeddings order by frame_index');
  const stored = await rows();

  await page.reload();
  await framesift.waitUntilReady();
  expect(await rows()).toEqual(stored);
  expect(await framesift.ask(question!.text)).toEqual(before);
  expect(await framesift.scan()).toEqual(SOUND);

  await page.getByRole('button', { name: /^Delete framesift-sample/ }).click();
  await expect.poll(rows, { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => framesift.storedFiles()).toEqual([]);
  expect(framesift.problems).toEqual([]);
});
