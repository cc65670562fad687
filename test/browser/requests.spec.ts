import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { FramesiftPage, SAMPLE_CLIP, sample } from './framesift-page';
import { RecordingProxy } from './recording-proxy';

/*
 * Issue 22: every request of a whole visit, of the page, its workers and its service worker, as a proxy sees them.
 */

const question = sample.questions[0]!.text;

test('no request of a visit leaves the site, and none takes anything of a clip or a question along (#22)', async ({
  browser,
  baseURL,
}) => {
  const proxy = await RecordingProxy.open();
  const context = await browser.newContext({
    baseURL: baseURL!,
    serviceWorkers: 'allow',
    acceptDownloads: true,
    proxy: proxy.option,
  });
  const page = await context.newPage();
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.waitUntilStored();
  // Under a name of its own: the site has the sample clip too, and stores it for a visit without a network.
  await framesift.drop({ name: 'my holiday.webm', type: 'video/webm', bytes: readFileSync(SAMPLE_CLIP) });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  await framesift.ask(question);
  await page.getByTestId('frame').first().click();
  for (const item of ['Table', 'ZIP']) {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: item }).click();
    await (await download).delete();
  }
  const backup = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Back up' }).click();
  await (await backup).delete();
  await page.reload();
  await framesift.waitUntilReady();
  await framesift.ask(question);
  const words = [question, 'my holiday', ...(await clipIds(framesift))];
  await page.getByRole('button', { name: /^Delete my holiday/ }).click();
  await expect(page.getByText('No clips yet.')).toBeVisible();

  const origins = new Set(
    proxy.sent.map(({ method, url }) => (method === 'CONNECT' ? url : new URL(url).origin)),
  );
  expect([...origins]).toEqual([new URL(baseURL!).origin]);
  expect(proxy.sent.length).toBeGreaterThan(20);
  expect(new Set(proxy.sent.map(({ method }) => method))).toEqual(new Set(['GET']));
  expect(proxy.sent.filter(({ bodyBytes }) => bodyBytes > 0)).toEqual([]);
  const telling = proxy.sent.filter(({ url }) => {
    const told = decodeURIComponent(url.replaceAll('+', ' '));
    return words.some((word) => told.includes(word));
  });
  expect(telling).toEqual([]);

  await test.step('what a worker or a service worker sends elsewhere would have been seen', async () => {
    const before = proxy.sent.length;
    const ask = (host: string) => void fetch(`https://${host}.example/`).catch(() => null);
    await page.workers()[0]!.evaluate(ask, 'worker');
    await context.serviceWorkers()[0]!.evaluate(ask, 'service-worker');
    const hosts = () =>
      proxy.sent
        .slice(before)
        .map(({ url }) => url)
        .filter((url) => url.includes('.example'))
        .sort();
    await expect.poll(hosts).toEqual(['service-worker.example:443', 'worker.example:443']);
  });
  await context.close();
  await proxy.close();
});

async function clipIds(framesift: FramesiftPage): Promise<string[]> {
  return (await framesift.query('select id from events')).map(({ id }) => String(id));
}
