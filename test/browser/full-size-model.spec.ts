import { CLIP_VIT_B32, textGraph, visionGraph } from '../support/model-graphs';
import { openAiTokenizerJson, PUBLISHED_CONFIG, PUBLISHED_PREPROCESSOR } from '../support/published-files';
import { FramesiftPage, sample } from './framesift-page';
import { expect, withoutClips as test } from './returning';

const READ_TIMEOUT_MS = 300_000;

/*
 * CLIP ViT-B/32 as published but for the numbers, in the place of the bundled model: what the contract
 * tests run in Node, here in the browser, from the clip's file to an answer.
 */
test('a model of CLIP ViT-B/32’s size reads a clip and answers', async ({ page }) => {
  // 0.2 s a frame on an idle machine of two cores, and ten times that on a busy one.
  test.setTimeout(READ_TIMEOUT_MS + 120_000);
  const files: Record<string, string | Buffer> = {
    'config.json': JSON.stringify(PUBLISHED_CONFIG),
    'preprocessor_config.json': JSON.stringify(PUBLISHED_PREPROCESSOR),
    'tokenizer.json': JSON.stringify(openAiTokenizerJson()),
    'golden.json': '{}',
    'calibration.json': '{}',
    'onnx/vision_model.onnx': Buffer.from(visionGraph(CLIP_VIT_B32)),
    'onnx/text_model.onnx': Buffer.from(textGraph(CLIP_VIT_B32)),
  };
  const served = new Set<string>();
  await page.route('**/models/**', async (route) => {
    const [, name = ''] = /\/models\/[^/]+\/[0-9a-f]{12}\/([^?]+)/.exec(route.request().url()) ?? [];
    const body = files[name];
    if (body === undefined) return route.continue();
    served.add(name);
    const contentType = name.endsWith('.json') ? 'application/json' : 'application/octet-stream';
    return route.fulfill({ body, contentType, headers: { 'Cross-Origin-Resource-Policy': 'same-origin' } });
  });

  const framesift = new FramesiftPage(page);
  await framesift.open();
  expect([...served].sort()).toEqual(Object.keys(files).sort());
  await framesift.startSample('1 every 5 seconds');
  await framesift.waitUntilRead(READ_TIMEOUT_MS);

  const frames = Math.round(sample.durationMs / 5000);
  const rows = await framesift.query('select embedding from frame_embeddings');
  expect(rows).toHaveLength(frames);
  const embeddings = rows.map(({ embedding }) => JSON.parse(String(embedding)) as number[]);
  for (const embedding of embeddings) {
    expect(embedding).toHaveLength(512);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  }
  expect(new Set(embeddings.map(String)).size).toBe(frames);
  const answer = await framesift.ask('a red car');
  expect(answer.length).toBeGreaterThan(0);
  expect(framesift.problems).toEqual([]);
});
