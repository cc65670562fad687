import { FramesiftPage, sample, SOUND } from './framesift-page';
import { fetchOn } from './fetch-on';
import { expect, test } from '@playwright/test';

// What a browser without access handles has: files by streams, and PostgreSQL in IndexedDB.
test.use({ serviceWorkers: 'block' });

// What the page fetches ahead may still be on its way when a test is over.
test.afterEach(({ page }) => page.unrouteAll({ behavior: 'ignoreErrors' }));

const WITHOUT_HANDLES = `if (typeof FileSystemFileHandle === 'function') delete FileSystemFileHandle.prototype.createSyncAccessHandle;\n`;

test('where files cannot be edited in place, the library lies in IndexedDB and survives a reload (#20, #22)', async ({
  page,
}) => {
  let changed = 0;
  await page.route('**/*.js', async (route) => {
    const response = await fetchOn(route);
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

  // Its files, saved as they are, come back after everything was deleted. Only a library beside the one at work can be saved.
  await page.evaluate(copyDatabase, ['/pglite/framesift-pg18-v1', '/pglite/framesift-pg18-v1.7'] as const);
  await page.reload();
  await framesift.waitUntilReady();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save its files' }).click();
  const saved = await (await saving).path();

  await page.getByRole('button', { name: /^Delete framesift-sample/ }).click();
  await expect.poll(rows, { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => framesift.storedFiles()).toEqual([]);
  await page.getByTestId('file-input').setInputFiles(saved);
  await expect(page.getByText('That library is back beside the one at work.')).toBeVisible();
  expect(await databases()).toContain('/pglite/framesift-pg18-v1.2');
  await page.getByRole('button', { name: 'Open it' }).nth(0).click();
  await expect(framesift.clipSummary).toContainText('frames in the library');
  expect(await rows()).toEqual(stored);
  expect(await framesift.scan()).toEqual(SOUND);
  expect(await framesift.ask(question!.text)).toEqual(before);
  expect(framesift.problems).toEqual([]);
});

/** Copies PGlite's database of one library to that of another. */
async function copyDatabase([from, to]: readonly [string, string]): Promise<void> {
  const answer = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('IndexedDB did not answer.'));
    });
  const source = await answer(indexedDB.open(from));
  const files = source.transaction('FILE_DATA').objectStore('FILE_DATA');
  const [paths, records] = await Promise.all([answer(files.getAllKeys()), answer(files.getAll())]);
  const opening = indexedDB.open(to, source.version);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('FILE_DATA').createIndex('timestamp', 'timestamp');
  };
  const target = await answer(opening);
  const copies = target.transaction('FILE_DATA', 'readwrite').objectStore('FILE_DATA');
  for (const [i, path] of paths.entries())
    await answer(copies.put(records[i], (path as string).replace(from, to)));
  source.close();
  target.close();
}
