import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import type { Page } from '@playwright/test';
import { writeInvitation } from '@/lib/protocol/invitation';
import { startTestServer, type TestServer } from '../support/library-server';
import { FramesiftPage } from './framesift-page';
import { contextOptions, expect, openCopy, test as base } from './returning';

/** Two browsers: one that has the sample clip, and one that has nothing. */
const test = base.extend<{ other: Page }>({
  other: async ({ playwright, launchOptions, baseURL, profiles }, use) => {
    const options = { ...launchOptions, ...contextOptions(baseURL) };
    const owned = await openCopy(playwright, await profiles('empty'), options);
    await use(owned.context.pages()[0] ?? (await owned.context.newPage()));
    await owned.close();
  },
});

/** Listens at another origin than the page's, for as long as it is wanted. */
async function listen({ server }: TestServer, port = 0) {
  const listener = createAdaptorServer({ fetch: server.fetch });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    stop: async () => {
      const closed = once(listener, 'close');
      listener.close();
      if ('closeAllConnections' in listener) listener.closeAllConnections();
      await closed;
    },
  };
}

test('two devices share a clip through a server on another origin, which may be away', async ({
  page,
  baseURL,
  other,
}) => {
  const library = await startTestServer({ origins: [baseURL!] });
  let line = await listen(library);
  const { port } = line;
  const server = `http://127.0.0.1:${port}`;
  const yard = await library.makeWorkspace('Yard');
  const invite = async () => writeInvitation(`${baseURL}/`, { server, secret: await library.invite(yard) });
  try {
    const anna = new FramesiftPage(page);
    await anna.open();
    const ben = new FramesiftPage(other);

    // Anna joins by hand, Ben by the link; she shares her clip.
    await page.getByTestId('libraries-button').click();
    const dialog = page.getByTestId('libraries-dialog');
    await dialog.getByLabel('Invitation’s link').fill(await invite());
    await dialog.getByLabel('What others call this device').fill('Anna’s laptop');
    await dialog.getByRole('button', { name: 'Join' }).click();
    await dialog.getByRole('checkbox', { name: /framesift-sample/ }).check();
    await ben.page.goto(await invite());
    await ben.page.getByTestId('libraries-dialog').getByRole('button', { name: 'Join' }).click();
    await expect(dialog.getByTestId('sync-status')).toContainText('Up to date');

    // Ben gets it, and asks.
    await expect(ben.clips).toHaveCount(1);
    await ben.page.keyboard.press('Escape');
    await ben.waitUntilReady();
    expect(ben.page.url()).not.toContain('fsi_');
    expect(await ben.page.evaluate(() => crossOriginIsolated)).toBe(true);
    const question = 'a red car';
    const found = await ben.ask(question);
    await page.keyboard.press('Escape');
    expect(found).toEqual(await anna.ask(question));
    expect(await ben.scan()).toMatchObject({ orphanFiles: [], missingFiles: [], wrongRows: [] });

    // He calls it something else while the server is away: his page goes on.
    await line.stop();
    await ben.page.getByRole('button', { name: 'Rename this clip' }).click();
    await ben.page.getByLabel('Name of this clip').fill('Cars and dogs');
    await ben.page.keyboard.press('Enter');
    await expect(ben.clips).toContainText(['Cars and dogs']);
    await ben.page.getByTestId('libraries-button').click();
    const away = ben.page.getByTestId('libraries-dialog');
    await expect(away.getByTestId('sync-status')).toContainText('does not answer');
    await expect(away).toContainText('change to send');
    expect(await ben.page.evaluate(() => window.framesift.listClips().then(({ length }) => length))).toBe(1);
    line = await listen(library, port);
    await away.getByRole('button', { name: 'Sync now' }).click();
    await expect(away.getByTestId('sync-status')).toContainText('Up to date');

    // Anna sees it, and deletes the clip; Ben loses it.
    await page.bringToFront();
    await page.getByTestId('libraries-button').click();
    await dialog.getByRole('button', { name: 'Sync now' }).click();
    // What lies behind a dialog is hidden from screen readers, and from locators by role.
    await page.keyboard.press('Escape');
    await expect(anna.clips).toContainText(['Cars and dogs']);
    await page.evaluate(async () => {
      const [clip] = await window.framesift.listClips();
      await window.framesift.deleteClip(clip!.id);
    });
    await expect
      .poll(() => library.queryAsOwner(yard, 'select state from clips'))
      .toEqual([{ state: 'deleted' }]);
    await away.getByRole('button', { name: 'Sync now' }).click();
    await ben.page.keyboard.press('Escape');
    await expect(away).toHaveCount(0);
    await expect(ben.clips).toHaveCount(0);
    expect(await ben.storedFiles()).toEqual([]);
    expect(anna.problems).toEqual([]);
    // The server was away once.
    expect(ben.problems.filter((text) => !text.includes('net::ERR_CONNECTION_REFUSED'))).toEqual([]);
  } finally {
    await line.stop();
    await library.stop();
  }
});
