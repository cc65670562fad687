import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import type { Page } from '@playwright/test';
import { writeInvitation } from '@/lib/protocol/invitation';
import type { ClipDetails } from '@/lib/protocol/clips';
import { pushClip } from '@/lib/sync/push-clip';
import { makeClip, startTestServer, type TestDevice, type TestServer } from '../support/library-server';
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

/** Frames of the second clip in the library. */
const YARD_FRAMES = 40;

/** Puts the beginning of the one clip that a library has into it once more, as another clip. Returns its id. */
async function shareBeginningOf(
  { client }: TestDevice,
  description: string,
  details: Partial<ClipDetails> = {},
): Promise<string> {
  const [original] = (await client.changes(0)).changes;
  const rows = (await client.readRows(original!.clip, original!.revision, 0)).rows.slice(0, YARD_FRAMES);
  const numbers = rows.map(({ frameIndex }) => frameIndex + 1);
  const pictures = await client.readPictures(original!.clip, original!.revision, numbers);
  const own = rows.map(({ frame, vector, ...row }) => ({
    ...row,
    frame: frame && { ...frame, id: randomUUID() },
    vector: vector && { ...vector, id: randomUUID() },
  }));
  const clip = await makeClip({ description, rows: own, pictures });
  Object.assign(clip.request.details, details);
  await pushClip(client, clip);
  return clip.clip;
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
    const states = () => library.queryAsOwner(yard, 'select state from clips order by change_seq');
    await expect.poll(states).toEqual([{ state: 'live' }]);
    const yardClip = await shareBeginningOf(await library.makeDevice(yard), 'Backyard');
    await ben.page.goto(await invite());
    const joining = ben.page.getByTestId('libraries-dialog');
    await joining.getByRole('radio', { name: 'are searched there' }).check();
    await joining.getByRole('button', { name: 'Join' }).click();

    // Ben gets the list, the clip that he looks at comes with its frames, and he asks.
    await expect(joining.getByTestId('sync-status')).toContainText('Up to date');
    await ben.page.keyboard.press('Escape');
    await expect(ben.clips).toHaveCount(2);
    await expect(ben.clips.filter({ hasText: 'there' })).toHaveText([/Backyard.*40 frames there/]);
    await ben.waitUntilReady();
    expect(ben.page.url()).not.toContain('fsi_');
    expect(await ben.page.evaluate(() => crossOriginIsolated)).toBe(true);
    const question = 'a red car';
    const found = await ben.ask(question);
    await page.keyboard.press('Escape');
    expect(found).toEqual(await anna.ask(question));
    expect(await ben.scan()).toMatchObject({ orphanFiles: [], missingFiles: [], wrongRows: [] });

    // All clips at once: those that the library alone has are searched there, with their pictures.
    await ben.page.getByRole('button', { name: 'Search in: This clip' }).click();
    await ben.page.getByRole('radio', { name: 'All 2 clips' }).click();
    await ben.page.keyboard.press('Escape');
    await expect(ben.answerStatus).toContainText('of 2 clips');
    // The console asks as the page does.
    const shown = (await ben.shownFrames()).map(({ frameIndex, timestampMs }) => [frameIndex, timestampMs]);
    const asked = await ben.page.evaluate((text) => window.framesift.ask(null, text), question);
    expect(asked.failed).toEqual([]);
    expect(asked.frames.map(({ frameIndex, timestampMs }) => [frameIndex, timestampMs]).sort()).toEqual(
      shown.sort(),
    );
    expect(new Set(asked.frames.map(({ clipId }) => clipId))).toContain(yardClip);
    const fromYard = ben.page.locator(`[data-testid=frame][data-clip-id="${yardClip}"]`);
    await expect(fromYard.first().locator('img')).toHaveAttribute('src', /^blob:/);

    // He calls it something else while the server is away: his page goes on, and says what is not in an answer.
    await line.stop();
    await ben.ask('a dog');
    await expect(ben.page.getByTestId('library-parts')).toContainText('“Yard” is not in this answer.');
    await expect(ben.answerStatus).not.toContainText('of 2 clips');
    const without = await ben.page.evaluate(() => window.framesift.ask(null, 'a dog'));
    expect([without.clipsSearched, without.failed.map(({ message }) => message)]).toEqual([
      1,
      [expect.stringContaining('does not answer')],
    ]);
    await ben.page.getByRole('button', { name: 'Rename this clip' }).click();
    await ben.page.getByLabel('Name of this clip').fill('Cars and dogs');
    await ben.page.keyboard.press('Enter');
    await expect(ben.clips).toContainText(['Cars and dogs']);
    await ben.page.getByTestId('libraries-button').click();
    const away = ben.page.getByTestId('libraries-dialog');
    await expect(away.getByTestId('sync-status')).toContainText('does not answer');
    await expect(away).toContainText('change to send');
    expect(await ben.page.evaluate(() => window.framesift.listClips().then(({ length }) => length))).toBe(2);
    line = await listen(library, port);
    await away.getByRole('button', { name: 'Sync now' }).click();
    await expect(away.getByTestId('sync-status')).toContainText('Up to date');

    // The frames of a clip come when he opens one of them.
    await ben.page.keyboard.press('Escape');
    await ben.ask(question);
    await fromYard.first().click();
    await expect(ben.clips.filter({ hasText: 'there' })).toHaveCount(0);
    await expect(ben.answerStatus).toContainText('of 2 clips');
    expect(await ben.scan()).toMatchObject({ orphanFiles: [], missingFiles: [], wrongRows: [] });
    await ben.page.getByTestId('libraries-button').click();

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
    await expect.poll(states).toEqual([{ state: 'live' }, { state: 'deleted' }]);
    await away.getByRole('button', { name: 'Sync now' }).click();
    await ben.page.keyboard.press('Escape');
    await expect(away).toHaveCount(0);
    await expect(ben.clips).toHaveText([/Backyard/]);
    expect((await ben.storedFiles()).filter((path) => !path.includes(yardClip))).toEqual([]);
    expect(anna.problems).toEqual([]);
    // The server was away once.
    expect(ben.problems.filter((text) => !text.includes('net::ERR_CONNECTION_REFUSED'))).toEqual([]);
  } finally {
    await line.stop();
    await library.stop();
  }
});

