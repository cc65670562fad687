import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { BUNDLED_MODEL_ID, findModel } from '@/lib/models/catalog';
import { HubServer } from '../support/hub-server';
import { combinedGraph, TOY_MODEL } from '../support/model-graphs';
import { openAiTokenizerJson, PUBLISHED_CONFIG, PUBLISHED_PREPROCESSOR } from '../support/published-files';
import { FramesiftPage, sample } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/*
 * The models dialog with a real browser's storage, and a server on this machine in place of the Hub. A copy
 * of the bundled model under another name stands for a person's own.
 */

const FILES = [
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'onnx/vision_model.onnx',
  'onnx/text_model.onnx',
];
const folder = join(import.meta.dirname, '../../public/models', BUNDLED_MODEL_ID);
const contents = new Map(FILES.map((path) => [path, new Uint8Array(readFileSync(join(folder, path)))]));
const VISION_BYTES = contents.get('onnx/vision_model.onnx')!.length;

let hub: HubServer;
test.beforeEach(async () => {
  hub = await HubServer.start();
  for (const [path, bytes] of contents) hub.serve(`my-clip/${path}`, bytes);
});
test.afterEach(() => hub.stop());

class ModelsPage extends FramesiftPage {
  get dialog(): Locator {
    return this.page.getByTestId('models-dialog');
  }
  get problem(): Locator {
    return this.dialog.getByRole('alert');
  }
  model(name: string): Locator {
    return this.dialog.getByTestId('model').filter({ hasText: name });
  }

  async openModels(): Promise<void> {
    await this.page.getByTestId('models-button').click();
    await expect(this.dialog.getByTestId('model').first()).toBeVisible();
  }

  async closeModels(): Promise<void> {
    await this.page.getByRole('button', { name: 'Close models' }).click();
  }

  async lookAt(url: string): Promise<void> {
    await this.dialog.getByLabel('or its address').fill(url);
    await this.dialog.getByRole('button', { name: 'Look' }).click();
    // Only then have all of its questions to the server been answered.
    await expect(this.dialog.getByTestId('own-model-found')).toBeVisible();
  }

  async setMirror(url: string): Promise<void> {
    await this.dialog.getByText('Download from another place').click();
    await this.dialog.getByLabel(/Address of a mirror/).fill(url);
    await this.dialog.getByRole('button', { name: 'Save' }).click();
  }

  async modelVersion(): Promise<string> {
    await this.provider.click();
    const version = (await this.page.getByTestId('model-version').textContent()) ?? '';
    await this.page.keyboard.press('Escape');
    return version;
  }

  modelFiles(): Promise<Record<string, number>> {
    return this.page.evaluate(async () => {
      const sizes: Record<string, number> = {};
      const walk = async (directory: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
        for await (const [name, handle] of directory) {
          if (handle.kind === 'directory') await walk(handle, `${prefix}${name}/`);
          else sizes[prefix + name] = (await handle.getFile()).size;
        }
      };
      const root = await navigator.storage.getDirectory();
      const models = await root.getDirectoryHandle('models').catch(() => null);
      if (models) await walk(models, '');
      return sizes;
    });
  }
}

async function openPage(page: Page): Promise<ModelsPage> {
  const framesift = new ModelsPage(page);
  await framesift.open();
  return framesift;
}

