/**
 * `npm run bench [-- --only NAME --long --dry]`: Framesift beside the usual recipe (test/bench/peer/) in a real Chromium on
 * the built page, by turns, and writes what it finds into docs/benchmarks.md. Each part writes its own row as soon as it is
 * done, so a run that was interrupted goes on with `--only`. `--list` names the parts and says how long each takes.
 */
import { DEFAULT_BATCH_SIZE } from '@/lib/shared/frames';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { Browser, BrowserContext } from '@playwright/test';
import { replaceBetweenMarkers, textBetweenMarkers } from '../host/markers';
import { root, withServedProfile } from '../host/served-page';
import { describeEnvironment, describeMoment } from './environment';
import { measureGrowth } from './growth';
import { makeClip, type ClipRecipe } from './made-clips';
import { measureFirstScripts, measurePageLife } from './page-life';
import { installPeer, withPeerSite } from './peer-site';
import { readTable, withRow, writeTable } from './report-table';
import { drawStages } from './stages-picture';
import {
  busySeconds,
  measureCeilings,
  overlapShare,
  STAGES,
  traceReading,
  type StageName,
  type TracedReading,
} from './stages';
import { summarise, type Summary } from './summary';
import { measureJob, measureKeyFrames, type Sites } from './whole-job';

const FILM = 'imageio_cockatoo_yuv420.mp4';
const minute = { source: FILM, framesPerSecond: 30, seconds: 60 };
const hd = { ...minute, width: 1280, height: 720, codec: 'h264' } as const;
const fullHd = { ...minute, width: 1920, height: 1080 };

interface Part {
  name: string;
  what: string;
  /** Three rounds on two cores, without making the clip. */
  minutes: number;
  /** Runs only with `--long` or by its name. */
  isLong?: boolean;
  run: (bench: Bench, part: Part) => Promise<void>;
}

interface Bench {
  context: BrowserContext;
  sites: Sites;
}

const { values } = parseArgs({
  options: {
    /** Parts to run, with commas between. */
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    /** The long parts, too. */
    long: { type: 'boolean', default: false },
    /** Prints and writes nothing. */
    dry: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    /** Where clips are that people filmed; without them the sample clip is scaled. */
    clips: { type: 'string', default: join(root, '../shared/video/real') },
    /** Where made clips are kept between runs. */
    cache: { type: 'string', default: join(tmpdir(), 'framesift-bench') },
  },
});
const rounds = Number(values.rounds);

/** Made of one fixed camera: what grows with the length of a clip is not its pictures. */
const small = {
  source: 'intel_car-detection.mp4',
  width: 768,
  height: 432,
  framesPerSecond: 10,
  codec: 'h264',
} as const;

const PARTS: readonly Part[] = [
  job('1080p', 'one minute, 1920×1080, 30 a second, H.264', 3, { ...fullHd, codec: 'h264' }),
  job('small', '139 s, 768×432, 10 a second, H.264', 3, { ...small, seconds: 139 }),
  job('720p', 'one minute, 1280×720, 30 a second, H.264', 2, hd),
  job('vp9', 'one minute, 1920×1080, 30 a second, VP9', 3, { ...fullHd, codec: 'vp9' }),
  job('av1', 'one minute, 1920×1080, 30 a second, AV1', 4, { ...fullHd, codec: 'av1' }),
  job('4k', 'one minute, 3840×2160, 30 a second, H.264', 8, {
    ...minute,
    width: 3840,
    height: 2160,
    codec: 'h264',
  }),
  {
    ...job('720p-long', 'ten minutes, 1280×720, 30 a second, H.264', 15, { ...hd, repeats: 10 }),
    isLong: true,
  },
  keyFrames('key-frames', 'one minute, 1920×1080, 30 a second, H.264', 1, { ...fullHd, codec: 'h264' }),
  growth('growth', 'frames a second and memory from one minute to an hour', 5, [1, 10, 60]),
  { ...growth('growth-long', 'the same for four hours', 12, [240]), isLong: true },
  {
    name: 'stages',
    what: 'each stage of reading in a trace of the running page, beside what it takes alone',
    minutes: 3,
    run: stages,
  },
  {
    name: 'page',
    what: 'the page’s own thread while it reads and a person types, and its first scripts',
    minutes: 2,
    run: pageLife,
  },
];

