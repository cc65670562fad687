import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AskOptions } from '@/lib/ask/compose-request';
import { FramesiftPage, SAMPLE_CLIP, sample } from './framesift-page';
import { expect, openWithSample, test, withoutClips } from './returning';

const [first] = sample.questions;
const text = first!.text;

function ask(page: Page, clipIds: string | string[] | null, options: AskOptions = {}) {
  return page.evaluate(([ids, words, request]) => window.framesift.ask(ids, words, request), [
    clipIds,
    text,
    options,
  ] as const);
}

/** Puts two verbs into the page: `store` adds frames that show just what is asked, `stored` asks how many there are. */
async function addHelpers(page: Page): Promise<void> {
  await page.evaluate(async (words) => {
    const embedding = await window.framesift.encodeText(words);
    const modelVersion = await window.framesift.modelVersion();
    const frame = (frameIndex: number) => ({
      frameIndex,
      timestampMs: frameIndex * 1000,
      width: 8,
      height: 8,
      thumbnail: new Uint8Array(4),
      embedding: embedding,
    });
    Object.assign(window, {
      store: (clipId: string, ...indexes: number[]) =>
        window.framesift.storeFrameBatch(clipId, indexes.map(frame), modelVersion),
      stored: async (clipId: string) => (await window.framesift.ask(clipId, words)).framesSearched,
    });
  }, text);
}

declare global {
  interface Window {
    store: (clipId: string, ...indexes: number[]) => Promise<string[]>;
    stored: (clipId: string) => Promise<number>;
  }
}

test('several clips, all and a part of one are asked at once, and a clip that is deleted is gone', async ({
  page,
}) => {
  const framesift = await openWithSample(page);
  const whole = readFileSync(SAMPLE_CLIP);
  // Another file, of which the first half of the sample can be read.
  await framesift.drop({ name: 'half.webm', type: 'video/webm', bytes: whole.subarray(0, whole.length / 2) });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await expect(framesift.clips).toHaveCount(2);
  await framesift.waitUntilRead();
  const [half, full] = (await page.evaluate(() => window.framesift.listClips())).map(({ id }) => id);
  const framesOf = async (id: string) =>
    Number(
      (await framesift.query('select count(*)::int as n from frame_embeddings where event_id = $1', [id]))[0]!
        .n,
    );
  const [inHalf, inFull] = [await framesOf(half!), await framesOf(full!)];

  const both = await ask(page, [full!, half!], { strategy: 'top-k', count: 16 });
  expect(both).toMatchObject({ framesSearched: inHalf + inFull, clipsSearched: 2, clipsSkipped: 0 });
  expect(new Set(both.frames.map(({ clipId }) => clipId))).toEqual(new Set([half, full]));
  expect(both.frames.map(({ rank }) => rank)).toEqual(both.frames.map((_, i) => i + 1));
  expect(both.curves.map(({ clipId }) => clipId)).toEqual([full, half]);
  expect(both.curves.map(({ scores }) => scores.length)).toEqual([inFull, inHalf]);
  expect(await ask(page, null)).toMatchObject({ framesSearched: inHalf + inFull, clipsSearched: 2 });

  await test.step('a time range', async () => {
    const range = { startMs: first!.startMs, endMs: first!.endMs };
    const part = await ask(page, full!, { range, strategy: 'uniform' });
    expect(part.framesSearched).toBeLessThan(inFull);
    expect(part.frames.length).toBe(Math.min(8, part.framesSearched));
    for (const { timestampMs } of part.frames) {
      expect(timestampMs).toBeGreaterThanOrEqual(range.startMs);
      expect(timestampMs).toBeLessThanOrEqual(range.endMs);
    }
    const nothing = await ask(page, full!, { range: { startMs: 9e6, endMs: 9e6 } });
    expect(nothing).toMatchObject({ framesSearched: 0, frames: [] });
    await expect(ask(page, [full!, half!], { range })).rejects.toThrow(/one clip/);
  });

  await test.step('pins and drops', async () => {
    const [best, next] = both.frames;
    const kept = { clipId: full!, frameIndex: inFull - 1 };
    const edited = await ask(page, [full!, half!], {
      strategy: 'top-k',
      count: 2,
      pinned: [kept],
      dropped: [best!],
    });
    expect(edited.frames).toMatchObject([
      { clipId: next!.clipId, frameIndex: next!.frameIndex, isPinned: false },
      { ...kept, isPinned: true },
    ]);
  });

  await test.step('a question on the page is answered from what is left', async () => {
    await framesift.ask(text);
    await page.evaluate((id) => window.framesift.deleteClip(id), half!);
    const left = await ask(page, [full!, half!], { count: 16 });
    expect(left).toMatchObject({ framesSearched: inFull, clipsSearched: 1 });
    expect(left.frames.filter(({ clipId }) => clipId !== full)).toEqual([]);
    await expect(framesift.clips).toHaveCount(1);
  });
  expect(framesift.problems).toEqual([]);
});