test('nothing is fetched before it is said what, and a mirror with other files is refused', async ({
  page,
}) => {
  const outside: string[] = [];
  const framesift = await openPage(page);
  const ownHost = new URL(page.url()).host;
  page.context().on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.host !== ownHost) outside.push(request.url());
  });
  await framesift.openModels();
  const clip = framesift.model('OpenAI CLIP ViT-B/32');
  await expect(clip).toContainText('156 MB');
  await expect(clip.getByRole('link', { name: 'MIT' })).toBeVisible();
  await framesift.setMirror(hub.baseUrl);
  await expect(clip.getByTestId('model-variant').first()).toContainText(new URL(hub.baseUrl).host);

  const { origin, files } = findModel('clip-vit-b32')!;
  if (origin.kind !== 'hub') throw new Error('Not on the Hub.');
  const prefix = `${origin.repository}/resolve/${origin.revision}`;
  hub.serve(`${prefix}/config.json`, new Uint8Array(files[0]!.bytes!).fill(0x20).with(0, 0x7b));
  await clip.getByRole('button', { name: 'Download OpenAI CLIP ViT-B/32, 8-bit' }).click();
  await expect(clip.getByRole('group', { name: 'Before it is downloaded' })).toContainText('Licence: MIT');
  expect(outside).toEqual([]);
  expect(hub.requests).toEqual([]);
  await clip.getByRole('button', { name: 'Download 156 MB' }).click();
  await expect(framesift.problem).toContainText('SHA-256');
  expect(Object.keys(await framesift.modelFiles()).filter((path) => path.endsWith('config.json'))).toEqual(
    [],
  );

  // A file that is not there is named, with who does not have it.
  hub.files.clear();
  await clip.getByRole('button', { name: 'Download OpenAI CLIP ViT-B/32, 8-bit' }).click();
  await clip.getByRole('button', { name: 'Download 156 MB' }).click();
  await expect(framesift.problem).toContainText(/does not have config\.json \(HTTP 404\)/);
  expect(framesift.problems.filter((problem) => !problem.includes('404'))).toEqual([]);
});

