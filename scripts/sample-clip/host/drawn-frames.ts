import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from '@playwright/test';
import { type Scene } from '../scene';
import { BAKE_SIZE, FRAME_RATE, HEIGHT, type Shot, SHOTS, SUPERSAMPLING, WIDTH } from '../clip';
import { CAMERA } from '../glsl/camera';
import { FILM_PASS, GLOW_PASS } from '../glsl/film';
import { NOISE } from '../glsl/noise';
import { type SampleClip } from '../page/main';

/** Only inside the functions that are handed to the page. */
declare const sampleClip: SampleClip;

/** A frame takes seconds to draw, so a drawn one is kept until something that makes it changes. */
const CACHE = join(tmpdir(), 'framesift-sample-clip');

/** Everything that decides how a scene's frames look. */
function fingerprint(scene: Scene): string {
  const parts = [WIDTH, HEIGHT, FRAME_RATE, SUPERSAMPLING, BAKE_SIZE, NOISE, CAMERA, GLOW_PASS, FILM_PASS];
  const { glsl, bake, volume } = scene;
  const text = JSON.stringify([...parts, glsl, bake, volume]);
  return `${scene.id}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

export function shotAt(frame: number): Shot {
  const shot = SHOTS.find(({ firstFrame, endFrame }) => frame >= firstFrame && frame < endFrame);
  if (!shot) throw new RangeError(`The clip has no frame ${frame}.`);
  return shot;
}

/** The PNG of one frame, drawn on the page unless it was drawn before. */
export async function getFrame(page: Page, frame: number): Promise<Buffer> {
  const shot = shotAt(frame);
  const folder = join(CACHE, fingerprint(shot.scene));
  const file = join(folder, `${frame - shot.firstFrame}.png`);
  try {
    return await readFile(file);
  } catch {
    const png = Buffer.from(await page.evaluate((number) => sampleClip.drawStill(number), frame), 'base64');
    await mkdir(folder, { recursive: true });
    // Under its own name only when whole: the drawing may be cut short and taken up again.
    const partial = `${file}.${process.pid}`;
    await writeFile(partial, png);
    await rename(partial, file);
    return png;
  }
}