test('a file whose frames a library has is not read, but takes them', async ({ page, baseURL, other }) => {
  const library = await startTestServer({ origins: [baseURL!] });
  const line = await listen(library);
  const server = `http://127.0.0.1:${line.port}`;
  const yard = await library.makeWorkspace('Yard');
  const invite = async () => writeInvitation(`${baseURL}/`, { server, secret: await library.invite(yard) });
  const joinByLink = async (on: Page) => {
    await on.goto(await invite());
    const joining = on.getByTestId('libraries-dialog');
    await joining.getByRole('radio', { name: 'are searched there' }).check();
    await joining.getByRole('button', { name: 'Join' }).click();
    return joining;
  };
  try {
    // Anna shares the sample; Ben is in the library, and has another clip of it on his screen.
    const dialog = await joinByLink(page);
    await dialog.getByRole('checkbox', { name: /framesift-sample/ }).check();
    const states = () => library.queryAsOwner(yard, 'select state from clips');
    await expect.poll(states).toEqual([{ state: 'live' }]);
    const device = await library.makeDevice(yard);
    await shareBeginningOf(device, 'Backyard', { file_fingerprint: 'another' });
    const ben = new FramesiftPage(other);
    await (await joinByLink(other)).getByTestId('sync-status').getByText('Up to date').waitFor();
    await other.keyboard.press('Escape');
    await ben.waitUntilReady();
    await ben.clips.filter({ hasText: 'Backyard' }).getByRole('button').first().click();
    await expect(ben.clipSummary).toContainText('in the library');

    // He opens the file of hers.
    await ben.dropClip();
    await expect(
      other.getByText(/has \d+ frames of this file already, so that it need not be read\./),
    ).toBeVisible();
    await other.getByRole('button', { name: 'Use them' }).click();
    await expect(other.getByTestId('player')).toBeVisible();
    await expect(ben.clips.filter({ hasText: 'there' })).toHaveCount(0);
    await expect(ben.clips).toHaveCount(2);
    expect((await ben.ask('a red car')).length).toBeGreaterThan(0);
    // Nothing was embedded here: the ids of its vectors are those of the library.
    const ids = (rows: Record<string, unknown>[]) => rows.map(({ id }) => String(id)).sort();
    const sql = 'select v.id from frame_embeddings v join events e on e.id = v.event_id';
    expect(ids(await ben.query(sql))).toEqual(ids(await library.queryAsOwner(yard, sql)));
    expect(await ben.scan()).toMatchObject({ orphanFiles: [], missingFiles: [], wrongRows: [] });
    expect(ben.problems).toEqual([]);
  } finally {
    await line.stop();
    await library.stop();
  }
});

test('a file is found in a library before its clip is in the list', async ({ page, baseURL, other }) => {
  const library = await startTestServer({ origins: [baseURL!] });
  const line = await listen(library);
  const server = `http://127.0.0.1:${line.port}`;
  const yard = await library.makeWorkspace('Yard');
  const invite = async () => writeInvitation(`${baseURL}/`, { server, secret: await library.invite(yard) });
  try {
    await page.goto(await invite());
    const dialog = page.getByTestId('libraries-dialog');
    await dialog.getByRole('button', { name: 'Join' }).click();
    await other.goto(await invite());
    const joining = other.getByTestId('libraries-dialog');
    await joining.getByRole('button', { name: 'Join' }).click();
    await joining.getByTestId('sync-status').getByText('Up to date').waitFor();
    await other.keyboard.press('Escape');
    const ben = new FramesiftPage(other);
    await ben.waitUntilReady();
    // His page looks for no news by itself.
    await other.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    });
    await dialog.getByRole('checkbox', { name: /framesift-sample/ }).check();
    await expect
      .poll(() => library.queryAsOwner(yard, 'select state from clips'))
      .toEqual([{ state: 'live' }]);
    await expect(ben.clips).toHaveCount(0);
    await ben.dropClip();
    await other.getByRole('button', { name: 'Use them' }).click();
    await expect(other.getByTestId('player')).toBeVisible();
    await expect(ben.clips).toHaveCount(1);
    expect((await ben.ask('a red car')).length).toBeGreaterThan(0);
  } finally {
    await line.stop();
    await library.stop();
  }
});