test('an own model from an address is fetched, used, kept over a reload, and removed', async ({ page }) => {
  const framesift = await openPage(page);
  await framesift.openModels();
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  const found = framesift.dialog.getByTestId('own-model-found');
  await expect(found).toContainText('my-clip');
  expect(hub.requests.filter(({ method, path }) => method === 'GET' && path.includes('onnx'))).toEqual([]);
  await found.getByRole('button', { name: /Download 32-bit, 9\.\d MB/ }).click();
  await expect(framesift.model('my-clip').getByText('In use')).toBeVisible({ timeout: 120_000 });
  // The bundled model's revision is in its configuration; the name is the own model's.
  await framesift.closeModels();
  const version = await framesift.modelVersion();
  expect(version).toMatch(/^own-my-clip-[0-9a-f]{6}@[0-9a-f]{8}\/fp32\/p2v25880$/);

  await framesift.readSample('1 every 5 seconds');
  const [best] = await framesift.ask(sample.questions[0]!.text);
  expect(best!.timestampMs).toBeGreaterThanOrEqual(sample.questions[0]!.startMs);

  const before = hub.requests.length;
  await page.reload();
  await framesift.waitUntilReady();
  expect(await framesift.modelVersion()).toBe(version);
  expect(hub.requests.slice(before)).toEqual([]);

  // The bundled model cannot compare with the other's embeddings; the clip can be read again with it.
  await framesift.openModels();
  await framesift.model('Framesift CLIP').getByRole('button', { name: /^Use/ }).click();
  await expect(framesift.model('Framesift CLIP').getByText('In use')).toBeVisible({ timeout: 120_000 });
  await framesift
    .model('my-clip')
    .getByRole('button', { name: /^Remove/ })
    .click();
  await expect(framesift.model('my-clip')).toHaveCount(0);
  expect(await framesift.modelFiles()).toEqual({});
  await framesift.closeModels();
  const bundled = await framesift.modelVersion();
  await expect(framesift.clips.getByRole('img', { name: 'Read with another model' })).toBeVisible();
  // What is stored is looked at while it is read again: all of the old embeddings or all of the new, never some of each.
  const seen = page.evaluate(async (newVersion) => {
    const states = new Set<string>();
    for (;;) {
      const rows = await window.framesift.query(
        'select model_version as version, count(*)::int as frames from frame_embeddings group by 1 order by 1',
      );
      const state = rows.map(({ version, frames }) => `${String(version)}: ${String(frames)}`).join(', ');
      states.add(state);
      if (state.startsWith(newVersion)) return [...states];
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }, bundled);
  await page.getByRole('button', { name: 'Read it again with this model' }).click();
  await framesift.waitUntilRead();
  expect(await seen).toEqual([`${version}: 10`, `${bundled}: 10`]);
  await expect(framesift.clips.getByRole('img', { name: 'Read with another model' })).toHaveCount(0);
  const [again] = await framesift.ask(sample.questions[0]!.text);
  expect(again!.timestampMs).toBeGreaterThanOrEqual(sample.questions[0]!.startMs);
});

test('a download that is cut off by closing the page goes on where it was', async ({ page }) => {
  const framesift = await openPage(page);
  await framesift.openModels();
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  const vision = hub.files.get('my-clip/onnx/vision_model.onnx')!;
  vision.faults = [{ stallAfter: 2_000_000 }];
  await framesift.dialog.getByRole('button', { name: /Download 32-bit/ }).click();
  const download = framesift.dialog.getByTestId('model-download');
  await expect(download.getByTestId('model-download-bytes')).toContainText(/of 9\.\d MB/, {
    timeout: 120_000,
  });
  await expect
    .poll(
      async () =>
        Object.entries(await framesift.modelFiles()).find(([path]) => path.endsWith('.onnx.part'))?.[1],
    )
    .toBe(2_000_000);
  await page.reload();
  await framesift.waitUntilReady();
  await framesift.openModels();
  const before = hub.requests.length;
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  await framesift.dialog.getByRole('button', { name: /Download 32-bit/ }).click();
  await expect(framesift.model('my-clip').getByText('In use')).toBeVisible({ timeout: 120_000 });
  const resumed = hub.requests
    .slice(before)
    .filter(({ path, method }) => method === 'GET' && path.includes('vision'));
  expect(resumed.map(({ range }) => range)).toEqual(['bytes=2000000-']);
  // A preflight would be refused by the Hub's storage.
  expect(hub.requests.filter(({ method }) => method === 'OPTIONS')).toEqual([]);
});

test('a running download can be stopped', async ({ page }) => {
  const framesift = await openPage(page);
  await framesift.openModels();
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  hub.files.get('my-clip/onnx/vision_model.onnx')!.faults = [{ stallAfter: 1_000_000 }];
  await framesift.dialog.getByRole('button', { name: /Download 32-bit/ }).click();
  await framesift.dialog.getByRole('button', { name: 'Stop' }).click();
  await expect(framesift.dialog.getByTestId('model-download')).toHaveCount(0);
  await expect(framesift.problem).toHaveCount(0);
  await framesift.closeModels();
  expect(await framesift.modelVersion()).toContain(BUNDLED_MODEL_ID);
});

test('a dropped model is added; what is none is refused with the reason', async ({ page }) => {
  const framesift = await openPage(page);
  const dropped = Array.from(contents, ([path, bytes]) => ({
    name: path.split('/').at(-1)!,
    type: '',
    bytes,
  }));
  await framesift.drop(...dropped.filter(({ name }) => name !== 'tokenizer.json'));
  await expect(framesift.problem).toContainText('Missing: tokenizer.json');
  await framesift.closeModels();
  await framesift.drop(...dropped);
  await framesift.dialog.getByRole('button', { name: /Add 32-bit/ }).click();
  await expect(framesift.model('dropped model').getByText('In use')).toBeVisible({ timeout: 120_000 });
  expect(Object.keys(await framesift.modelFiles())).toHaveLength(FILES.length + 1);
  expect(framesift.problems).toEqual([]);
});

test('a dropped model of one graph with both towers reads a clip and answers', async ({ page }) => {
  const framesift = await openPage(page);
  const edge = { height: 32, width: 32 };
  const files: Record<string, unknown> = {
    'config.json': PUBLISHED_CONFIG,
    'preprocessor_config.json': { ...PUBLISHED_PREPROCESSOR, size: edge, crop_size: edge },
    'tokenizer.json': openAiTokenizerJson(),
  };
  await framesift.drop(
    ...Object.entries(files).map(([name, json]) => ({
      name,
      type: '',
      bytes: new TextEncoder().encode(JSON.stringify(json)),
    })),
    { name: 'model.onnx', type: '', bytes: combinedGraph(TOY_MODEL) },
  );
  await framesift.dialog.getByRole('button', { name: /Add 32-bit/ }).click();
  await expect(framesift.model('dropped model').getByText('In use')).toBeVisible({ timeout: 120_000 });
  await framesift.closeModels();
  await framesift.readSample('1 every 5 seconds');
  expect((await framesift.ask('a red car')).length).toBeGreaterThan(0);
  const versions = await framesift.query('select distinct model_version as version from frame_embeddings');
  expect(versions).toEqual([{ version: await framesift.modelVersion() }]);
  expect(framesift.problems).toEqual([]);
});

test('a graph that cannot be run is refused, and the model before goes on', async ({ page }) => {
  const framesift = await openPage(page);
  const broken = contents.get('onnx/vision_model.onnx')!.slice(0, VISION_BYTES - 1000);
  await framesift.drop(
    ...Array.from(contents, ([path, bytes]) => ({
      name: path.split('/').at(-1)!,
      type: '',
      bytes: path.includes('vision') ? broken : bytes,
    })),
  );
  await framesift.dialog.getByRole('button', { name: /Add 32-bit/ }).click();
  await expect(framesift.problem).toBeVisible({ timeout: 120_000 });
  await framesift.closeModels();
  await framesift.waitUntilReady();
  expect(await framesift.modelVersion()).toContain(BUNDLED_MODEL_ID);
});

test('a model is held in memory when the browser’s storage is full', async ({ page }) => {
  const framesift = await openPage(page);
  const client = await page.context().newCDPSession(page);
  const { usage } = await client.send('Storage.getUsageAndQuota', { origin: new URL(page.url()).origin });
  await client.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(page.url()).origin,
    quotaSize: usage + 3_000_000,
  });
  await framesift.openModels();
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  await framesift.dialog.getByRole('button', { name: /Download 32-bit/ }).click();
  const own = framesift.model('my-clip');
  await expect(own.getByText('In use')).toBeVisible({ timeout: 120_000 });
  await expect(own).toContainText('in memory until this page is closed');
});

