/**
 * `npm run bench:preprocess [-- clip…]`: how far the page's preprocessing is from Pillow's, and what it
 * costs a frame beside `drawImage`. Without clips: the sample. Needs the built app, FFmpeg and
 * python3-pil (Debian's packages).
 *
 * Reference: FFmpeg's decoder, FFmpeg's RGB, Pillow's resize, the bundled model on onnxruntime in Node.
 * Ours: frames out of the built page in Chromium, then the same model on the same onnxruntime, so that
 * pixels are all that differs. Ends with 1 when the embeddings are further apart than the limits below.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from '@playwright/test';
import { resizeFrame } from '@/lib/pixels/resize';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import type { ResizeSpec } from '@/lib/shared/frames';
import { dotAt } from '@/lib/shared/vectors';
import { openModulePage } from '../host/module-page';
import { openReady, root, withServedApp } from '../host/served-page';
import { Embedder } from '../sample-clip/host/embed';
import type { Cost, FrameCostPage, FrameCosts } from './page/frame-cost';
import { makePillowFrames, probeClip, readPlanes, type ProbedClip } from './reference-frames';

/** Only inside the function that is handed to the page. */
declare const frameCost: FrameCostPage;

const MIN_MEAN_COSINE = 0.995;
const MIN_COSINE = 0.98;

/** OpenAI's CLIP: no such model is bundled, so its pixels are compared and no embeddings. */
const CROP_224: ResizeSpec = { size: 224, fit: 'centre-crop' };

/** Heights that the first clip is scaled to for measuring cost; widths follow 16:9. */
const COST_HEIGHTS = [360, 720, 1080, 2160];
const COST_FRAMES = 20;

/** What the bundled model wants of a wide frame. */
const COST_RESIZE: ResizeSpec = {
  size: 160,
  fit: 'stretch',
  views: { count: 2, share: 0.58, size: 128 },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Frames compared of each clip, spread over it. */
    frames: { type: 'string', default: '24' },
    'no-cost': { type: 'boolean', default: false },
    /** Nothing but the cost. */
    'only-cost': { type: 'boolean', default: false },
  },
});
const clips = positionals.length > 0 ? positionals : [join(root, 'public/sample/framesift-sample.webm')];
const framesPerClip = Number(values.frames);

/** `count` numbers spread evenly over 0…total-1, none at the very ends. */
function spread(total: number, count: number): number[] {
  const taken = Math.min(total, count);
  return Array.from({ length: taken }, (_, index) => Math.floor(((index + 0.5) * total) / taken));
}

/** Puts a file input of our own on the page, in place of the last, and chooses a file. */
async function chooseFile(page: Page, path: string): Promise<void> {
  await page.evaluate(() => {
    document.querySelector('#bench-file')?.remove();
    document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'bench-file' }));
  });
  await page.locator('#bench-file').setInputFiles(path);
}

/** Frames of a file as the page's own worker prepares them. */
async function prepareInPage(
  page: Page,
  clip: ProbedClip,
  frameNumbers: readonly number[],
  resize: ResizeSpec,
): Promise<Uint8Array[]> {
  const { timestampsMs } = clip;
  // Half-way into each frame, so that no rounding moves the question into the one before.
  const momentsMs = frameNumbers.map((number) => {
    const startMs = timestampsMs[number]!;
    return (startMs + (timestampsMs[number + 1] ?? startMs + 2)) / 2;
  });
  await chooseFile(page, clip.path);
  const frames = await page.evaluate(
    async ([moments, spec]) => {
      const file = document.querySelector<HTMLInputElement>('#bench-file')!.files![0]!;
      const prepared = await window.framesift.prepareFrames(file, moments, spec);
      return prepared.map(({ timestampMs, pixels }) => ({ timestampMs, pixels: pixels.toBase64() }));
    },
    [momentsMs, resize] as const,
  );
  return frames.map(({ timestampMs, pixels }, index) => {
    const wantedMs = timestampsMs[frameNumbers[index]!]!;
    // The page rounds the first frame's time and this one's to whole milliseconds.
    if (Math.abs(timestampMs - wantedMs) > 1) {
      throw new Error(`The page gave the frame of ${timestampMs} ms for that of ${wantedMs} ms.`);
    }
    return new Uint8Array(Buffer.from(pixels, 'base64'));
  });
}

function meanAbsoluteDifference(ours: readonly Uint8Array[], theirs: readonly Uint8Array[]): number {
  let sum = 0;
  let count = 0;
  ours.forEach((picture, index) => {
    const other = theirs[index]!;
    for (let at = 0; at < picture.length; at++) sum += Math.abs(picture[at]! - other[at]!);
    count += picture.length;
  });
  return sum / count;
}

