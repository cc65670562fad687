import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { FramesiftPage, SAMPLE_CLIP, sample } from './framesift-page';
import { Tap } from './tap';

/*
 * What the service worker promises: the site without a network, whole files and parts of them, and new
 * versions that wait to be asked for. Each test has a tap of its own in front of the site.
 */

test.use({ serviceWorkers: 'allow' });

const [first] = sample.questions;
const SAMPLE_PATH = '/sample/framesift-sample.webm';

let tap: Tap;
test.beforeEach(async ({ baseURL }) => {
  tap = await Tap.open(baseURL!);
});
test.afterEach(() => tap.close());

test('after one visit everything works with the network cut, as an installed app', async ({
  page,
  context,
}) => {
  const visit = new FramesiftPage(page);
  await visit.open('', tap.address);
  await visit.waitUntilStored();
  expect(tap.violations).toEqual([]);
  const devtools = await context.newCDPSession(page);
  await test.step('it can be installed', async () => {
    const { errors } = await devtools.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // A context of tests is a private window, which is the one reason left not to offer it.
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  });
  // What happens to be in the browser's own cache would be luck.
  await devtools.send('Network.clearBrowserCache');
  tap.shut();
  await context.setOffline(true);
  await page.close();

  const framesift = new FramesiftPage(await context.newPage());
  await framesift.open('?provider=wasm', tap.address);
  await test.step('it is the same site: isolated, with its policy', async () => {
    expect(await framesift.page.evaluate(() => window.crossOriginIsolated)).toBe(true);
    await expect(framesift.provider).toHaveText(/^WASM, \d+ threads?$/);
    const policy = await framesift.page.evaluate(async () =>
      (await fetch('/')).headers.get('content-security-policy'),
    );
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });
  await test.step('the sample is read and answers', async () => {
    await framesift.page.getByRole('button', { name: 'Try the sample clip' }).click();
    await framesift.waitUntilRead();
    await framesift.page.getByRole('button', { name: first!.text, exact: true }).click();
    await expect(framesift.answerStatus).toContainText(`for “${first!.text}”`);
    await expectAnswer(framesift);
  });
  await test.step('so does a clip that is dropped, and the library after a reload', async () => {
    await framesift.dropClip();
    await expect(framesift.page.getByText('This file is in the library')).toBeVisible();
    await framesift.page.reload();
    await framesift.waitUntilReady();
    await framesift.ask(first!.text);
    await expectAnswer(framesift);
  });
  expect(framesift.problems).toEqual([]);
  // The browser itself looks for a new version; nothing else was missed.
  expect(tap.refused.filter((path) => path !== '/sw.js')).toEqual([]);

  await test.step('parts of the sample clip can be asked for, and a player can jump in it', async () => {
    expect(await readPart(framesift.page)).toEqual(partOfSample);
    const reached = await framesift.page.evaluate(async (src) => {
      const video = document.createElement('video');
      video.src = src;
      await new Promise((resolve, reject) => {
        video.onloadeddata = resolve;
        video.onerror = reject;
      });
      video.currentTime = video.duration * 0.9;
      await new Promise((resolve) => (video.onseeked = resolve));
      return { share: video.currentTime / video.duration, width: video.videoWidth };
    }, SAMPLE_PATH);
    expect(reached.share).toBeCloseTo(0.9, 2);
    expect(reached.width).toBe(640);
  });
  await test.step('what is not stored comes from the site, and a part is not taken for the whole', async () => {
    expect(await framesift.page.evaluate(() => caches.delete('framesift-on-use'))).toBe(true);
    tap.reopen();
    await context.setOffline(false);
    expect(await readPart(framesift.page)).toEqual(partOfSample);
    const stored = await framesift.page.evaluate(
      async () => (await (await caches.open('framesift-on-use')).keys()).length,
    );
    expect(stored).toBe(0);
  });
});

const wholeSample = readFileSync(SAMPLE_CLIP);
const partOfSample = {
  status: 206,
  range: `bytes 1000-1099/${wholeSample.length}`,
  bytes: Array.from(wholeSample.subarray(1000, 1100)),
};

function readPart(page: Page): Promise<typeof partOfSample> {
  return page.evaluate(async (path) => {
    const response = await fetch(path, { headers: { Range: 'bytes=1000-1099' } });
    const bytes = Array.from(new Uint8Array(await response.arrayBuffer()));
    return { status: response.status, range: response.headers.get('content-range') ?? '', bytes };
  }, SAMPLE_PATH);
}

async function expectAnswer(framesift: FramesiftPage): Promise<void> {
  const [best] = await framesift.shownFrames();
  expect(best!.timestampMs).toBeGreaterThanOrEqual(first!.startMs);
  expect(best!.timestampMs).toBeLessThanOrEqual(first!.endMs);
}

/** Which of the two versions of the test below a page shows. */
const versionOf = (page: Page) =>
  page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=test-version]')?.content ?? '1');

test('a new version is announced, waits for other tabs, and comes when it is asked for', async ({
  page,
  context,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open('', tap.address);
  await framesift.waitUntilStored();
  tap.replace('/', (html) => html.replace('<title>', '<meta name="test-version" content="2"/><title>'));
  tap.replace('/sw.js', (script) => script.replace('{"url":"/","revision":"', '{"url":"/","revision":"2'));
  await framesift.startSample('2 a second');
  await expect(page.getByTestId('ingest')).toBeVisible();

  // Opening the site is when a browser looks for a new service worker.
  const other = new FramesiftPage(await context.newPage());
  await other.open('', tap.address);
  await test.step('it is announced in every tab and forced on none', async () => {
    await expect(page.getByText('A new version is ready.')).toBeVisible({ timeout: 60_000 });
    await expect(other.page.getByText('A new version is ready.')).toBeVisible();
    await framesift.waitUntilRead();
    expect([await versionOf(page), await versionOf(other.page)]).toEqual(['1', '1']);
    await other.page.reload();
    await other.waitUntilReady();
    expect(await versionOf(other.page)).toBe('1');
  });
  await test.step('it does not take the files of another tab away', async () => {
    await page.getByRole('button', { name: 'Reload', exact: true }).click();
    await expect(page.getByText('1 other tab of this browser still shows this one')).toBeVisible();
    expect(await versionOf(page)).toBe('1');
    await other.page.close();
  });
  await test.step('it comes when it is asked for', async () => {
    await page.getByRole('button', { name: 'Reload', exact: true }).click();
    await expect.poll(() => versionOf(page).catch(() => 'loading')).toBe('2');
    await framesift.waitUntilReady();
    await expect(page.getByText('A new version is ready')).toHaveCount(0);
    await framesift.ask(first!.text);
    await expectAnswer(framesift);
  });
  expect(framesift.problems).toEqual([]);
});

test('a browser that stores nothing gets a page that works', async ({ page }) => {
  await page.addInitScript(() => {
    ServiceWorkerContainer.prototype.register = () => Promise.reject(new Error('refused'));
  });
  const framesift = new FramesiftPage(page);
  await framesift.open('', tap.address);
  await framesift.provider.click();
  await expect(page.getByTestId('offline')).toHaveText('not possible in this window');
  await page.keyboard.press('Escape');
  await framesift.readSample('1 every 5 seconds');
  await framesift.ask(first!.text);
  expect(framesift.problems).toEqual([]);
});
