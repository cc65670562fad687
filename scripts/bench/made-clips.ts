import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { root } from '../host/served-page';

export type MadeCodec = 'h264' | 'vp9' | 'av1';

/** A clip that FFmpeg makes of a real one: repeated, scaled, with a little grain, so that it is as hard to decode as film. */
export interface ClipRecipe {
  /** File name in the folder of real clips; the sample clip stands in where it is not there. */
  source: string;
  width: number;
  height: number;
  framesPerSecond: number;
  seconds: number;
  codec: MadeCodec;
  /** How often the clip is repeated without being encoded again, for long ones. */
  repeats?: number;
}

const SAMPLE = join(root, 'public/sample/framesift-sample.webm');

/** Encoders as people use them: x264's defaults (three B-frames, key frames up to 250 apart), VP9 and AV1 at presets that end today. */
const ENCODERS: Record<MadeCodec, { suffix: string; options: (height: number) => string[] }> = {
  h264: {
    suffix: 'mp4',
    options: (height) => [
      ...['-c:v', 'libx264', '-preset', height > 1080 ? 'veryfast' : 'medium', '-crf', '23'],
      ...['-movflags', '+faststart'],
    ],
  },
  vp9: {
    suffix: 'webm',
    options: () => [
      ...['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '6', '-row-mt', '1'],
      ...['-crf', '34', '-b:v', '0', '-g', '240'],
    ],
  },
  av1: {
    suffix: 'mp4',
    options: () => ['-c:v', 'libsvtav1', '-preset', '10', '-crf', '36', '-g', '240'],
  },
};

/** The file that a clip is made from. */
function sourceOf(recipe: ClipRecipe, realClips: string): string {
  const real = join(realClips, recipe.source);
  return existsSync(real) ? real : SAMPLE;
}

/**
 * Makes a clip, or finds it in `cache` where an earlier run left it. Takes minutes for the large ones.
 *
 * @returns its path, and the name of what it was made from
 * @throws Error with FFmpeg's own words when it fails
 */
export async function makeClip(
  recipe: ClipRecipe,
  realClips: string,
  cache: string,
): Promise<{ path: string; madeFrom: string }> {
  const { repeats = 1, codec, width, height, framesPerSecond, seconds } = recipe;
  const source = sourceOf(recipe, realClips);
  const { suffix, options } = ENCODERS[codec];
  const once_ = { ...recipe, repeats: 1 };
  if (repeats > 1) {
    const { path: one } = await makeClip(once_, realClips, cache);
    const copy = ['-stream_loop', String(repeats - 1), '-i', one, '-c', 'copy', '-movflags', '+faststart'];
    return { path: await encode(copy, suffix, recipe, cache), madeFrom: basename(source) };
  }
  const filters = [
    `scale=${width}:${height}:flags=bicubic`,
    'setsar=1',
    `fps=${framesPerSecond}`,
    'noise=alls=3:allf=t:all_seed=1',
    'format=yuv420p',
  ];
  const made = await encode(
    [
      ...['-stream_loop', '-1', '-i', source, '-t', String(seconds), '-an', '-vf', filters.join(',')],
      ...options(height),
    ],
    suffix,
    { ...once_, bytes: statSync(source).size },
    cache,
  );
  return { path: made, madeFrom: basename(source) };
}

/** Runs FFmpeg, unless the file that this recipe gives is there. An interrupted run leaves no half file behind. */
async function encode(
  args: readonly string[],
  suffix: string,
  recipe: ClipRecipe & { bytes?: number },
  cache: string,
): Promise<string> {
  await mkdir(cache, { recursive: true });
  const digest = createHash('sha256')
    .update(JSON.stringify([args, recipe]))
    .digest('hex')
    .slice(0, 12);
  const name = `${recipe.codec}-${recipe.height}p-${recipe.seconds * (recipe.repeats ?? 1)}s-${digest}`;
  const path = join(cache, `${name}.${suffix}`);
  if (existsSync(path)) return path;
  console.error(`Making ${basename(path)}…`);
  const unfinished = join(cache, `${name}.unfinished.${suffix}`);
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-y', ...args, unfinished], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  ffmpeg.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [status] = (await once(ffmpeg, 'close')) as [number | null];
  if (status !== 0) {
    await rm(unfinished, { force: true });
    throw new Error(`FFmpeg could not make ${basename(path)}: ${words.trim() || `it ended with ${status}`}`);
  }
  await rename(unfinished, path);
  return path;
}
