/**
 * Makes the sample clip that ships with the app, and `sample.json` beside it: `npm run sample`; `--json-only` leaves the
 * clip as it is.
 * Everything in it is computed, so nobody has rights in it.
 * The drawing is done in software and takes some twenty minutes; scenes that were drawn before are not drawn again.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { CLIP_FILE, CLIP_FOLDER, FRAME_RATE, frameStartMs, HEIGHT, SHOTS, WIDTH } from './clip';
import { repositoryPath, withPage } from './host/browser';
import { getFrame } from './host/drawn-frames';
import { type SampleClip } from './page/main';
import { QUESTIONS } from './questions';

/** Only inside the functions that are handed to the page. */
declare const sampleClip: SampleClip;

const FOLDER = repositoryPath(CLIP_FOLDER);
/** What a first visit should have to load at most for the sample. */
const MAX_BYTES = 1_450_000;
/** In bits a second. What comes out is some 15 % more than what is asked for. */
const FIRST_BITRATE = 205_000;

function describe(): unknown {
  const scenes = SHOTS.map(({ scene, firstFrame, endFrame }) => ({
    id: scene.id,
    title: scene.title,
    startMs: frameStartMs(firstFrame),
    endMs: frameStartMs(endFrame),
  }));
  const questions = QUESTIONS.map(({ text, sceneId }) => {
    const scene = scenes.find(({ id }) => id === sceneId);
    if (!scene) throw new Error(`The question “${text}” names no scene of the clip.`);
    return { text, sceneId, startMs: scene.startMs, endMs: scene.endMs };
  });
  return {
    file: CLIP_FILE,
    width: WIDTH,
    height: HEIGHT,
    frameRate: FRAME_RATE,
    durationMs: scenes.at(-1)?.endMs ?? 0,
    scenes,
    questions,
  };
}

/** Draws and encodes every frame in order. */
async function encode(page: Page, bitrate: number): Promise<Buffer> {
  await page.evaluate((rate) => sampleClip.startEncoding(rate), bitrate);
  for (const { scene, firstFrame, endFrame } of SHOTS) {
    const started = performance.now();
    for (let frame = firstFrame; frame < endFrame; frame++) {
      const png = await getFrame(page, frame);
      await page.evaluate(([picture, isCut]) => sampleClip.encode(picture, isCut), [
        png.toString('base64'),
        frame === firstFrame,
      ] as const);
    }
    console.log(`${scene.id}: ${Math.round((performance.now() - started) / 1000)} s`);
  }
  return Buffer.from(await page.evaluate(() => sampleClip.finishEncoding()), 'base64');
}

/** Encoders keep to a bit rate only roughly: asks for less until the file is small enough. */
async function encodeWithin(page: Page, maxBytes: number): Promise<Buffer> {
  for (let bitrate = FIRST_BITRATE; ; bitrate = Math.floor(bitrate * 0.95)) {
    const file = await encode(page, bitrate);
    console.log(`${bitrate} bit/s asked for: ${file.length} bytes`);
    if (file.length <= maxBytes) return file;
  }
}

await mkdir(FOLDER, { recursive: true });
await writeFile(join(FOLDER, 'sample.json'), `${JSON.stringify(describe(), null, 2)}\n`);
if (!process.argv.includes('--json-only')) {
  const file = await withPage((page) => encodeWithin(page, MAX_BYTES));
  await writeFile(join(FOLDER, CLIP_FILE), file);
  console.log(join(FOLDER, CLIP_FILE));
}