/** A whole job: the file is given, its rows are stored. */
function job(name: string, what: string, minutes: number, clip: ClipRecipe): Part {
  const run = async ({ context, sites }: Bench) => {
    const { path, madeFrom } = await makeClip(clip, values.clips, values.cache);
    const timeoutMs = 10 * 1000 * clip.seconds * (clip.repeats ?? 1);
    const figures = await measureJob(context, sites, path, { rounds, timeoutMs }, (text) =>
      console.error(`  ${text}`),
    );
    const { frames, every, reuse, peer, cosines } = figures;
    await record(context, 'bench:jobs', true, {
      clip: name,
      'what it is': `${what}, from ${madeFrom}`,
      frames: String(frames),
      'Framesift, s': both(every, 1),
      'frames/s': (frames / every.median).toFixed(1),
      'recipe, s': both(peer, 1),
      'its frames/s': (frames / peer.median).toFixed(1),
      'times as fast': `${(peer.median / every.median).toFixed(2)}, ${(peer.minimum / every.minimum).toFixed(2)}`,
      'with reuse, s': both(reuse, 1),
      'cosine, median and least': both(cosines, 4),
      rounds: String(rounds),
      measured: describeMoment(),
    });
  };
  return { name, what, minutes, run };
}

/** A whole job that reads key frames alone, beside the peer's one frame a second. */
function keyFrames(name: string, what: string, minutes: number, clip: ClipRecipe): Part {
  const run = async ({ context, sites }: Bench) => {
    const { path } = await makeClip(clip, values.clips, values.cache);
    const timeoutMs = 10 * 1000 * clip.seconds;
    const figures = await measureKeyFrames(context, sites, path, { rounds, timeoutMs }, (text) =>
      console.error(`  ${text}`),
    );
    const { frames, peerFrames, keys, peer } = figures;
    await record(context, 'bench:key-frames', true, {
      clip: what,
      'key frames': String(frames),
      'Framesift, s': both(keys, 2),
      'frames of the recipe': String(peerFrames),
      'recipe, s': both(peer, 1),
      'times as fast': `${(peer.median / keys.median).toFixed(1)}, ${(peer.minimum / keys.minimum).toFixed(1)}`,
      rounds: String(rounds),
      measured: describeMoment(),
    });
  };
  return { name, what: `key frames alone: ${what}`, minutes, run };
}

/** Clips of rising length, one after another, each read once. */
function growth(name: string, what: string, minutes: number, lengths: readonly number[]): Part {
  const run = async ({ context, sites }: Bench) => {
    const browser = browserOf(context);
    for (const length of lengths) {
      const recipe = { ...small, seconds: 60, repeats: length };
      const { path } = await makeClip(recipe, values.clips, values.cache);
      const timeoutMs = Math.max(600_000, 60_000 * length);
      const figures = await measureGrowth(context, browser, sites.framesift, path, timeoutMs);
      const { frames, seconds, peakBytes } = figures;
      await record(context, 'bench:growth', false, {
        minutes: String(length),
        frames: String(frames),
        'whole job, s': seconds.toFixed(1),
        'frames/s': (frames / seconds).toFixed(1),
        'most memory, MB': peakBytes === null ? '–' : (peakBytes / 1e6).toFixed(0),
        measured: describeMoment(),
      });
    }
  };
  return { name, what, minutes, run };
}

/** Stages of reading the 1080p clip beside their ceilings; the last round is drawn. */
async function stages({ context, sites }: Bench): Promise<void> {
  const browser = browserOf(context);
  const { path } = await makeClip({ ...fullHd, codec: 'h264' }, values.clips, values.cache);
  const readings: TracedReading[] = [];
  for (let round = 0; round < rounds; round += 1) {
    readings.push(await traceReading(context, browser, sites.framesift, path, 600_000));
  }
  const last = readings.at(-1)!;
  const ceilings = await measureCeilings(context, browser, sites, path, last.timestampsMs, rounds);
  const best = ceilings.model.reduce((a, b) => (b.msPerFrame < a.msPerFrame ? b : a));
  const bare: Partial<Record<StageName, { ms: number; what: string }>> = {
    decode: {
      ms: summarise(ceilings.decoding.ms).median,
      what: `bare WebCodecs, ${ceilings.decoding.packets} packets`,
    },
    model: {
      ms: best.msPerFrame * last.frames,
      what: `bare session.run, ${best.frames} frames at once (${ceilings.model
        .map(({ frames, msPerFrame }) => `${frames}: ${msPerFrame.toFixed(1)} ms`)
        .join(', ')})`,
    },
    store: {
      ms: ceilings.storeMs * Math.ceil(last.frames / DEFAULT_BATCH_SIZE),
      what: 'bare multi-row inserts without thumbnails',
    },
  };
  const whole = summarise(readings.map(({ window }) => (window.endMs - window.startMs) / 1000));
  for (const name of STAGES) {
    const busy = summarise(readings.map((reading) => busySeconds(reading, name)));
    const ceiling = bare[name];
    await record(context, 'bench:stages', false, {
      stage: name,
      'busy, s': both(busy, 2),
      'of the whole': `${((100 * busy.median) / whole.median).toFixed(0)} %`,
      'alone, s': ceiling ? (ceiling.ms / 1000).toFixed(2) : '–',
      'alone ÷ busy': ceiling ? `${(ceiling.ms / 10 / busy.median).toFixed(0)} %` : '–',
      'what alone is': ceiling?.what ?? '–',
      measured: describeMoment(),
    });
  }
  const overlap = summarise(readings.map(overlapShare));
  await record(context, 'bench:stages', false, {
    stage: 'whole',
    'busy, s': both(whole, 2),
    'of the whole': `two stages or more at once: ${(100 * overlap.median).toFixed(0)} %`,
    'alone, s': '–',
    'alone ÷ busy': '–',
    'what alone is': '–',
    measured: describeMoment(),
  });
  const picture = values.dry ? join(values.cache, 'stages.svg') : join(root, 'docs/images/stages.svg');
  writeFileSync(picture, drawStages(last));
  console.log(`  drawn: ${picture}`);
}

