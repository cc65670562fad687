/**
 * `npm run torture -- --inputs [--count N]`: damages everything else that comes in (test/unit/torture/inputs.test.ts), without a browser.
 *
 * `npm run torture [-- --count N] [--first N] [--only N,N…] [--clips FOLDER…]`: gives damaged clips to the built page's own video worker in
 * Chromium, one after another in one page, and writes what came of them into docs/reliability.md. Made from this
 * project's test clips, and from the files of other folders. Every mutant has a number: `--only N` makes it again.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from '@playwright/test';
import { peakMemoryWhile } from './host/memory';
import { openReady, root, withServedApp } from './host/served-page';
import { attempt, HANG_MS, type Attempt } from './torture/attempt';
import { mutantOf } from './torture/mutate';
import { writeReport, type TortureReport } from './torture/report';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    first: { type: 'string', default: '0' },
    only: { type: 'string' },
    clips: { type: 'string', multiple: true, default: [] },
    inputs: { type: 'boolean', default: false },
  },
});

if (values.inputs) {
  const { status } = spawnSync('npx', ['vitest', 'run', 'test/unit/torture'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FRAMESIFT_TORTURE_COUNT: values.count, FRAMESIFT_TORTURE_FIRST: values.first },
  });
  process.exit(status ?? 1);
}

/** Larger files are other people's: they would take the time of many small ones. */
const MAX_CLIP_BYTES = 4 * 1024 * 1024;

/** So often an undamaged clip is read, which has to work after whatever came before. */
const GOOD_CLIP_EVERY = 25;

const fixtures = join(root, 'test/fixtures/clips');
const GOOD_CLIP = join(fixtures, 'inputs/12-h264-aac.mp4');

const files = [...['inputs', 'more', 'reports'].map((name) => join(fixtures, name)), ...values.clips]
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((path) => /\.(?:mp4|mov|mkv|webm|ts|avi|flv|gif|png|webp|mpg|wmv)$/.test(path))
  .filter((path) => statSync(path).size > 0 && statSync(path).size <= MAX_CLIP_BYTES)
  .sort();

/** A page that is opened anew when it crashed or a file hung in it. */
class Patient {
  readonly #browser: Browser;
  readonly #address: string;
  #page: Page | null = null;
  crashes = 0;

  constructor(browser: Browser, address: string) {
    this.#browser = browser;
    this.#address = address;
  }

  async page(): Promise<Page> {
    if (this.#page) return this.#page;
    const page = await this.#browser.newPage({ serviceWorkers: 'block' });
    page.on('crash', () => (this.crashes += 1));
    await openReady(page, this.#address);
    return (this.#page = page);
  }

  async replace(): Promise<void> {
    await this.#page?.close().catch(() => undefined);
    this.#page = null;
  }
}

async function torture(browser: Browser, address: string): Promise<TortureReport> {
  const patient = new Patient(browser, address);
  const report: TortureReport = {
    files: files.length,
    outcomes: new Map(),
    worst: null,
    faults: [],
    crashes: 0,
    goodClips: 0,
  };
  const good = readFileSync(GOOD_CLIP);
  const expected = await attempt(await patient.page(), good, basename(GOOD_CLIP));
  const first = Number(values.first);
  const numbers =
    values.only?.split(',').map(Number) ?? Array.from({ length: Number(values.count) }, (_, i) => first + i);
  for (const [done, number] of numbers.entries()) {
    const path = files[number % files.length]!;
    const { mutation, bytes } = mutantOf(readFileSync(path), number);
    const what = `${number}: ${basename(path)}, ${mutation}`;
    const tried = await attempt(await patient.page(), bytes, basename(path)).catch(
      (error: unknown): Attempt => ({ outcome: 'hung', pictures: 0, sentence: String(error), ms: HANG_MS }),
    );
    report.outcomes.set(tried.outcome, (report.outcomes.get(tried.outcome) ?? 0) + 1);
    if (!report.worst || tried.ms > report.worst.ms) report.worst = { ms: tried.ms, what };
    if (tried.outcome === 'hung' || tried.outcome === 'unclear') {
      report.faults.push(`${what}: ${tried.outcome} ${tried.sentence ?? ''}`);
      console.log(report.faults.at(-1));
    }
    if (tried.outcome === 'hung') await patient.replace();
    if (done % GOOD_CLIP_EVERY === 0) {
      const again = await attempt(await patient.page(), good, basename(GOOD_CLIP)).catch(() => null);
      report.goodClips += 1;
      if (again?.pictures !== expected.pictures)
        report.faults.push(`${what}: the next good clip gave ${again?.pictures ?? 'nothing'}`);
      process.stdout.write(`\r${done + 1} of ${numbers.length}`);
    }
  }
  report.crashes = patient.crashes;
  return report;
}

await withServedApp(async (browser, address) => {
  const { result: report, peakBytes } = await peakMemoryWhile(browser, () => torture(browser, address));
  writeReport(values.only ? null : join(root, 'docs/reliability.md'), report, peakBytes, browser.version());
});
