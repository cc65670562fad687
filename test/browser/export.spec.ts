import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import Papa from 'papaparse';
import { SAMPLE_CLIP, sample, type FramesiftPage } from './framesift-page';
import { expect, openWithSample, test } from './returning';

const question = sample.questions[0]!;

/** The sample clip, asked. */
async function openAnswer(page: Page): Promise<FramesiftPage> {
  const framesift = await openWithSample(page);
  await framesift.ask(question.text);
  return framesift;
}

/** An item of the menu, or of a group in it. */
type MenuPath = [item: string] | [group: string, item: string];

async function choose(page: Page, ...[first, second]: MenuPath): Promise<void> {
  await page.getByRole('button', { name: 'Export' }).click();
  const menu = page.getByRole('menu');
  const item =
    second === undefined
      ? menu.getByRole('menuitem', { name: first })
      : menu.getByRole('group', { name: first }).getByRole('menuitem', { name: second });
  await item.click();
}

/** What a menu item downloads. */
async function download(page: Page, ...names: MenuPath): Promise<{ name: string; bytes: Buffer }> {
  const waiting = page.waitForEvent('download');
  await choose(page, ...names);
  const file = await waiting;
  await expect(page.getByTestId('export-status')).toContainText('Saved');
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

interface Outcome {
  clipIds: string[];
  sentence: string;
  selection: {
    question: { text: string };
    strategy: string;
    parameters: { count: number };
    clips: { clipId: string }[];
    frames: { frameIndex: number; score: number }[];
  } | null;
}

/** Brings a file in as the page does with a dropped one. */
function bring(page: Page, name: string, bytes: Buffer): Promise<Outcome | null> {
  return page.evaluate(
    async ([fileName, base64]) => {
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return window.framesift.importFile(new File([content], fileName));
    },
    [name, bytes.toString('base64')] as const,
  );
}

async function deleteAll(framesift: FramesiftPage): Promise<void> {
  await framesift.page.getByRole('button', { name: /^Delete / }).click();
  await expect
    .poll(() => framesift.query('select count(*)::int as clips from events'))
    .toEqual([{ clips: 0 }]);
}

/** Width and height from a JPEG's frame header. */
function jpegSize(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
  }
}

const scoresOf = (frames: readonly { frameIndex: number; score: number }[]) =>
  new Map(frames.map(({ frameIndex, score }) => [frameIndex, score]));

test('frames come as a ZIP in full resolution, and the ZIP comes back', async ({ page }) => {
  const framesift = await openAnswer(page);
  const shown = await framesift.shownFrames();
  const [clip] = await framesift.query('select * from events');
  const { name, bytes } = await download(page, 'Frames as ZIP');
  expect(name).toMatch(/^framesift-sample_.*\.zip$/);
  const entries = unzipSync(bytes);
  const text = (entry: string) => new TextDecoder().decode(entries[entry]);
  const manifest = JSON.parse(text('manifest.json')) as {
    question: { text: string };
    modelVersion: string;
    clips: { fingerprint: string }[];
    frames: { file: string; frameIndex: number; timestampMs: number; score: number; isThumbnail?: boolean }[];
  };
  expect(manifest.question.text).toBe(question.text);
  expect(manifest.modelVersion).toBe(clip!.model_version);
  expect(manifest.clips[0]!.fingerprint).toBe(clip!.file_fingerprint);
  expect(scoresOf(manifest.frames)).toEqual(scoresOf(shown));
  for (const frame of manifest.frames) {
    expect(frame.isThumbnail).toBeUndefined();
    expect(jpegSize(entries[frame.file]!)).toEqual({ width: clip!.width, height: clip!.height });
  }
  expect(Object.keys(entries).filter((entry) => entry.startsWith('frames/'))).toHaveLength(shown.length);
  expect(text('README.txt')).toContain(question.text);

  await test.step('each picture is the frame that it says', async () => {
    // The stored thumbnail of the same frame is the nearest of all.
    const differences = await page.evaluate(
      async ([clipId, frames]) => {
        const pixels = async (picture: Blob) => {
          const context = new OffscreenCanvas(32, 18).getContext('2d')!;
          context.drawImage(await createImageBitmap(picture), 0, 0, 32, 18);
          return context.getImageData(0, 0, 32, 18).data;
        };
        const root = await navigator.storage.getDirectory();
        const folder = await (await root.getDirectoryHandle('frames')).getDirectoryHandle(clipId);
        const found: number[] = [];
        for (const { frameIndex, base64 } of frames) {
          const name = `frame_${String(frameIndex + 1).padStart(3, '0')}.jpg`;
          const stored = await pixels(await (await folder.getFileHandle(name)).getFile());
          const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const exported = await pixels(new Blob([content]));
          found.push(
            stored.reduce((sum, value, i) => sum + Math.abs(value - exported[i]!), 0) / stored.length,
          );
        }
        return found;
      },
      [
        String(clip!.id),
        manifest.frames.map(({ frameIndex, file }) => ({
          frameIndex,
          base64: Buffer.from(entries[file]!).toString('base64'),
        })),
      ] as const,
    );
    for (const difference of differences) expect(difference).toBeLessThan(4);
  });

  await test.step('brought in beside its clip it shows the selection', async () => {
    const outcome = await bring(page, name, bytes);
    expect(outcome?.selection?.question.text).toBe(question.text);
    expect(outcome?.selection?.parameters.count).toBe(8);
    expect(outcome?.clipIds).toEqual([clip!.id]);
  });

  await test.step('brought in without its clip it brings its frames', async () => {
    await deleteAll(framesift);
    const outcome = await bring(page, name, bytes);
    expect(outcome?.sentence).toContain('came in');
    await expect(framesift.clips).toHaveCount(1);
    const again = await framesift.ask(question.text);
    expect(scoresOf(again)).toEqual(scoresOf(shown));
    await expect(page.getByTestId('frame').first().locator('img')).toBeVisible();
    await expect(page.getByText('Choose it again to play it')).toBeVisible();
  });
  expect(framesift.problems).toEqual([]);
});

