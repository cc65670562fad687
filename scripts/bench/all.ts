/**
 * `npm run bench [-- --only NAME --long --dry]`: Framesift beside the usual recipe (test/bench/peer/) in a real Chromium on
 * the built page, by turns, and writes what it finds into docs/benchmarks.md. Each part writes its own row as soon as it is
 * done, so a run that was interrupted goes on with `--only`. `--list` names the parts and says how long each takes.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { BrowserContext } from '@playwright/test';
import { replaceBetweenMarkers, textBetweenMarkers } from '../eval/markers';
import { root, withServedProfile } from '../host/served-page';
import { describeEnvironment, describeMoment } from './environment';
import { makeClip, type ClipRecipe } from './made-clips';
import { installPeer, withPeerSite } from './peer-site';
import { readTable, withRow, writeTable } from './report-table';
import type { Summary } from './summary';
import { measureJob, type Sites } from './whole-job';

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

const PARTS: readonly Part[] = [
  job('1080p', 'one minute, 1920×1080, 30 a second, H.264', 3, { ...fullHd, codec: 'h264' }),
  job('small', '139 s, 768×432, 10 a second, H.264', 3, {
    source: 'intel_car-detection.mp4',
    width: 768,
    height: 432,
    framesPerSecond: 10,
    seconds: 139,
    codec: 'h264',
  }),
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
