import { expect, test } from '@playwright/test';
import {
  COLUMNS_SQL,
  CONSTRAINTS_SQL,
  INDEXES_SQL,
  SERVER_COLUMNS,
  SERVER_CONSTRAINTS,
  SERVER_INDEXES,
} from '../contract/server-frame-embeddings';
import { FramesiftPage } from './framesift-page';

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
  await framesift.engine.click();
  await expect(page.getByTestId('store')).toHaveText(/PostgreSQL 18\.\d+.*, in this site’s private files/);
  const write = framesift.query(
    `insert into events (id, timestamp, description, created_at) values ('x', now(), 'x', now())`,
  );
  await expect(write).rejects.toThrow(/read-only transaction/);
});
