import AxeBuilder from '@axe-core/playwright';
import { test as fresh, type Page } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';
import { fetchOn } from './fetch-on';
import { askingTest, expect, openWithSample, test, withoutClips } from './returning';

const [first, second] = sample.questions;

withoutClips(
  'asking while the clip is still being read answers from what is there, and grows',
  async ({ page }) => {
    const framesift = new FramesiftPage(page);
    await framesift.open();
    await framesift.startSample('4 a second');
    await expect(page.getByTestId('ingest')).toBeVisible();
    await framesift.questionBox.fill(first!.text);
    await framesift.questionBox.press('Enter');
    await expect(framesift.answerStatus).toContainText('read so far');
    const partial = await framesift.answerStatus.textContent();
    await framesift.waitUntilRead();
    const total = Math.round((sample.durationMs / 1000) * 4);
    await expect(framesift.answerStatus).toContainText(`out of ${total} frames.`);
    expect(Number(/out of (\d+)/.exec(partial ?? '')?.[1])).toBeLessThan(total);
    expect(framesift.problems).toEqual([]);
  },
);

askingTest('an answer is as large and in the order that is asked for', async ({ page }) => {
  const framesift = await openWithSample(page);
  const eight = await framesift.ask(first!.text);
  expect(new Set(eight.map(({ frameIndex }) => frameIndex)).size).toBe(8);
  const scores = eight.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  await page.getByLabel('Number of frames to show').selectOption('4');
  await expect(page.getByTestId('frame')).toHaveCount(4);
  await page.getByRole('radio', { name: 'By time' }).click();
  const byTime = (await framesift.shownFrames()).map(({ timestampMs }) => timestampMs);
  expect(byTime).toEqual([...byTime].sort((a, b) => a - b));
});

askingTest('frames of one question are never shown under the words of another', async ({ page }) => {
  const framesift = await openWithSample(page);
  const before = await framesift.ask(first!.text);
  const seen = await page.evaluateHandle(() => {
    const pairs: { status: string; frames: string[] }[] = [];
    const section = document.querySelector('[aria-labelledby="answer-title"]')!;
    new MutationObserver(() => {
      const cards = section.querySelectorAll<HTMLElement>('[data-testid="frame"]');
      pairs.push({
        status: section.querySelector('[data-testid="answer-status"]')?.textContent ?? '',
        frames: [...cards].map((card) => card.dataset.frameIndex ?? ''),
      });
    }).observe(section, { subtree: true, childList: true, characterData: true });
    return pairs;
  });
  const after = (await framesift.ask(second!.text)).map(({ frameIndex }) => String(frameIndex));
  expect(after).not.toEqual(before.map(({ frameIndex }) => String(frameIndex)));
  const underItsWords = (await seen.jsonValue()).filter(({ status }) => status.includes(second!.text));
  expect(underItsWords.length).toBeGreaterThan(0);
  for (const { frames } of underItsWords) expect(frames).toEqual(after);
});

