import { DEFAULT_BATCH_SIZE } from '@/lib/shared/frames';
import type { BrowserContext, Page } from '@playwright/test';
import { openReady } from '../host/served-page';
import { forgetClips, readAsPerson } from './framesift-job';
import { orderOfRound, pairedCosines, summarise, type Summary } from './summary';

/** Only inside functions that are handed to the peer's page. */
declare const recipe: {
  prepare(threads: number): Promise<void>;
  readClip(
    file: File,
    framesPerSecond: number,
    batchSize: number,
  ): Promise<{ seconds: number; timestampsMs: number[]; vectors: number[][] }>;
};

/** What the page offers in its menu unless a person chooses otherwise. */
const FRAMES_PER_SECOND = 1;
const OPEN_TIMEOUT_MS = 120_000;

/** One run of a contestant, from the file's being given to the last durable row. */
interface Run {
  seconds: number;
  timestampsMs: number[];
  vectors: number[][];
}

const CONTESTANTS = ['every', 'reuse', 'peer'] as const;
type Contestant = (typeof CONTESTANTS)[number];

/** Where both pages are served. */
export interface Sites {
  framesift: string;
  peer: string;
}

export interface JobFigures {
  frames: number;
  /** Seconds of Framesift with a run of the model for each frame, as the peer does. */
  every: Summary;
  /** Seconds of Framesift as it comes, which reuses vectors of frames that look alike. */
  reuse: Summary;
  /** Seconds of the peer. */
  peer: Summary;
  /** Between the two embeddings of each timestamp. */
  cosines: Summary;
}

/**
 * Reads a clip with Framesift and the peer by turns, each time in a page of its own whose model and library are ready.
 *
 * @param onRun told of each run as it ends
 * @throws Error where the two did not read the same timestamps, or a page refuses the clip
 */
export async function measureJob(
  context: BrowserContext,
  sites: Sites,
  clip: string,
  { rounds, timeoutMs }: { rounds: number; timeoutMs: number },
  onRun: (text: string) => void,
): Promise<JobFigures> {
  const threads = await processorsOf(context, sites.peer);
  const seconds: Record<Contestant, number[]> = { every: [], reuse: [], peer: [] };
  const last: Partial<Record<Contestant, Run>> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of orderOfRound(CONTESTANTS, round)) {
      const page = await context.newPage();
      try {
        const run =
          contestant === 'peer'
            ? await readWithPeer(page, sites.peer, clip, threads, timeoutMs)
            : await readWithFramesift(
                page,
                `${sites.framesift}/?provider=wasm${contestant === 'every' ? '&embed=every' : ''}`,
                clip,
                timeoutMs,
              );
        seconds[contestant].push(run.seconds);
        last[contestant] = run;
        onRun(`round ${round + 1}, ${contestant}: ${run.seconds.toFixed(2)} s`);
      } finally {
        await page.close();
      }
    }
  }
  const [ours, theirs] = [last.every!, last.peer!];
  if (ours.timestampsMs.join() !== theirs.timestampsMs.join()) {
    throw new Error('Framesift and the peer did not read the same timestamps, so their times say nothing.');
  }
  return {
    frames: ours.vectors.length,
    every: summarise(seconds.every),
    reuse: summarise(seconds.reuse),
    peer: summarise(seconds.peer),
    cosines: summarise(pairedCosines(ours.vectors, theirs.vectors)),
  };
}

export interface KeyFramesFigures {
  /** Frames of Framesift, and of the peer, which takes one a second. */
  frames: number;
  peerFrames: number;
  /** Seconds of Framesift with key frames alone, and of the peer. */
  keys: Summary;
  peer: Summary;
}

/** Reads key frames alone with Framesift and one frame a second with the peer, by turns. */
export async function measureKeyFrames(
  context: BrowserContext,
  sites: Sites,
  clip: string,
  { rounds, timeoutMs }: { rounds: number; timeoutMs: number },
  onRun: (text: string) => void,
): Promise<KeyFramesFigures> {
  const threads = await processorsOf(context, sites.peer);
  const seconds: Record<'keys' | 'peer', number[]> = { keys: [], peer: [] };
  const frames = { keys: 0, peer: 0 };
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of orderOfRound(['keys', 'peer'] as const, round)) {
      const page = await context.newPage();
      try {
        const run =
          contestant === 'peer'
            ? await readWithPeer(page, sites.peer, clip, threads, timeoutMs)
            : await readWithFramesift(page, `${sites.framesift}/?provider=wasm`, clip, timeoutMs, true);
        seconds[contestant].push(run.seconds);
        frames[contestant] = run.vectors.length;
        onRun(`round ${round + 1}, ${contestant}: ${run.seconds.toFixed(2)} s, ${run.vectors.length} frames`);
      } finally {
        await page.close();
      }
    }
  }
  return {
    frames: frames.keys,
    peerFrames: frames.peer,
    keys: summarise(seconds.keys),
    peer: summarise(seconds.peer),
  };
}

/** Threads that Framesift gives the model (lib/encoder/execution-provider.ts). */
async function processorsOf(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  try {
    await page.goto(address);
    return await page.evaluate(() => Math.min(16, navigator.hardwareConcurrency));
  } finally {
    await page.close();
  }
}

async function readWithPeer(
  page: Page,
  address: string,
  clip: string,
  threads: number,
  timeoutMs: number,
): Promise<Run> {
  await page.goto(address);
  await page.waitForFunction('globalThis.recipe !== undefined', undefined, { timeout: OPEN_TIMEOUT_MS });
  await page.evaluate((count) => recipe.prepare(count), threads);
  await page.locator('#clip').setInputFiles(clip);
  return page.evaluate(
    async ([framesPerSecond, batchSize, limitMs]) => {
      const file = document.querySelector<HTMLInputElement>('#clip')!.files![0]!;
      const late = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error('The peer did not end in time.')), limitMs),
      );
      return Promise.race([recipe.readClip(file, framesPerSecond, batchSize), late]);
    },
    [FRAMES_PER_SECOND, DEFAULT_BATCH_SIZE, timeoutMs] as const,
  );
}

async function readWithFramesift(
  page: Page,
  url: string,
  clip: string,
  timeoutMs: number,
  keyFramesOnly = false,
): Promise<Run> {
  await openReady(page, url);
  await forgetClips(page);
  const read = page.evaluate(readAsPerson, { timeoutMs, keyFramesOnly });
  // A refusal of the page is what to tell, not that its file input was left waiting.
  const [seconds] = await Promise.all([read, page.getByTestId('file-input').setInputFiles(clip)]);
  const stored = await page.evaluate(async () => {
    const [clipRead] = await window.framesift.listClips();
    const rows = await window.framesift.getFrameEmbeddings(clipRead!.id);
    const frames = await window.framesift.query(
      'select timestamp_offset_ms as ms from event_frames where event_id = $1 order by frame_number',
      [clipRead!.id],
    );
    return {
      planned: clipRead!.framesPlanned,
      timestampsMs: frames.map(({ ms }) => Number(ms)),
      vectors: rows.map(({ embedding }) => Array.from(embedding)),
    };
  });
  if (stored.vectors.length !== stored.planned || stored.timestampsMs.length !== stored.planned) {
    throw new Error(`Only ${stored.vectors.length} of ${stored.planned} frames are in the library.`);
  }
  await forgetClips(page);
  return { seconds, timestampsMs: stored.timestampsMs, vectors: stored.vectors };
}