test('rows come back into an emptied library to the digit, and give the same answer', async ({ page }) => {
  const framesift = await openAnswer(page);
  const answer = await framesift.shownFrames();
  const rows = () =>
    framesift.query('select id, frame_index, embedding, model_version from frame_embeddings order by 2');
  const before = await rows();
  for (const format of ['JSON lines', 'SQL for PostgreSQL']) {
    const { name, bytes } = await download(page, 'Embeddings of this clip', format);
    expect(name).toMatch(/^framesift-sample_embeddings\.(jsonl|sql)$/);
    await deleteAll(framesift);
    const outcome = await bring(page, name, bytes);
    expect(outcome?.sentence).toContain(`1 clip added, with ${before.length} embeddings.`);
    expect(await rows()).toEqual(before);
    await expect(framesift.clips).toHaveCount(1);
    expect(await framesift.ask(question.text)).toEqual(answer);
    await expect(page.getByTestId('frame').locator('img')).toHaveCount(0);
  }
  await test.step('and get their pictures back with their file', async () => {
    await page.getByTestId('clip-file-input').setInputFiles(SAMPLE_CLIP);
    await expect(page.getByTestId('frame').locator('img')).toHaveCount(answer.length);
    await expect(page.getByTestId('player')).toBeVisible();
    const files = await framesift.storedFiles();
    expect(files.filter((path) => path.startsWith('frames/'))).toHaveLength(before.length);
  });
  expect(framesift.problems).toEqual([]);
});

test('pictures are those of the stored times, which are rounded down as often as up', async ({ page }) => {
  const framesift = await openWithSample(page);
  await framesift.readSample('4 a second');
  const stored = (
    await framesift.query(`select timestamp_offset_ms as ms from event_frames
       where event_id = (select id from events order by created_at desc limit 1) order by 1`)
  ).map(({ ms }) => Number(ms));
  const decoded = await page.evaluate(
    async ([base64, times]) => {
      const file = new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
      const options = { type: 'image/jpeg', quality: 0.5, maxSide: 64 } as const;
      // In any order.
      const pictures = await window.framesift.readPictures(file, times.toReversed(), options);
      return pictures.map(({ timestampMs }) => timestampMs).toReversed();
    },
    [readFileSync(SAMPLE_CLIP).toString('base64'), stored] as const,
  );
  expect(decoded).toEqual(stored);
});

