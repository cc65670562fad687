import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from '@playwright/test';
import { readStripes, type StripesKind } from '../support/stripes';
import { FramesiftPage } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

/*
 * Clip time, the player's time and the stored pictures are one clock (docs/decisions/031-one-clock.md). Every frame of
 * these clips carries its number, so a card, the player and an export can be compared. `npm run test:clips` does the
 * same for a hundred clips with their first and last card; here every card of a few is clicked.
 */

declare global {
  interface Window {
    readStripes: typeof readStripes;
  }
}

const CLIPS = join(import.meta.dirname, '../fixtures/clips');

/** Frames that are read of each clip: at 240 a second from two frames in five. */
const FRAMES = 24;

async function openPage(page: Page, search = ''): Promise<FramesiftPage> {
  // Playwright's compiler wraps functions in a helper that the page does not have.
  await page.addInitScript(
    `globalThis.__name ??= (value) => value; globalThis.readStripes = ${readStripes.toString()};`,
  );
  const framesift = new FramesiftPage(page);
  await framesift.open(search);
  return framesift;
}

async function readClip(framesift: FramesiftPage, path: string): Promise<void> {
  const { page } = framesift;
  await page
    .getByTestId('file-input')
    .setInputFiles({ name: basename(path), mimeType: 'video/mp4', buffer: readFileSync(join(CLIPS, path)) });
  await expect(page.getByTestId('facts')).toBeVisible();
  await page.getByLabel('Number of frames').fill(String(FRAMES));
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
}

/** The number in the picture of an element, of a card's image or of the player; null while the player seeks. */
function numberIn(page: Page, selector: string, kind: StripesKind): Promise<number | null> {
  return page.evaluate(
    ([of, stripes]) => {
      const element = document.querySelector<HTMLVideoElement | HTMLImageElement>(of);
      if (!element) return null;
      const isVideo = element instanceof HTMLVideoElement;
      if (isVideo && (element.seeking || element.readyState < element.HAVE_CURRENT_DATA)) return null;
      const width = isVideo ? element.videoWidth : element.naturalWidth;
      const height = isVideo ? element.videoHeight : element.naturalHeight;
      if (width === 0) return null;
      const context = new OffscreenCanvas(width, height).getContext('2d')!;
      context.drawImage(element, 0, 0);
      return window.readStripes(context.getImageData(0, 0, width, height).data, width, height, stripes);
    },
    [selector, kind] as const,
  );
}

/** Clicks every card and compares the player's picture with the card's. */
async function expectCardsInPlayer(framesift: FramesiftPage, kind: StripesKind): Promise<void> {
  const { page } = framesift;
  const cards = await framesift.ask('a red car');
  expect(cards.length).toBeGreaterThan(3);
  for (const { frameIndex, timestampMs } of cards) {
    const card = `[data-testid=frame][data-frame-index="${frameIndex}"]`;
    await expect.poll(() => numberIn(page, `${card} img`, kind)).not.toBeNull();
    const number = await numberIn(page, `${card} img`, kind);
    await page.locator(card).click();
    await expect
      .poll(() => numberIn(page, '[data-testid=player]', kind), {
        message: `the player after a click on the card at ${timestampMs} ms`,
        timeout: 5000,
      })
      .toBe(number);
  }
}

test('frames taken from the player are at the same clip times, and cards lead to them', async ({ page }) => {
  const framesift = await openPage(page, '?decoder=element');
  await readClip(framesift, 'inputs/02-video-late.mkv');
  const [clip] = await framesift.query('select duration_ms, player_start_ms from events');
  expect(Math.round(Number(clip!.player_start_ms))).toBe(5046);
  expect(Math.abs(Number(clip!.duration_ms) - 3000)).toBeLessThan(60);
  await expectCardsInPlayer(framesift, 'both');
  expect(framesift.problems).toEqual([]);
});

test('the timeline counts from the first picture, also where sound begins before it', async ({ page }) => {
  const framesift = await openPage(page);
  await readClip(framesift, 'inputs/02-video-late.mp4');
  await framesift.ask('a red car');
  const timeline = page.getByRole('slider', { name: 'Timeline' });
  await timeline.focus();
  await page.keyboard.press('End');
  await expect(timeline).toHaveAttribute('aria-valuetext', /^0:02\.9/);
  await expect.poll(() => numberIn(page, '[data-testid=player]', 'both')).toBe(29);
  await expect(timeline).toHaveAttribute('aria-valuenow', /^29\d\d$/);
  const box = (await timeline.boundingBox())!;
  await page.mouse.click(box.x + box.width * 0.5, box.y + box.height / 2);
  await expect.poll(() => numberIn(page, '[data-testid=player]', 'both')).toBe(15);
});

test('a clip of before gets its clock when its file is there again', async ({ page }) => {
  const framesift = await openPage(page);
  const clipId = await page.evaluate(async () => {
    const { id } = await window.framesift.createClip({ description: '02-video-late.mkv', durationMs: 3000 });
    return id;
  });
  await page.reload();
  await framesift.waitUntilReady();
  const start = async () =>
    (await framesift.query('select player_start_ms as start from events where id = $1', [clipId]))[0]!.start;
  expect(await start()).toBeNull();
  await page.getByTestId('clip-file-input').setInputFiles({
    name: '02-video-late.mkv',
    mimeType: 'video/x-matroska',
    buffer: readFileSync(join(CLIPS, 'inputs/02-video-late.mkv')),
  });
  await expect.poll(async () => Math.round(Number(await start()))).toBe(5046);
});

test('a picture that stands still is one card with its span', async ({ page }) => {
  const framesift = await openPage(page);
  await page.evaluate(async () => {
    const { id } = await window.framesift.createClip({ description: 'slides', durationMs: 60_000 });
    const canvas = new OffscreenCanvas(32, 18);
    canvas.getContext('2d')!.fillRect(0, 0, 32, 18);
    const thumbnail = new Uint8Array(
      await (await canvas.convertToBlob({ type: 'image/webp' })).arrayBuffer(),
    );
    const frames = Array.from({ length: 60 }, (_, frameIndex) => {
      const slide = Math.floor(frameIndex / 20);
      const embedding = new Float32Array(512);
      embedding[slide] = 1;
      return {
        frameIndex,
        timestampMs: frameIndex * 1000 + 500,
        span: { startMs: slide * 20_000, endMs: slide * 20_000 + 20_000 },
        width: 32,
        height: 18,
        thumbnail,
        embedding,
      };
    });
    await window.framesift.storeFrameBatch(id, frames, await window.framesift.modelVersion());
    const [clip] = await window.framesift.listClips();
    return clip!.id;
  });
  await page.reload();
  await framesift.waitUntilReady();
  const cards = await framesift.ask('a red car');
  expect(cards.map(({ timestampMs }) => timestampMs).sort((a, b) => a - b)).toEqual([500, 20_500, 40_500]);
  for (const span of ['0:00–0:20', '0:20–0:40', '0:40–1:00']) {
    await expect(framesift.frames.filter({ hasText: span })).toHaveCount(1);
  }
  expect(framesift.problems).toEqual([]);
});
