/**
 * `npm run bench:store [-- --frames 10000 --clips 10 --long 20000]`: what storing costs in a real Chromium on the built
 * page. Prints how long the library takes to be ready, messages between contexts for a stored batch of eight frames,
 * milliseconds a frame in such batches, the same in a long clip, in calls of 500, and the first search and later ones
 * over all of it. `--frames 100000 --clips 100` is the size of docs/benchmarks.md.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { openReady, withServedProfile } from '../host/served-page';

const FRAMES_PER_BATCH = 8;
const FRAMES_PER_CALL = 500;
/** Batches whose median is printed. */
const BATCHES = 40;
/** Batches over which messages are counted. */
const COUNTED_BATCHES = 10;
const LATER_QUESTIONS = ['a dog', 'a person', 'a kitchen', 'trees and grass', 'a boat on the water'];

interface StoreRequest {
  clipId: string;
  /** Index of the first frame. */
  first: number;
  count: number;
  perCall: number;
  /** Real pictures of about 7 kB; four bytes otherwise. */
  hasPictures: boolean;
}

/** In the page: stores made-up frames, and gives the milliseconds of each call. */
async function storeFrames(asked: StoreRequest): Promise<number[]> {
  const { clipId, first, count, perCall, hasPictures } = asked;
  const modelVersion = await window.framesift.modelVersion();
  const picture = async (seed: number) => {
    const canvas = new OffscreenCanvas(256, 144);
    const context = canvas.getContext('2d')!;
    for (let i = 0; i < 300; i += 1) {
      context.fillStyle = `hsl(${(seed * 37 + i * 61) % 360} 60% ${20 + ((i * 7) % 60)}%)`;
      context.fillRect((i * 53 + seed) % 256, (i * 29) % 144, 24, 12);
    }
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.7 });
    return new Uint8Array(await blob.arrayBuffer());
  };
  const took: number[] = [];
  for (let start = 0; start < count; start += perCall) {
    const frames = [];
    for (
      let frameIndex = first + start;
      frameIndex < first + Math.min(count, start + perCall);
      frameIndex += 1
    ) {
      let state = Math.imul(frameIndex + 1, 2654435761) >>> 0;
      const embedding = Float32Array.from({ length: 512 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32 - 0.5;
      });
      const length = Math.hypot(...embedding);
      frames.push({
        frameIndex,
        timestampMs: frameIndex * 1000,
        span: { startMs: frameIndex * 1000, endMs: frameIndex * 1000 + 1000 },
        width: 640,
        height: 360,
        thumbnail: hasPictures ? await picture(frameIndex) : new Uint8Array(4),
        embedding: embedding.map((value) => value / length),
      });
    }
    const startedMs = performance.now();
    await window.framesift.storeFrameBatch(clipId, frames, modelVersion);
    took.push(performance.now() - startedMs);
  }
  return took;
}

function addClip(page: Page, description: string, durationMs: number): Promise<string> {
  return page.evaluate(
    async ([text, ms]) => {
      const modelVersion = await window.framesift.modelVersion();
      const clip = { description: text, durationMs: ms, ingestState: 'running' as const, modelVersion };
      return (await window.framesift.createClip(clip)).id;
    },
    [description, durationMs] as const,
  );
}

/** In a page or a worker: counts what it posts from now on. Notices of the library to pages are left out. */
function countMessages(): void {
  const scope = globalThis as unknown as {
    posted?: number;
    postMessage: (...values: unknown[]) => void;
  };
  if (scope.posted !== undefined) return;
  scope.posted = 0;
  const wrap = (target: object, isNotice: (self: unknown) => boolean) => {
    const methods = target as { postMessage: (...values: unknown[]) => void };
    const original = methods.postMessage;
    methods.postMessage = function (this: unknown, ...values: unknown[]) {
      if (!isNotice(this)) scope.posted = (scope.posted ?? 0) + 1;
      original.apply(this ?? globalThis, values);
    };
  };
  wrap(MessagePort.prototype, () => false);
  wrap(Worker.prototype, () => false);
  wrap(BroadcastChannel.prototype, (self) => (self as BroadcastChannel).name === 'framesift-library');
  if (!('document' in globalThis)) wrap(globalThis, () => false);
}

type Context = Pick<Page, 'evaluate'>;

/** A worker that waits for another, as those of WebAssembly threads do, answers nobody. */
const BLOCKED_AFTER_MS = 2_000;

async function countIn(context: Context): Promise<Context[]> {
  const counting = context
    .evaluate('globalThis.__name = (named) => named')
    .then(() => context.evaluate(countMessages))
    .then(() => [context]);
  const blocked = new Promise<Context[]>((resolve) => setTimeout(() => resolve([]), BLOCKED_AFTER_MS));
  return Promise.race([counting, blocked]);
}