function browserOf(context: BrowserContext): Browser {
  const browser = context.browser();
  if (!browser) throw new Error('The browser is gone.');
  return browser;
}

/** Long tasks and typing while the 1080p clip is read, and what a first visit fetches. */
async function pageLife({ context, sites }: Bench): Promise<void> {
  const { path } = await makeClip({ ...fullHd, codec: 'h264' }, values.clips, values.cache);
  const lives = [];
  for (let round = 0; round < rounds; round += 1) {
    lives.push(await measurePageLife(context, sites.framesift, path, 600_000));
  }
  const { scripts, bytes } = await measureFirstScripts(context, sites.framesift);
  const counts = lives.map(({ longTasks }) => longTasks.length);
  const delays = lives.flatMap(({ keyDelays }) => keyDelays);
  const durations = lives.flatMap(({ keyDurations }) => keyDurations);
  const keys = lives.reduce((sum, life) => sum + life.keys, 0);
  const worst = (of: readonly number[]) => Math.max(0, ...of).toFixed(0);
  await record(context, 'bench:page', false, {
    'while reading': 'one minute of 1080p',
    'tasks over 50 ms, median of rounds': summarise(counts).median.toFixed(0),
    'longest, ms': worst(lives.flatMap(({ longTasks }) => longTasks)),
    'keys typed': String(keys),
    'of them over 16 ms to the screen': String(durations.length),
    'longest wait of a key, ms': worst(delays),
    'longest to the screen, ms': worst(durations),
    'scripts before the first interaction': String(scripts),
    'gzipped, kB': (bytes / 1000).toFixed(0),
    rounds: String(rounds),
    measured: describeMoment(),
  });
}

function both({ median, minimum }: Summary, digits: number): string {
  return `${median.toFixed(digits)}, ${minimum.toFixed(digits)}`;
}

/** Prints a row and puts it into the table of docs/benchmarks.md between the markers of this name. */
async function record(
  context: BrowserContext,
  markers: string,
  hasPeer: boolean,
  cells: Record<string, string>,
): Promise<void> {
  for (const [name, cell] of Object.entries(cells)) console.log(`  ${name}: ${cell}`);
  if (values.dry) return;
  const path = join(root, 'docs/benchmarks.md');
  const text = readFileSync(path, 'utf8');
  const environment = describeEnvironment(context.browser()?.version() ?? 'unknown', hasPeer);
  const table = withRow(
    readTable(textBetweenMarkers(text, markers)),
    environment,
    Object.keys(cells),
    Object.values(cells),
  );
  const written = replaceBetweenMarkers(text, markers, writeTable(table));
  writeFileSync(path, await format(written, { ...(await resolveConfig(path)), filepath: path }));
}

function chooseParts(): Part[] {
  if (values.only === undefined) return PARTS.filter(({ isLong }) => values.long || !isLong);
  return values.only.split(',').map((name) => {
    const part = PARTS.find((one) => one.name === name);
    if (!part) {
      throw new Error(`There is no part “${name}”. Parts: ${PARTS.map((one) => one.name).join(', ')}.`);
    }
    return part;
  });
}

if (values.list) {
  for (const { name, what, minutes, isLong } of PARTS) {
    console.log(`${name}: ${what}; about ${minutes} min${isLong ? ', with --long' : ''}`);
  }
  process.exit(0);
}
const parts = chooseParts();
if (!(Number.isInteger(rounds) && rounds >= 1)) throw new Error('--rounds is a whole number from 1 on.');
installPeer();
execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
const minutes = parts.reduce((sum, part) => sum + part.minutes, 0);
console.error(
  `${parts.length} parts, about ${minutes} minutes on two idle cores and some more the first time, when the clips are made.`,
);

await withPeerSite((peer) =>
  withServedProfile(async (context, framesift) => {
    // tsx names functions by a helper of its own, which a function that runs in a page lacks.
    await context.addInitScript('globalThis.__name = (named) => named');
    for (const part of parts) {
      const [load] = loadavg();
      console.log(`${part.name}: ${part.what} (load before: ${load!.toFixed(1)})`);
      try {
        await part.run({ context, sites: { framesift, peer } }, part);
      } catch (error) {
        console.error(`  failed: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  }),
);