withoutClips('a question asked right after a write sees it, every time', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await addHelpers(page);
  const seen = await page.evaluate(async () => {
    const found: Record<string, number>[] = [];
    for (let round = 0; round < 10; round += 1) {
      const { id } = await window.framesift.createClip({ description: `clip ${round}` });
      const none = await window.stored(id);
      await window.store(id, 0, 1, 2);
      const three = await window.stored(id);
      await window.store(id, 3, 7);
      const five = await window.stored(id);
      await window.store(id, 5);
      const six = await window.stored(id);
      await window.framesift.deleteFrameEmbeddings(id);
      await window.store(id, 10, 11, 12, 13, 14, 15);
      const [best] = (await window.framesift.ask(id, 'anything', { count: 1 })).frames;
      await window.framesift.deleteClip(id);
      found.push({ none, three, five, six, rewritten: best!.frameIndex, deleted: await window.stored(id) });
    }
    return found;
  });
  for (const { rewritten, ...counts } of seen) {
    expect(counts).toEqual({ none: 0, three: 3, five: 5, six: 6, deleted: 0 });
    expect(rewritten).toBeGreaterThanOrEqual(10);
  }
  expect(framesift.problems).toEqual([]);
});

withoutClips(
  'what another tab has announced is seen by a question asked because of it',
  async ({ page, context }) => {
    const framesift = new FramesiftPage(page);
    await framesift.open();
    await addHelpers(page);
    const other = new FramesiftPage(await context.newPage());
    await other.open();
    await addHelpers(other.page);
    const { id } = await page.evaluate(() => window.framesift.createClip({ description: 'shared' }));
    expect(await page.evaluate((clipId) => window.stored(clipId), id)).toBe(0);
    for (let round = 1; round <= 10; round += 1) {
      const asked = page.evaluate(async (clipId) => {
        const channel = new BroadcastChannel('framesift-library-2');
        await new Promise((resolve) => (channel.onmessage = resolve));
        channel.close();
        return window.stored(clipId);
      }, id);
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 20)));
      await other.page.evaluate(([clipId, index]) => window.store(clipId, index), [id, round] as const);
      expect(await asked).toBe(round);
    }
    await other.page.evaluate((clipId) => window.framesift.deleteClip(clipId), id);
    const answer = await ask(page, id);
    expect(answer.framesSearched).toBe(0);
  },
);

withoutClips('a clip that is read on is asked with all that has come', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const goOn = await framesift.startAndStopSample('4 a second');
  const stopped = await ask(page, null);
  const total = Math.round((sample.durationMs / 1000) * 4);
  expect(stopped.framesSearched).toBeGreaterThan(0);
  expect(stopped.framesSearched).toBeLessThan(total);
  await goOn.click();
  let last = stopped.framesSearched;
  const counts = [last];
  while (!(await framesift.clipSummary.textContent())?.includes('read in')) {
    last = (await ask(page, null)).framesSearched;
    counts.push(last);
  }
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect((await ask(page, null)).framesSearched).toBe(total);
  expect(framesift.problems).toEqual([]);
});