test('the model is not changed while a clip is being read', async ({ page }) => {
  const framesift = await openPage(page);
  await framesift.startSample('4 a second');
  await expect(page.getByTestId('ingest-count')).toHaveText(/^[1-9]\d* of/);
  await framesift.openModels();
  await expect(framesift.dialog).toContainText('A clip is being read');
  await framesift.lookAt(`${hub.baseUrl}/my-clip`);
  await expect(framesift.dialog.getByRole('button', { name: /Download 32-bit/ })).toBeDisabled();
});

for (const { name, width, scheme } of [
  { name: 'wide and light', width: 1280, scheme: 'light' as const },
  { name: 'narrow and dark', width: 360, scheme: 'dark' as const },
]) {
  test(`the dialog can be used by everybody: ${name}`, async ({ page }) => {
    await page.setViewportSize({ width, height: 740 });
    await page.emulateMedia({ colorScheme: scheme });
    const framesift = await openPage(page);
    await framesift.openModels();
    await framesift.dialog.getByRole('button', { name: 'Download TinyCLIP 8M, 8-bit' }).click();
    await framesift.lookAt(`${hub.baseUrl}/my-clip`);
    await expect(framesift.dialog.getByTestId('own-model-found')).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).include('[data-testid=models-dialog]').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
      [],
    );
    const overflow = await framesift.dialog.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `test-results/models-${width}.png` });
  });
}