test('a table, a contact sheet and messages are what they say, and come back', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const framesift = await openAnswer(page);
  const shown = await framesift.shownFrames();

  const isBack = (outcome: Outcome | null) => {
    expect(outcome?.selection?.question.text).toBe(question.text);
    expect(scoresOf(outcome?.selection?.frames ?? [])).toEqual(scoresOf(shown));
  };

  await test.step('the table', async () => {
    const { name, bytes } = await download(page, 'Table (CSV)');
    const { data } = Papa.parse<Record<string, string>>(bytes.toString('utf8').slice(1), {
      header: true,
      skipEmptyLines: true,
    });
    expect(new Map(data.map((row) => [Number(row.frame_index), Number(row.score)]))).toEqual(scoresOf(shown));
    isBack(await bring(page, name, bytes));
  });

  await test.step('the contact sheet', async () => {
    const { name, bytes } = await download(page, 'Contact sheet (PNG)');
    const size = await page.evaluate(async (base64) => {
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([content], { type: 'image/png' }));
      return [bitmap.width, bitmap.height];
    }, bytes.toString('base64'));
    expect(size[0]).toBeGreaterThan(800);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual(size);
    isBack(await bring(page, name, bytes));
  });

  await test.step('messages, on the clipboard', async () => {
    await choose(page, 'Copy for a vision model', 'OpenAI shape');
    await expect(page.getByTestId('export-status')).toContainText('Copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const [message] = JSON.parse(copied) as {
      content: { type: string; text?: string; image_url?: { url: string } }[];
    }[];
    const pictures = message!.content.filter(({ type }) => type === 'image_url');
    expect(pictures).toHaveLength(shown.length);
    const [head, data] = pictures[0]!.image_url!.url.split(',');
    expect(head).toBe('data:image/jpeg;base64');
    const { width, height } = jpegSize(Buffer.from(data!, 'base64'));
    expect(Math.max(width, height)).toBeLessThanOrEqual(768);
    isBack(await bring(page, 'pasted.json', Buffer.from(copied)));
  });

  await test.step('messages, as a file where the clipboard refuses', async () => {
    await page.evaluate(() => {
      navigator.clipboard.write = () => Promise.reject(new DOMException('No.', 'NotAllowedError'));
    });
    const { name, bytes } = await download(page, 'Copy for a vision model', 'Anthropic shape');
    expect(name).toMatch(/_anthropic\.json$/);
    const [message] = JSON.parse(bytes.toString()) as { content: { type: string; source?: object }[] }[];
    expect(message!.content[2]).toMatchObject({
      type: 'image',
      source: { type: 'base64', media_type: 'image/jpeg' },
    });
    isBack(await bring(page, name, bytes));
  });
  expect(framesift.problems).toEqual([]);
});

test('the clip is cut to the moments, and the cut opens as a clip', async ({ page }) => {
  const framesift = await openAnswer(page);
  await page.getByLabel('Number of frames to show').selectOption('4');
  await expect(page.getByTestId('frame')).toHaveCount(4);
  const spans = await page.evaluate(async (text) => {
    const answer = await window.framesift.ask(null, text, { count: 4 });
    return answer.verdict?.spans ?? [];
  }, question.text);
  expect(spans.length).toBeGreaterThan(0);
  const kept = new Set<number>();
  for (const { startMs, endMs } of spans) {
    for (let ms = startMs - 1000; ms < endMs + 1000; ms += 1) {
      if (ms >= 0 && ms < sample.durationMs) kept.add(ms);
    }
  }
  expect(kept.size).toBeLessThan(sample.durationMs / 2);
  const { name, bytes } = await download(page, 'Clip of these moments');
  expect(name).toMatch(/_cut\.(mp4|webm)$/);
  const duration = await page.evaluate(async (base64) => {
    const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const video = document.createElement('video');
    video.src = URL.createObjectURL(new Blob([content]));
    await new Promise((resolve) => (video.onloadedmetadata = resolve));
    return video.duration;
  }, bytes.toString('base64'));
  expect(Math.abs(duration * 1000 - kept.size)).toBeLessThan(150);
  expect(await bring(page, name, bytes)).toBeNull();
  await framesift.drop({ name, type: `video/${name.split('.').pop()!}`, bytes });
  await expect(page.getByTestId('facts')).toBeVisible();
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead();
  expect(framesift.problems).toEqual([]);
});

test('an export can be cancelled, and one that fails says why', async ({ page }) => {
  const framesift = await openAnswer(page);
  await page.getByLabel('Number of frames to show').selectOption('64');
  await choose(page, 'Clip of these moments');
  const status = page.getByTestId('export-status');
  await expect(status).toContainText('Clip of these moments…');
  await status.getByRole('button', { name: 'Cancel' }).click();
  await expect(status).toBeEmpty();
  // What was cancelled leaves the decoder free and the page as it was.
  await download(page, 'Table (CSV)');
  await page.getByRole('button', { name: 'Dismiss' }).click();

  await test.step('without the clip’s file there are thumbnails, and a sentence in place of a cut', async () => {
    await page.evaluate(async () => {
      const files = await navigator.storage.getDirectory();
      await files.removeEntry('clips', { recursive: true });
    });
    await page.reload();
    await framesift.waitUntilReady();
    await framesift.ask(question.text);
    const { bytes } = await download(page, 'Frames as ZIP');
    await expect(status).toContainText('small stored ones');
    const manifest = JSON.parse(new TextDecoder().decode(unzipSync(bytes)['manifest.json'])) as {
      frames: { isThumbnail?: boolean; width: number }[];
    };
    expect(manifest.frames.every(({ isThumbnail, width }) => isThumbnail && width <= 320)).toBe(true);
    await choose(page, 'Clip of these moments');
    await expect(status).toContainText('not in this browser any more');
  });
  expect(framesift.problems).toEqual([]);
});

test('the menu can be used by keyboard and has no faults that axe finds', async ({ page }) => {
  await openAnswer(page);
  await page.getByRole('button', { name: 'Export' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Frames as ZIP' })).toBeFocused();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Export' })).toBeFocused();
});
