import {
  COLUMNS_SQL,
  CONSTRAINTS_SQL,
  INDEXES_SQL,
  SERVER_COLUMNS,
  SERVER_CONSTRAINTS,
  SERVER_INDEXES,
} from '../contract/server-catalog';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

test("the live database's frame_embeddings is the server's, letter for letter", async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const table = ['frame_embeddings'];
  expect(await framesift.query(COLUMNS_SQL, table)).toEqual(SERVER_COLUMNS);
  expect(await framesift.query(CONSTRAINTS_SQL, table)).toEqual(SERVER_CONSTRAINTS);
  expect(await framesift.query(INDEXES_SQL, table)).toEqual(SERVER_INDEXES);
});

test('the database is persistent, of the newest major, and refuses to write for the console', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.provider.click();
  await expect(page.getByTestId('store')).toHaveText(/PostgreSQL 18\.\d+.*, in this site’s private files/);
  const write = framesift.query(
    `insert into events (id, timestamp, description, created_at) values ('x', now(), 'x', now())`,
  );
  await expect(write).rejects.toThrow(/read-only transaction/);
});

test('a first open that was cut off is begun again', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await page.goto('/sample/sample.json');
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    await root.getFileHandle('framesift-pg18-v1.making', { create: true });
    const directory = await root.getDirectoryHandle('framesift-pg18-v1', { create: true });
    // PGlite's record of its files, with the first of a thousand.
    const file = { type: 'file', lastModified: 0, mode: 0o100600, backingFilename: 'first' };
    const record = {
      root: { type: 'directory', lastModified: 0, mode: 0o40700, children: { PG_VERSION: file } },
      pool: [],
    };
    const write = async (to: FileSystemDirectoryHandle, name: string, text: string) => {
      const writer = await (await to.getFileHandle(name, { create: true })).createWritable();
      await writer.write(text);
      await writer.close();
    };
    await write(directory, 'state.txt', JSON.stringify(record));
    await write(await directory.getDirectoryHandle('data', { create: true }), 'first', '18\n');
  });
  await framesift.open();
  expect(await framesift.query('select count(*)::int as clips from events')).toEqual([{ clips: 0 }]);
  const left = await page.evaluate(async () => {
    const names: string[] = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names;
  });
  expect(left).not.toContain('framesift-pg18-v1.making');
});
