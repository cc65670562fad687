import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { LARGEST_FILE_BYTES, readServedFiles, type BuildTarget } from '@/scripts/deploy/built-site';
import { findInlineScripts, findInlineStyles } from '@/scripts/deploy/inline-scripts';
import { readOfflineFiles } from '@/scripts/deploy/service-worker';
import { contentSecurityPolicy, permissionsPolicy } from '@/scripts/deploy/site-headers';
import { FramesiftPage, sample } from '../browser/framesift-page';

/*
 * What docs/deploy.md promises of both builds, seen from outside: `npm run check:deploy` serves each and runs
 * this against it.
 */

const root = join(import.meta.dirname, '../..');
const FOR_EVER = 'public, max-age=31536000, immutable';

const SECURITY = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': contentSecurityPolicy(),
  'permissions-policy': permissionsPolicy(),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const targetOf = (metadata: object) => (metadata as { target: BuildTarget }).target;

test('every file has the headers that it should, and what is named by its content is kept for ever', async ({
  request,
}) => {
  const serviceWorker = await (await request.get('/sw.js')).text();
  const { always, onUse } = readOfflineFiles(serviceWorker);
  const files = [...always, ...onUse];
  // The page, chunks, all three engines, what the database starts from, the model: an empty list would prove nothing.
  for (const wanted of [
    /^\/$/,
    /\.js$/,
    /ort-wasm.*\.wasm$/,
    /\.jspi\..*\.wasm$/,
    /pglite.*\.wasm$/,
    /prepared-database.*\.gz$/,
    /vision_model.*\.onnx$/,
  ]) {
    expect(files.filter(({ url }) => wanted.test(url)).length, String(wanted)).toBeGreaterThan(0);
  }
  for (const { url, revision } of [...files, { url: '/sw.js', revision: 'changes' }]) {
    const response = await request.head(url);
    expect(response.status(), url).toBe(200);
    const headers = response.headers();
    expect(headers, url).toMatchObject(SECURITY);
    const isNamedByContent = revision === null;
    if (isNamedByContent) expect(headers['cache-control'], url).toBe(FOR_EVER);
    else expect(headers['cache-control'], url).not.toMatch(/immutable|s-maxage|max-age=[1-9]/);
    // The page unpacks it itself.
    if (url.endsWith('.gz')) expect(headers['content-encoding'], url).toBeUndefined();
    if (url.endsWith('.wasm')) expect(headers['content-type'], url).toBe('application/wasm');
  }
});

test('no file is over 25 MiB', () => {
  const files = readServedFiles(root, targetOf(test.info().project.metadata));
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter(({ bytes }) => bytes.length > LARGEST_FILE_BYTES).map(({ url }) => url)).toEqual([]);
});

test('pages hold no inline code, also the one for addresses that do not exist', async ({ request }) => {
  for (const [path, status] of [
    ['/', 200],
    ['/no/such/page', 404],
  ] as const) {
    const response = await request.get(path);
    expect(response.status(), path).toBe(status);
    expect(response.headers(), path).toMatchObject(SECURITY);
    const html = await response.text();
    expect(html).toContain('<script');
    expect([...findInlineScripts(html), ...findInlineStyles(html)], path).toEqual([]);
  }
});

test('a folder of files carries its policy itself, for hosts without headers', async ({ page }, {
  project,
}) => {
  test.skip(targetOf(project.metadata) !== 'static', 'A Next host always sends headers.');
  await page.route('**/*', async (route) => {
    const response = await route.fetch();
    const { 'content-type': type } = response.headers();
    await route.fulfill({ response, headers: type === undefined ? {} : { 'content-type': type } });
  });
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.provider).toHaveText('WASM, 1 thread');
  const refused = await page.evaluate(async () => {
    const violation = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
        resolve(effectiveDirective),
      );
    });
    const script = document.createElement('script');
    script.textContent = 'window.intruded = true';
    document.body.append(script);
    return violation;
  });
  expect(refused).toBe('script-src-elem');
});

test('the page is isolated and answers a question', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  expect(await page.evaluate(() => window.crossOriginIsolated)).toBe(true);
  await expect(framesift.provider).toHaveText(/^WASM, \d+ threads$/);
  await framesift.readSample();
  const [question] = sample.questions;
  const [best] = await framesift.ask(question!.text);
  expect(best!.timestampMs).toBeGreaterThanOrEqual(question!.startMs);
  expect(best!.timestampMs).toBeLessThanOrEqual(question!.endMs);
  expect(framesift.problems).toEqual([]);
});

test('the library server is beside the page of a Next host, and not in a folder of files', async ({
  request,
}, { project }) => {
  const response = await request.get('/library/v1/');
  expect(response.status()).toBe(404);
  const isServer = targetOf(project.metadata) === 'server';
  const type = response.headers()['content-type'];
  if (isServer) expect(type).toBe('application/problem+json');
  else expect(type).not.toContain('json');
});
