import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import Papa from 'papaparse';
import { FramesiftPage } from '../browser/framesift-page';
import { readStripes, type StripesKind } from '../support/stripes';
import { CASES, FOLDER, numbersAt, type ReadableClip, type RefusedClip, type Truth } from './cases';

/*
 * Every made clip goes through the built page as a person would take it: chosen, read, asked, clicked, exported. Many
 * in one page, since starting it costs more than reading a clip.
 */

declare global {
  interface Window {
    readStripes: typeof readStripes;
  }
}

/** At most so many frames are read of a clip; those with fewer are read frame by frame. */
const MOST_FRAMES = 12;

/** A guard against what hangs, for one clip on a busy machine. */
const CLIP_TIMEOUT_MS = 60_000;

/** Milliseconds by which a length may differ, besides the last frame's own length: containers round. */
const DURATION_SLACK_MS = 60;

interface StoredFrame {
  frameIndex: number;
  timestampMs: number;
  number: number | null;
}

let page: Page;
let framesift: FramesiftPage;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ reducedMotion: 'reduce' });
  // tsx and Playwright's compiler wrap functions in a helper that the page does not have.
  await page.addInitScript(
    `globalThis.__name ??= (value) => value; globalThis.readStripes = ${readStripes.toString()};`,
  );
  framesift = new FramesiftPage(page);
  await framesift.open();
});

test.afterAll(async () => {
  await page.close();
});

/** "01" of "01-crash.mkv"; the clips of `reports` have no number. */
const kindOf = (name: string): string => /^(\d\d)-/.exec(name)?.[1] ?? 'reported';

/** Clips of a test; a kind with more is split, so that two pages share the work evenly. */
const CLIPS_A_TEST = 6;

for (const kind of new Set(CASES.map(({ name }) => kindOf(name)))) {
  const ofKind = CASES.filter(({ name }) => kindOf(name) === kind);
  for (let start = 0; start < ofKind.length; start += CLIPS_A_TEST) {
    const clips = ofKind.slice(start, start + CLIPS_A_TEST);
    const part = ofKind.length > CLIPS_A_TEST ? `, part ${start / CLIPS_A_TEST + 1},` : '';
    test(`clips of kind ${kind}${part} give what is in them`, async () => {
      test.setTimeout(CLIP_TIMEOUT_MS * clips.length);
      const failures: string[] = [];
      for (const clip of clips) {
        // One clip that fails does not hide the next ones.
        await test
          .step(clip.name, () => (clip.must === 'read' ? readsClip(clip) : refusesClip(clip)))
          .catch((error: unknown) => failures.push(`${clip.name}: ${String(error)}`));
      }
      expect(failures.join('\n\n')).toBe('');
    });
  }
}