interface Comparison {
  clip: ProbedClip;
  /** Frames whose bytes are those that FFmpeg's planes give; null where FFmpeg's format is not WebCodecs'. */
  identicalFrames: number | null;
  /** Of each frame, with Pillow after an explicit conversion and after FFmpeg's own. */
  cosines: number[];
  cosinesByDefault: number[];
  /** Mean absolute differences of bytes of 0…255. */
  pixelsApart: number;
  cropPixelsApart: number;
  pillowVersion: string;
}

async function compareClip(
  page: Page,
  embedder: Embedder,
  path: string,
  folder: string,
): Promise<Comparison> {
  const clip = await probeClip(path);
  const numbers = spread(clip.timestampsMs.length, framesPerClip);
  // Whole frames: views are the same resize of a part (test/unit/pixels/resize.test.ts).
  const { size, fit } = embedder.resize;
  const resize: ResizeSpec = { size, fit };
  const ours = await prepareInPage(page, clip, numbers, resize);
  const oursCropped = await prepareInPage(page, clip, numbers, CROP_224);

  const folders = [join(folder, 'explicit'), join(folder, 'default')] as const;
  await Promise.all(folders.map((one) => mkdir(one, { recursive: true })));
  const [explicit, cropped] = await makePillowFrames(
    clip,
    numbers,
    'explicit',
    [resize, CROP_224],
    folders[0],
  );
  const [byDefault] = await makePillowFrames(clip, numbers, 'default', [resize], folders[1]);

  const planes = await readPlanes(clip, numbers);
  const identical = planes?.filter((stored, index) => {
    const expected = resizeFrame(stored, resize, clip.rotationDegrees);
    return Buffer.compare(expected, ours[index]!) === 0;
  });

  const cosinesWith = async (pictures: readonly Uint8Array[]): Promise<number[]> => {
    const cosines: number[] = [];
    for (const [index, picture] of pictures.entries()) {
      const theirs = await embedder.embedPicture(picture);
      cosines.push(dotAt(await embedder.embedPicture(ours[index]!), 0, theirs));
    }
    return cosines;
  };
  return {
    clip,
    identicalFrames: identical?.length ?? null,
    cosines: await cosinesWith(explicit!.pictures),
    cosinesByDefault: await cosinesWith(byDefault!.pictures),
    pixelsApart: meanAbsoluteDifference(ours, explicit!.pictures),
    cropPixelsApart: meanAbsoluteDifference(oursCropped, cropped!.pictures),
    pillowVersion: explicit!.pillowVersion,
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

const MATRIX_LABELS = { bt601: 'BT.601', bt709: 'BT.709', bt2020: 'BT.2020' } as const;

function describeColour({ pixelFormat, coding, isMatrixStated }: ProbedClip): string {
  const range = coding.isFullRange ? ', full range' : '';
  return `${pixelFormat}, ${MATRIX_LABELS[coding.matrix]}${isMatrixStated ? '' : ' (unsaid)'}${range}`;
}

function comparisonRow(
  name: string,
  about: readonly string[],
  {
    identicalFrames,
    cosines,
    cosinesByDefault,
    pixelsApart,
    cropPixelsApart,
  }: Omit<Comparison, 'clip' | 'pillowVersion'>,
): string {
  return row([
    name,
    ...about,
    cosines.length,
    identicalFrames ?? '–',
    mean(cosines).toFixed(5),
    Math.min(...cosines).toFixed(5),
    pixelsApart.toFixed(2),
    cropPixelsApart.toFixed(2),
    mean(cosinesByDefault).toFixed(5),
    Math.min(...cosinesByDefault).toFixed(5),
  ]);
}

async function compareAll(browser: Browser, address: string, folder: string): Promise<Comparison[]> {
  const embedder = await Embedder.open(join(root, 'public/models', BUNDLED_MODEL_ID));
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await openReady(page, address);
    console.log(`Model ${BUNDLED_MODEL_ID}@${embedder.modelRevision.slice(0, 8)}\n`);
    console.log(
      row([
        'clip',
        'stored picture',
        'colours',
        'frames',
        'of them byte-identical',
        'cosine, mean',
        'worst',
        `pixels apart, ${embedder.resize.size}`,
        'centre crop 224',
        'to plain FFmpeg: mean',
        'worst',
      ]),
    );
    console.log(`|---|---|---${'|--:'.repeat(8)}|`);
    const all: Comparison[] = [];
    for (const [index, path] of clips.entries()) {
      try {
        const one = await compareClip(page, embedder, path, join(folder, String(index)));
        all.push(one);
        const { width, height, rotationDegrees } = one.clip;
        const turn = rotationDegrees === 0 ? '' : `, turned ${rotationDegrees}°`;
        console.log(
          comparisonRow(basename(path), [`${width}×${height}${turn}`, describeColour(one.clip)], one),
        );
      } catch (error) {
        const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
        console.log(row([basename(path), `refused or failed: ${reason}`]));
      } finally {
        await rm(join(folder, String(index)), { recursive: true, force: true });
      }
    }
    return all;
  } finally {
    await context.close();
    await embedder.close();
  }
}

/** Every frame of every clip counts the same. */
function sumUp(all: readonly Comparison[]): Omit<Comparison, 'clip' | 'pillowVersion'> {
  const weighted = (of: (one: Comparison) => number): number =>
    mean(all.flatMap((one) => one.cosines.map(() => of(one))));
  return {
    cosines: all.flatMap(({ cosines }) => cosines),
    cosinesByDefault: all.flatMap(({ cosinesByDefault }) => cosinesByDefault),
    identicalFrames: all.reduce((sum, { identicalFrames }) => sum + (identicalFrames ?? 0), 0),
    pixelsApart: weighted(({ pixelsApart }) => pixelsApart),
    cropPixelsApart: weighted(({ cropPixelsApart }) => cropPixelsApart),
  };
}

function describeCost({ median, minimum }: Cost): string {
  return `${median.toFixed(1)}, ${minimum.toFixed(1)}`;
}

async function measureCost(browser: Browser, clip: string, folder: string): Promise<void> {
  const page = await openModulePage(browser, 'scripts/bench/page/frame-cost');
  await page.waitForFunction('globalThis.frameCost !== undefined');
  console.log(
    `\nCost a frame, ${basename(clip)} scaled, as the bundled model’s two views of 128 × 128, in milliseconds, median and minimum:\n`,
  );
  console.log(
    row([
      'picture',
      'format',
      'ours',
      'of it copying',
      'ours with a thumbnail',
      'ours in plain code',
      'drawImage',
      'ours ÷ drawImage, minima',
      'drawImage of a thumbnail',
      'whole frame by drawImage, then our resize',
      'copyTo RGBA, then our resize',
    ]),
  );
  console.log(`|---|---${'|--:'.repeat(9)}|`);
  for (const height of COST_HEIGHTS) {
    const width = (height * 16) / 9;
    const path = join(folder, `${height}.mp4`);
    const encode = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const scale = ['-vf', `scale=${width}:${height},setsar=1`, '-frames:v', String(COST_FRAMES + 10)];
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', clip, ...scale, ...encode, path]);
    await chooseFile(page, path);
    const costs: FrameCosts = await page.evaluate(
      ({ frames, resize }) => {
        const file = document.querySelector<HTMLInputElement>('#bench-file')!.files![0]!;
        return frameCost.measure(file, frames, resize);
      },
      { frames: COST_FRAMES, resize: COST_RESIZE },
    );
    console.log(
      row([
        `${width}×${height}`,
        costs.format ?? 'null',
        describeCost(costs.planes),
        describeCost(costs.copy),
        describeCost(costs.withThumbnail),
        describeCost(costs.plain),
        describeCost(costs.drawSmall),
        (costs.planes.minimum / costs.drawSmall.minimum).toFixed(2),
        describeCost(costs.drawThumbnail),
        describeCost(costs.drawWhole),
        describeCost(costs.copyRgba),
      ]),
    );
  }
  await page.close();
}

const folder = await mkdtemp(join(tmpdir(), 'framesift-preprocess-'));
try {
  await withServedApp(async (browser, address) => {
    const ffmpeg = /version (\S+)/.exec(execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }))?.[1];
    const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`;
    console.log(`${machine}, Chromium ${browser.version()}, FFmpeg ${ffmpeg ?? 'unknown'}`);
    if (values['only-cost']) {
      await measureCost(browser, clips[0]!, folder);
      return;
    }
    const all = await compareAll(browser, address, folder);
    if (all.length === 0) throw new Error('No clip could be compared.');
    const total = sumUp(all);
    console.log(comparisonRow('all', ['', ''], total));
    console.log(`\nPillow ${all[0]!.pillowVersion}`);
    const isClose = mean(total.cosines) >= MIN_MEAN_COSINE && Math.min(...total.cosines) >= MIN_COSINE;
    console.log(`Limits: mean ≥ ${MIN_MEAN_COSINE}, worst ≥ ${MIN_COSINE}: ${isClose ? 'kept' : 'BROKEN'}`);
    if (!isClose || all.length < clips.length) process.exitCode = 1;
    if (!values['no-cost']) await measureCost(browser, clips[0]!, folder);
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