askingTest('an empty question says what to do, and “/” goes to the box', async ({ page }) => {
  const framesift = await openWithSample(page);
  await expect(framesift.answerStatus).toHaveText('Ask a question to find frames.');
  await page.getByRole('button', { name: 'Find frames' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Type a few words' })).toBeVisible();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await expect(framesift.questionBox).toBeFocused();
  await framesift.ask(first!.text);
  await framesift.questionBox.press('Escape');
  await expect(framesift.answerStatus).toHaveText('Ask a question to find frames.');
  await expect(page.getByTestId('frame')).toHaveCount(0);
});

askingTest(
  'every question of the sample is answered, and what it does not show is said not to be there',
  async ({ page }) => {
    const framesift = await openWithSample(page);
    const nothing = page.getByText(/^Nothing in this clip looks like/);
    for (const { text, startMs, endMs } of sample.questions) {
      const [best] = await framesift.ask(text);
      expect(best!.timestampMs, text).toBeGreaterThanOrEqual(startMs);
      expect(best!.timestampMs, text).toBeLessThanOrEqual(endMs);
      expect(best!.strength, text).toMatch(/^(?:strong|possible)$/);
      await expect(framesift.verdict, text).toContainText('One moment answers');
      await expect(nothing).toHaveCount(0);
    }
    const [best] = await framesift.ask('a birthday cake');
    expect(best!.strength).toBe('weak');
    await expect(nothing).toContainText('“a birthday cake”');
  },
);

askingTest('a picture finds the frames that look like it', async ({ page }) => {
  const framesift = await openWithSample(page);
  // The picture is a stored thumbnail of the clip itself, so its own frame must come first.
  const middle = Math.round((first!.startMs + first!.endMs) / 2000);
  const bytes = await page.evaluate(async (frameIndex) => {
    const [row] = await window.framesift.query(
      'select frame_path from event_frames where frame_number = $1',
      [frameIndex + 1],
    );
    const parts = String(row!.frame_path).split('/');
    let directory = await navigator.storage.getDirectory();
    for (const part of parts.slice(0, -1)) directory = await directory.getDirectoryHandle(part);
    const file = await (await directory.getFileHandle(parts.at(-1)!)).getFile();
    return Array.from(new Uint8Array(await file.arrayBuffer()));
  }, middle);
  await framesift.drop({ name: 'like this.webp', type: 'image/webp', bytes: Uint8Array.from(bytes) });
  await expect(framesift.answerStatus).toContainText('for “like this.webp”');
  const [best] = await framesift.shownFrames();
  expect(best!.score).toBeGreaterThan(0.9);
  expect(best!.timestampMs).toBeGreaterThanOrEqual(first!.startMs);
  expect(best!.timestampMs).toBeLessThanOrEqual(first!.endMs);
});

withoutClips('without cross-origin isolation it works on one thread', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await page.route('**/*', async (route) => {
    const response = await fetchOn(route);
    const headers = response.headers();
    delete headers['cross-origin-opener-policy'];
    delete headers['cross-origin-embedder-policy'];
    await route.fulfill({ response, headers });
  });
  await framesift.open();
  expect(await page.evaluate(() => window.crossOriginIsolated)).toBe(false);
  await expect(framesift.provider).toHaveText('WASM, 1 thread');
  await framesift.readSample();
  const [best] = await framesift.ask(first!.text);
  expect(best!.timestampMs).toBeGreaterThanOrEqual(first!.startMs);
  expect(best!.timestampMs).toBeLessThanOrEqual(first!.endMs);
  // What the page fetches ahead may still be on its way.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('where WebCodecs is left aside, the video element gives the same frames', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open('?decoder=element');
  const byWebCodecs = await embeddingsOf(framesift);
  await framesift.dropClip();
  await expect(page.getByTestId('facts')).toContainText('video element');
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  const byElement = await embeddingsOf(framesift);
  expect(byElement).toHaveLength(byWebCodecs.length);
  byElement.forEach((embedding, index) => {
    const cosine = embedding.reduce((sum, value, at) => sum + value * byWebCodecs[index]![at]!, 0);
    expect(cosine, `frame ${index}`).toBeGreaterThan(0.98);
  });
});

/** Embeddings of the newest clip, in frame order. */
function embeddingsOf({ page }: FramesiftPage): Promise<number[][]> {
  return page.evaluate(async () => {
    const [clip] = await window.framesift.listClips();
    const rows = await window.framesift.getFrameEmbeddings(clip!.id);
    return rows.map(({ embedding }) => Array.from(embedding));
  });
}

fresh(
  'the sample clip is one click away and brings its questions, and nothing comes from elsewhere or leaves',
  async ({ page, baseURL }) => {
    const requests: { method: string; url: string }[] = [];
    page.on('request', (request) => requests.push({ method: request.method(), url: request.url() }));
    const framesift = new FramesiftPage(page);
    await framesift.open();
    await page.getByRole('button', { name: 'Try the sample clip' }).click();
    await framesift.waitUntilRead();
    await page.getByRole('button', { name: first!.text, exact: true }).click();
    await expect(framesift.answerStatus).toContainText(`for “${first!.text}”`);
    const [best] = await framesift.shownFrames();
    expect(best!.timestampMs).toBeGreaterThanOrEqual(first!.startMs);
    expect(best!.timestampMs).toBeLessThanOrEqual(first!.endMs);

    const foreign = requests.filter(({ url }) => !url.startsWith(baseURL!) && !/^(?:blob|data):/.test(url));
    expect(foreign).toEqual([]);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  },
);

/** Waits until colours that go over into others are there. */
async function transitionsToEnd(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // The change of the media is seen with the next picture that is painted.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(transitions.map(({ finished }) => finished));
  });
}

withoutClips('the page is accessible, light and dark', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  const check = async (what: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await transitionsToEnd(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ target }) => target.join(' ')) })),
        `${what}, ${colorScheme}`,
      ).toEqual([]);
    }
  };
  await framesift.open();
  await check('welcome');
  await framesift.dropClip();
  await expect(page.getByTestId('facts')).toBeVisible();
  await check('facts');
  await page.getByLabel('Frame rate').selectOption({ label: '1 every 5 seconds' });
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  await framesift.ask(first!.text);
  await check('answer');
  await page.getByRole('button', { name: 'Help' }).click();
  await check('help');
});