/** Visible messages; Next keeps an empty alert of its own for screen readers. A picture is taken to search with. */
const messages = () =>
  page
    .getByRole('alert')
    .filter({ hasText: /\S/ })
    .or(page.getByText(/is a picture \(/));

async function choose({ path, name }: { path: string; name: string }): Promise<'facts' | 'refused'> {
  for (const button of await page.getByRole('button', { name: 'Dismiss' }).all()) {
    await button.click({ timeout: 1000 }).catch(() => undefined);
  }
  await page
    .getByTestId('file-input')
    .setInputFiles({ name, mimeType: 'video/mp4', buffer: readFileSync(path) });
  const facts = page.getByTestId('facts');
  await facts.or(messages().first()).first().waitFor({ timeout: 20_000 });
  return (await facts.isVisible()) ? 'facts' : 'refused';
}

async function refusesClip(clip: RefusedClip): Promise<void> {
  const outcome = await choose(clip);
  if (outcome === 'facts') {
    await page.getByRole('button', { name: 'Do not read this clip' }).click();
    expect(outcome, 'the clip was taken').toBe('refused');
  }
  const sentence = await messages().first().innerText();
  expect(sentence).toMatch(clip.names);
  if (clip.neverNames) expect(sentence).not.toMatch(clip.neverNames);
}

async function readsClip(clip: ReadableClip): Promise<void> {
  const outcome = await choose(clip);
  expect(outcome, await refusalText(outcome)).toBe('facts');
  const wanted = Math.min(MOST_FRAMES, clip.truths[0]!.frames.length);
  await page.getByLabel('Number of frames').fill(String(wanted));
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await framesift.waitUntilRead(60_000);

  const [event] = await framesift.query(
    `select id, duration_ms::float as "durationMs", gaps from events order by created_at desc limit 1`,
  );
  const frames = await storedFrames(String(event!.id), clip.stripes);
  const truth = closestTruth(clip, Number(event!.durationMs));
  const lastMs = (truth.durationSeconds - truth.frames.at(-1)![0]) * 1000;
  expect(Math.abs(Number(event!.durationMs) - truth.durationSeconds * 1000), 'the length').toBeLessThan(
    Math.max(DURATION_SLACK_MS, lastMs),
  );
  expect(event!.gaps !== null, 'whether stretches are named as missing').toBe(clip.hasGaps);
  if (!clip.hasGaps) expect(frames.length, 'stored frames').toBe(wanted);
  for (const { timestampMs, number } of frames) {
    const right: Set<number | null> = numbersAt(truth.frames, timestampMs, clip.framesOff);
    // A picture beside a gap may be damaged itself.
    if (clip.hasGaps) right.add(null);
    expect([...right], `the thumbnail at ${timestampMs} ms shows ${number}`).toContain(number);
  }
  await checkAnswer(clip, frames);
}

async function refusalText(outcome: 'facts' | 'refused'): Promise<string> {
  return outcome === 'refused' ? messages().first().innerText() : '';
}

function closestTruth({ truths }: ReadableClip, durationMs: number): Truth {
  const off = ({ durationSeconds }: Truth) => Math.abs(durationSeconds * 1000 - durationMs);
  return truths.toSorted((a, b) => off(a) - off(b))[0]!;
}

/** What is stored of a clip: each frame's time, and the number in its thumbnail. */
async function storedFrames(clipId: string, kind: StripesKind): Promise<StoredFrame[]> {
  const rows = await framesift.query(
    `select frame_number - 1 as "frameIndex", timestamp_offset_ms as "timestampMs", frame_path as path
     from event_frames where event_id = $1 order by frame_number`,
    [clipId],
  );
  const paths = rows.map(({ path }) => String(path));
  const numbers = await page.evaluate(
    async ([files, stripes]) => {
      const root = await navigator.storage.getDirectory();
      return Promise.all(
        files.map(async (path) => {
          const parts = path.split('/');
          const fileName = parts.pop()!;
          let folder = root;
          for (const part of parts) folder = await folder.getDirectoryHandle(part);
          const bitmap = await createImageBitmap(await (await folder.getFileHandle(fileName)).getFile());
          const { width, height } = bitmap;
          const context = new OffscreenCanvas(width, height).getContext('2d')!;
          context.drawImage(bitmap, 0, 0);
          bitmap.close();
          return window.readStripes(context.getImageData(0, 0, width, height).data, width, height, stripes);
        }),
      );
    },
    [paths, kind] as const,
  );
  return rows.map(({ frameIndex, timestampMs }, row) => ({
    frameIndex: Number(frameIndex),
    timestampMs: Number(timestampMs),
    number: numbers[row]!,
  }));
}

/** Clips in which a player's clock differs from the clip's, or a frame is shorter than a player's rounding. */
const EVERY_CARD = new Set([
  'inputs/02-video-late.mkv',
  'inputs/02-29.97fps.mp4',
  'inputs/02-23.976fps.mkv',
  'inputs/02-start-1h.webm',
  'inputs/12-vp9-opus.webm',
  'reports/240-frames-a-second.mp4',
]);

/** Cards lead the player to their own frame, and a table has their own times. */
async function checkAnswer(clip: ReadableClip, frames: readonly StoredFrame[]): Promise<void> {
  await framesift.ask('a red car');
  const byIndex = new Map(frames.map((frame) => [frame.frameIndex, frame]));
  const cards = await framesift.shownFrames();
  for (const { frameIndex, timestampMs } of cards) {
    expect(timestampMs, `the card of frame ${frameIndex}`).toBe(byIndex.get(frameIndex)?.timestampMs);
  }

  // The player stands at the first one already.
  const toClick = EVERY_CARD.has(clip.path.slice(FOLDER.length + 1)) ? cards : cards.slice(-1);
  for (const card of clip.isPlayable ? toClick : []) {
    await page.locator(`[data-testid=frame][data-frame-index="${card.frameIndex}"]`).first().click();
    const { number } = byIndex.get(card.frameIndex)!;
    await expect
      .poll(() => playerNumber(clip.stripes), {
        message: `the player after a click on the card at ${card.timestampMs} ms`,
        timeout: 5000,
      })
      .toBe(number);
  }

  await page.getByRole('button', { name: 'Export' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Table (CSV)' }).click();
  const table = readFileSync(await (await downloading).path(), 'utf8').slice(1);
  const { data } = Papa.parse<Record<string, string>>(table, { header: true, skipEmptyLines: true });
  expect(new Map(data.map((row) => [Number(row.frame_index), Number(row.timestamp_ms)]))).toEqual(
    new Map(cards.map(({ frameIndex, timestampMs }) => [frameIndex, timestampMs])),
  );
  // The message of the export would lie over the cards of the next clip.
  await page.getByTestId('export-status').getByRole('button', { name: 'Dismiss' }).click();
}

/**
 * The number in the picture that a person sees in the player once it stands; null while it seeks or shows none. A frame
 * lies over it where the browser's player shows another one.
 */
function playerNumber(kind: StripesKind): Promise<number | null> {
  return page.evaluate(async (stripes) => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid=player]');
    const standIn = document.querySelector<HTMLImageElement>('[data-testid=stand-in]');
    if (!video || video.seeking || video.readyState < video.HAVE_CURRENT_DATA) return null;
    await standIn?.decode();
    const picture = standIn ?? video;
    const [width, height] = standIn
      ? [standIn.naturalWidth, standIn.naturalHeight]
      : [video.videoWidth, video.videoHeight];
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(picture, 0, 0);
    return window.readStripes(context.getImageData(0, 0, width, height).data, width, height, stripes);
  }, kind);
}
