import { createHash } from 'node:crypto';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { BETTER_MODEL } from '@/lib/models/better-model';
import { filesOf, findModel } from '@/lib/models/catalog';
import { HubServer } from '../support/hub-server';
import { CLIP_VIT_B32, textGraph, visionGraph } from '../support/model-graphs';
import { openAiTokenizerJson, PUBLISHED_CONFIG, PUBLISHED_PREPROCESSOR } from '../support/published-files';
import { FramesiftPage } from './framesift-page';
import { fetchOn } from './fetch-on';

/*
 * The better model is the catalogue's: full-size graphs with random weights stand for it, on a server on this machine, and
 * the page's catalogue is given their lengths and digests on the way to the browser. Nothing is
 * intercepted while the model is fetched, so that the requests are a visitor's.
 */

// A script that a test hands out has no address, so Chromium takes its page for one of the open internet, which must ask
// before it reaches this machine.
test.use({ permissions: ['local-network-access'] });

const READ_TIMEOUT_MS = 200_000;

let hub: HubServer;
test.beforeEach(async () => (hub = await HubServer.start()));
test.afterEach(() => hub.stop());

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Puts the stand-in on the mirror and into the catalogue of the page. */
async function serveBetterModel(page: Page): Promise<void> {
  const entry = findModel(BETTER_MODEL.modelId)!;
  if (entry.origin.kind !== 'hub') throw new Error('Not on the Hub.');
  const folder = `${entry.origin.repository}/resolve/${entry.origin.revision}`;
  const contents: Record<string, Uint8Array> = {
    'config.json': json(PUBLISHED_CONFIG),
    'preprocessor_config.json': json(PUBLISHED_PREPROCESSOR),
    'tokenizer.json': json(openAiTokenizerJson()),
    'onnx/vision_model_quantized.onnx': visionGraph(CLIP_VIT_B32),
    'onnx/text_model_quantized.onnx': textGraph(CLIP_VIT_B32),
  };
  const facts = filesOf(entry, BETTER_MODEL.dtype)!.map(({ path, sha256 }) => {
    const bytes = contents[path]!;
    hub.serve(`${folder}/${path}`, bytes);
    return { known: sha256!, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  await page.route('**/_next/static/**/*.js', async (route) => {
    const response = await fetchOn(route);
    let body = await response.text();
    for (const { known, bytes, sha256 } of facts) {
      body = body.replace(
        new RegExp(`bytes:(?:0x[0-9a-f]+|\\d+(?:e\\d+)?),sha256:"${known}"`, 'g'),
        `bytes:${bytes},sha256:"${sha256}"`,
      );
    }
    await route.fulfill({ response, body });
  });
  const mirror = hub.baseUrl;
  await page.addInitScript((url) => localStorage.setItem('framesift-model-mirror', url), mirror);
}

test('the better model is one click away from a doubtful answer (#18)', async ({ page }) => {
  test.setTimeout(READ_TIMEOUT_MS + 200_000);
  await serveBetterModel(page);
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const offer = page.getByTestId('better-model');

  await test.step('it is offered on the first clip’s facts', async () => {
    await framesift.dropClip();
    await expect(page.getByTestId('facts')).toBeVisible();
    await expect(offer).toContainText('OpenAI CLIP ViT-B/32');
    await expect(offer.getByRole('button', { name: 'Fetch it before reading' })).toBeVisible();
    await page.getByLabel('Frame rate').selectOption({ label: '1 every 10 seconds' });
    await page.getByRole('button', { name: 'Read the clip' }).click();
    await framesift.waitUntilRead();
  });

  await test.step('a sure answer has no offer, a doubtful one says what, how large, whose and from where', async () => {
    await framesift.ask('a giraffe in a kitchen');
    await expect(offer).toContainText(/details and rare things/);
    await expect(offer).toContainText(/[\d.]+ MB from 127\.0\.0\.1:\d+/);
    await expect(offer.getByRole('link', { name: 'MIT' })).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).include('[data-testid=better-model]').analyze();
    expect(violations).toEqual([]);
    expect(hub.requests).toEqual([]);
  });

  await test.step('one click fetches it, reads the clip again and asks again', async () => {
    await page.unrouteAll({ behavior: 'wait' });
    await offer.getByRole('button', { name: 'Fetch it and ask again' }).click();
    const versions = async () =>
      (await framesift.query('select distinct model_version from frame_embeddings')).map(
        ({ model_version }) => String(model_version),
      );
    await expect
      .poll(versions, { timeout: READ_TIMEOUT_MS })
      .toEqual([expect.stringMatching(/^clip-vit-b32@d15189d7\/q8\//)]);
    await expect(framesift.answerStatus).toContainText('for “a giraffe in a kitchen”', { timeout: 60_000 });
    await expect(offer).toHaveCount(0);
  });
  expect(framesift.problems).toEqual([]);
});

test('“not now” is remembered, and a mirror that lacks the model says so', async ({ page }) => {
  await serveBetterModel(page);
  hub.files.clear();
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.readSample('1 every 5 seconds');
  await framesift.ask('a giraffe in a kitchen');
  const offer = page.getByTestId('better-model');
  await expect(offer).toBeVisible();
  await page.unrouteAll({ behavior: 'wait' });
  await offer.getByRole('button', { name: 'Fetch it and ask again' }).click();
  await expect(offer).toContainText(/does not have config\.json \(HTTP 404\)/);
  await offer.getByRole('button', { name: 'Not now' }).click();
  await expect(offer).toHaveCount(0);
  await page.reload();
  await framesift.waitUntilReady();
  await framesift.ask('an elephant on a roof');
  await expect(framesift.verdict).toBeVisible();
  await expect(offer).toHaveCount(0);
});