/** Messages posted in all contexts of the pages while `work` runs. */
async function messagesOf(pages: readonly Page[], work: () => Promise<unknown>): Promise<number> {
  const all = pages.flatMap((page): Context[] => [page, ...page.workers()]);
  const contexts = (await Promise.all(all.map(countIn))).flat();
  const total = async () => {
    let sum = 0;
    for (const context of contexts)
      sum += await context.evaluate(() => (globalThis as unknown as { posted: number }).posted);
    return sum;
  };
  const before = await total();
  await work();
  return (await total()) - before;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    clips: { type: 'string', default: '10' },
    long: { type: 'string', default: '20000' },
  },
});
const [frames, clips, long] = [values.frames, values.clips, values.long].map(Number) as [
  number,
  number,
  number,
];
const print = (name: string, value: string) => console.log(`| ${name} | ${value} |`);

await withServedProfile(async (context, address) => {
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${context.browser()?.version() ?? ''}\n`,
  );
  console.log('| what | figure |\n|---|--:|');
  const page = await context.newPage();
  // tsx names functions by a helper of its own, which a function that runs in the page lacks.
  await page.addInitScript('globalThis.__name = (named) => named');
  const first = await openReady(page, address);
  print('library ready, first visit', `${first.libraryReadySeconds.toFixed(1)} s`);

  const empty = await addClip(page, 'empty at first', 1000 * 1000);
  const inEmpty = await page.evaluate(storeFrames, {
    clipId: empty,
    first: 0,
    count: BATCHES * FRAMES_PER_BATCH,
    perCall: FRAMES_PER_BATCH,
    hasPictures: true,
  });
  print('a frame, in batches of 8 with pictures', `${(median(inEmpty) / FRAMES_PER_BATCH).toFixed(2)} ms`);

  // The page shows the newest clip; one that is not written to has nothing to be shown anew.
  await addClip(page, 'shown', 1000);
  const count = async (pages: Page[], from: Page, at: number) => {
    const messages = await messagesOf(pages, () =>
      from.evaluate(storeFrames, {
        clipId: empty,
        first: at,
        count: COUNTED_BATCHES * FRAMES_PER_BATCH,
        perCall: FRAMES_PER_BATCH,
        hasPictures: false,
      }),
    );
    return (messages / COUNTED_BATCHES).toFixed(1);
  };
  print('messages for a stored batch, without the pull of its frames', await count([page], page, 1000));
  const other = await context.newPage();
  await other.addInitScript('globalThis.__name = (named) => named');
  await openReady(other, address);
  print('the same where another tab has the library', await count([page, other], other, 2000));
  await other.close();

  const startedMs = performance.now();
  for (let clip = 0; clip < clips; clip += 1) {
    const ofClip = Math.floor(((clip + 1) * frames) / clips) - Math.floor((clip * frames) / clips);
    await page.evaluate(storeFrames, {
      clipId: await addClip(page, `clip ${clip}`, ofClip * 1000),
      first: 0,
      count: ofClip,
      perCall: FRAMES_PER_CALL,
      hasPictures: false,
    });
    process.stderr.write(`\r${clip + 1} of ${clips} clips stored`);
  }
  process.stderr.write('\n');
  const seconds = (performance.now() - startedMs) / 1000;
  print(
    `${frames} frames of ${clips} clips, ${FRAMES_PER_CALL} a call`,
    `${seconds.toFixed(1)} s, ${((seconds * 1000) / frames).toFixed(2)} ms a frame`,
  );

  const later = await openReady(page, address);
  print('library ready, later visit', `${later.libraryReadySeconds.toFixed(1)} s`);
  const ask = (text: string) =>
    page.evaluate(async (question) => {
      const { tookMs, timings, framesSearched } = await window.framesift.ask(null, question);
      return { tookMs, timings, framesSearched };
    }, text);
  const answer = await ask('a red car');
  print(
    `first search over ${answer.framesSearched} frames`,
    `${answer.tookMs.toFixed(0)} ms, ${answer.timings.embeddingsMs.toFixed(0)} of them embeddings`,
  );
  const others: number[] = [];
  for (const question of LATER_QUESTIONS) others.push((await ask(question)).tookMs);
  print('a later search', `${median(others).toFixed(0)} ms`);

  const longClip = await addClip(page, 'a long clip', long * 1000);
  await page.evaluate(storeFrames, {
    clipId: longClip,
    first: 0,
    count: long,
    perCall: FRAMES_PER_CALL,
    hasPictures: false,
  });
  // By turns, so that both meet the same load of the machine.
  const newClip = await addClip(page, 'another empty one', 1000);
  const [inLong, inNew]: [number[], number[]] = [[], []];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    for (const [clipId, at, times] of [
      [longClip, long, inLong],
      [newClip, 0, inNew],
    ] as const) {
      const took = await page.evaluate(storeFrames, {
        clipId,
        first: at + batch * FRAMES_PER_BATCH,
        count: FRAMES_PER_BATCH,
        perCall: FRAMES_PER_BATCH,
        hasPictures: true,
      });
      times.push(...took);
    }
  }
  const ratio = median(inLong) / median(inNew);
  print(
    `a batch in a clip of ${long} frames ÷ in an empty one`,
    `${median(inLong).toFixed(1)} ms ÷ ${median(inNew).toFixed(1)} ms = ${ratio.toFixed(2)}`,
  );
});
