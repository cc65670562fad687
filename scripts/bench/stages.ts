import { DEFAULT_BATCH_SIZE } from '@/lib/shared/frames';
import type { Browser, BrowserContext } from '@playwright/test';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { STAGE_PREFIX } from '@/lib/shared/stage-timing';
import { openModulePage } from '../host/module-page';
import { openReady } from '../host/served-page';
import { forgetClips, readAsPerson } from './framesift-job';
import type { BareDecodePage, BareDecoding } from './page/bare-decode';
import { summarise } from './summary';
import { busyMs, overlapMs, stretchesOf, traceWhile, within, type Busy } from './trace';
import type { Sites } from './whole-job';

/** Only inside functions that are handed to the page of page/bare-decode.ts. */
declare const bareDecode: BareDecodePage;

/** Stages in the order in which a frame goes through them, as a trace names them. */
export const STAGES = ['decode', 'copy', 'pixels', 'thumbnail', 'model', 'store'] as const;
export type StageName = (typeof STAGES)[number];

/** Chromium's own name for a packet that its decoder works on. */
const DECODE_EVENT = 'VideoDecoder::Decode';

/** The bundled model's input of a wide frame. */
const VIEWS = { count: 2, side: 128 };
const BATCHES = [1, 2, 4, 8, 16];
/** Text of a vector as measured (docs/benchmarks.md). */
const VECTOR_BYTES = 6_290;
const STORED_BATCHES = 40;

/** One reading of a clip, as a trace shows it. */
export interface TracedReading {
  /** From the click until the page says that the clip is read. */
  window: Busy;
  stages: Record<StageName, Busy[]>;
  frames: number;
  timestampsMs: number[];
}

export interface Ceilings {
  decoding: BareDecoding;
  /** Milliseconds a frame by batch size. */
  model: { frames: number; msPerFrame: number }[];
  /** Milliseconds of a transaction of a batch's rows. */
  storeMs: number;
}

/** Reads a clip with a run of the model for each frame, and traces it. */
export async function traceReading(
  context: BrowserContext,
  browser: Browser,
  address: string,
  clip: string,
  timeoutMs: number,
): Promise<TracedReading> {
  const page = await context.newPage();
  try {
    await openReady(page, `${address}/?provider=wasm&embed=every`);
    await forgetClips(page);
    const { events } = await traceWhile(browser, () =>
      Promise.all([
        page.evaluate(readAsPerson, { timeoutMs }),
        page.getByTestId('file-input').setInputFiles(clip),
      ]),
    );
    const timestampsMs = await page.evaluate(async () => {
      const rows = await window.framesift.query(
        'select timestamp_offset_ms as ms from event_frames order by frame_number',
      );
      return rows.map(({ ms }) => Number(ms));
    });
    await forgetClips(page);
    const stretches = stretchesOf(events);
    const [reading] = stretches.get(`${STAGE_PREFIX}reading`) ?? [];
    if (!reading) throw new Error('The trace does not show when the clip was read.');
    const stageOf = (name: StageName): Busy[] =>
      within(stretches.get(name === 'decode' ? DECODE_EVENT : STAGE_PREFIX + name) ?? [], reading);
    const stages = Object.fromEntries(STAGES.map((name) => [name, stageOf(name)])) as TracedReading['stages'];
    for (const name of STAGES) {
      if (stages[name].length === 0) throw new Error(`The trace shows nothing of the stage “${name}”.`);
    }
    return { window: reading, stages, frames: timestampsMs.length, timestampsMs };
  } finally {
    await page.close();
  }
}

/** What decoding, the model and storing take with nothing else at work. */
export async function measureCeilings(
  context: BrowserContext,
  browser: Browser,
  sites: Sites,
  clip: string,
  timestampsMs: readonly number[],
  rounds: number,
): Promise<Ceilings> {
  const decoding = await measureDecoding(browser, clip, timestampsMs, rounds);
  const page = await context.newPage();
  try {
    await page.goto(`${sites.peer}/blank`);
    const threads = await page.evaluate(() => Math.min(16, navigator.hardwareConcurrency));
    const { batches } = (await page.evaluate(askWorker, {
      script: `${sites.peer}/bare/bare-model.js`,
      message: {
        graph: `${sites.peer}/models/${BUNDLED_MODEL_ID}/onnx/vision_model.onnx`,
        threads,
        frames: BATCHES,
        views: VIEWS.count,
        side: VIEWS.side,
        runs: rounds * 5,
      },
    })) as { batches: { count: number; ms: number[] }[] };
    const { ms } = (await page.evaluate(askWorker, {
      script: `${sites.peer}/bare/bare-store.js`,
      message: { rows: DEFAULT_BATCH_SIZE, transactions: STORED_BATCHES, embeddingBytes: VECTOR_BYTES },
    })) as { ms: number[] };
    return {
      decoding,
      model: batches.map(({ count, ms: runs }) => ({
        frames: count,
        msPerFrame: summarise(runs).median / count,
      })),
      storeMs: summarise(ms).median,
    };
  } finally {
    await page.close();
  }
}

async function measureDecoding(
  browser: Browser,
  clip: string,
  timestampsMs: readonly number[],
  rounds: number,
): Promise<BareDecoding> {
  const page = await openModulePage(browser, 'scripts/bench/page/bare-decode');
  try {
    await page.waitForFunction('globalThis.bareDecode !== undefined');
    await page.setContent('<input type="file" id="clip">');
    await page.setInputFiles('#clip', clip);
    return await page.evaluate(
      ([times, count]) => {
        const file = document.querySelector<HTMLInputElement>('#clip')!.files![0]!;
        return bareDecode.measure(file, times, count);
      },
      [timestampsMs, rounds] as const,
    );
  } finally {
    await page.close();
  }
}

/** In the page: asks a worker one thing. */
function askWorker({ script, message }: { script: string; message: unknown }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { type: 'module' });
    const end = (settle: () => void) => {
      worker.terminate();
      settle();
    };
    worker.onmessage = ({ data }: MessageEvent<{ error?: string }>) =>
      end(() => (data.error === undefined ? resolve(data) : reject(new Error(data.error))));
    worker.onerror = ({ message: words }) =>
      end(() => reject(new Error(words || `${script} could not be loaded.`)));
    worker.postMessage(message);
  });
}

/** Share of the time of reading in which at least two stages were busy. */
export function overlapShare({ window, stages }: TracedReading): number {
  return overlapMs(STAGES.map((name) => stages[name])) / (window.endMs - window.startMs);
}

/** Seconds that a stage was busy. */
export function busySeconds({ stages }: TracedReading, name: StageName): number {
  return busyMs(stages[name]) / 1000;
}
