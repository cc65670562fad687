/**
 * `npm run torture:handover [-- --times N]`: two tabs of the built page; one owns the library, the other adds a clip every 50 ms.
 * The owner is closed, crashed and frozen N times each (8). Tells for how long nothing was answered, and whether a clip was
 * lost or made twice. Writes its section of docs/reliability.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BrowserContext, Page } from '@playwright/test';
import { replaceBetweenMarkers } from '../host/markers';
import { openReady, root, withServedProfile } from '../host/served-page';
import { endTab, keepAddingClips, TAB_ENDS, type TabEnd } from './tabs-at-work';

const { values } = parseArgs({ options: { times: { type: 'string', default: '8' } } });
const times = Number(values.times);
if (!(times >= 1)) throw new Error('--times is 1 or more.');

interface HandOver {
  way: TabEnd;
  longestGapMs: number;
  isWhole: boolean;
}

async function handOver(owner: Page, other: Page, way: TabEnd): Promise<HandOver> {
  const before = await countClips(other);
  const stop = await keepAddingClips(other);
  await other.waitForTimeout(2_000);
  await endTab(owner, way);
  await other.waitForTimeout(4_000);
  const { asked, made, failures, longestGapMs } = await stop();
  const isWhole =
    failures.length === 0 && new Set(made).size === asked && (await countClips(other)) === before + asked;
  await other.evaluate(async () => {
    for (const { id } of await window.framesift.listClips()) await window.framesift.deleteClip(id);
  });
  if (!owner.isClosed()) await owner.close();
  return { way, longestGapMs, isWhole };
}

async function countClips(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const [row] = await window.framesift.query('select count(*)::int as clips from events');
    return Number(row!.clips);
  });
}

async function openTab(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await openReady(page, address);
  return page;
}

const load = loadavg()[0]!;
const done: HandOver[] = [];
await withServedProfile(async (context, address) => {
  // Functions that run in the page call esbuild's helper for names.
  await context.addInitScript('globalThis.__name = (named) => named');
  let owner = await openTab(context, address);
  for (let round = 0; round < times; round += 1) {
    for (const way of TAB_ENDS) {
      const other = await openTab(context, address);
      const result = await handOver(owner, other, way);
      done.push(result);
      console.log(
        `${way}: nothing answered for ${result.longestGapMs.toFixed(0)} ms, ${result.isWhole ? 'whole' : 'NOT WHOLE'}`,
      );
      owner = other;
    }
  }
});

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const rows = TAB_ENDS.map((way) => {
  const of = done.filter((result) => result.way === way);
  const gaps = of.map(({ longestGapMs }) => longestGapMs).sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)]!;
  const whole = of.filter(({ isWhole }) => isWhole).length;
  return `| ${way} | ${of.length} | ${whole} | ${seconds(median)} | ${seconds(gaps.at(-1)!)} |`;
});
const section = [
  `The tab that owns the library ends while another adds a clip every 50 ms, ${cpus().length} cores, load ${load.toFixed(1)} when it began, ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| the owner is | times | each clip there once | nothing answered for, median | longest |',
  '| --- | --: | --: | --: | --: |',
  ...rows,
].join('\n');
console.log(`\n${section}`);
if (done.some(({ isWhole }) => !isWhole)) process.exitCode = 1;
const path = join(root, 'docs/reliability.md');
writeFileSync(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), 'torture:handover', section));
