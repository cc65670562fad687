/**
 * `npm run torture:use [-- --minutes N --pace SECONDS]`: uses the built page in one tab as a person does for hours — reads a
 * clip, asks, looks at frames, exports, deletes, in turn — and counts every tenth round what should not grow. A round
 * begins at most every `--pace` seconds (15, about a person's; 0 is as fast as the page is). Writes docs/reliability.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BrowserContext, Page } from '@playwright/test';
import { replaceBetweenMarkers } from '../host/markers';
import { openReady, root, withServedProfile } from '../host/served-page';
import { countOpenThings, countUse, type OpenThings, type UseCounts } from './use-counts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    pace: { type: 'string', default: '15' },
    dry: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is more than 0.');
const paceMs = Number(values.pace) * 1000;
if (!(paceMs >= 0)) throw new Error('--pace is 0 or more seconds.');

const CLIPS = ['inputs/12-h264-aac.mp4', 'inputs/12-vp9-opus.webm', 'inputs/05-rollover.ts'].map((name) =>
  join(root, 'test/fixtures/clips', name),
);
const QUESTIONS = ['a red car', 'a number on a grey picture', 'stripes - text', 'people | a dog'];

/** Rounds until everything that is loaded once is there: panels, worker scripts, the export's code. */
const WARM_UP_ROUNDS = 3;

const OPEN_THINGS: readonly (readonly [string, keyof OpenThings])[] = [
  ['video frames', 'frames'],
  ['video decoders', 'decoders'],
  ['decoded pictures', 'bitmaps'],
  ['ports between contexts, of which each clip’s session has one', 'ports'],
  ['access handles', 'handles'],
  ['object URLs', 'objectUrls'],
];

async function oneRound(page: Page, round: number): Promise<void> {
  const clip = CLIPS[round % CLIPS.length]!;
  await page.getByTestId('file-input').setInputFiles(clip);
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await page.getByTestId('clip-summary').filter({ hasText: 'read in' }).waitFor({ timeout: 120_000 });
  for (const question of [0, 1].map((i) => QUESTIONS[(round + i) % QUESTIONS.length]!)) {
    const box = page.getByRole('textbox', { name: 'What are you looking for?' });
    await box.fill(question);
    await box.press('Enter');
    await page
      .getByTestId('answer-status')
      .filter({ hasText: `“${question}”` })
      .waitFor({ timeout: 60_000 });
    await page.getByTestId('frame').first().click();
  }
  if (round % 3 === 0) {
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download', { timeout: 60_000 });
    await page.getByRole('menuitem', { name: /Table/ }).click();
    await (await download).delete();
  }
  await page.evaluate(async () => {
    for (const { id } of await window.framesift.listClips()) await window.framesift.deleteClip(id);
  });
  await page.getByTestId('library').getByRole('listitem').first().waitFor({ state: 'detached' });
}

async function use(context: BrowserContext, address: string): Promise<void> {
  await countOpenThings(context);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('crash', () => problems.push('The tab crashed.'));
  await openReady(page, address);
  const endMs = Date.now() + minutes * 60_000;
  const startedMs = Date.now();
  let first: UseCounts | null = null;
  let most = 0;
  let rounds = 0;
  for (; Date.now() < endMs && problems.length === 0; rounds += 1) {
    const roundEndMs = Date.now() + paceMs;
    await oneRound(page, rounds);
    await page.waitForTimeout(Math.max(0, Math.min(roundEndMs, endMs) - Date.now()));
    if (rounds % 10 !== WARM_UP_ROUNDS) continue;
    const now = await countUse(page);
    first ??= now;
    most = Math.max(most, now.memoryBytes ?? 0);
    console.log(
      `${((Date.now() - startedMs) / 60_000).toFixed(0)} min, ${rounds + 1} rounds: ${JSON.stringify(now)}`,
    );
  }
  const last = await countUse(page);
  first ??= last;
  report(
    first,
    last,
    Math.max(most, last.memoryBytes ?? 0),
    rounds,
    (Date.now() - startedMs) / 60_000,
    problems,
  );
}

function report(
  first: UseCounts,
  last: UseCounts,
  mostBytes: number,
  rounds: number,
  took: number,
  problems: readonly string[],
): void {
  const megabytes = (bytes: number | null) => (bytes === null ? 'not told' : (bytes / 1e6).toFixed(0));
  const row = (name: string, value: (counts: UseCounts) => number | string) =>
    `| ${name} | ${value(first)} | ${value(last)} |`;
  const section = [
    `${rounds} rounds in ${took.toFixed(0)} minutes of one tab, one every ${values.pace} s at most, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    `| after | round ${WARM_UP_ROUNDS + 1} | the last round |`,
    '| --- | --: | --: |',
    row('memory of the whole browser, MB', ({ memoryBytes }) => megabytes(memoryBytes)),
    ...OPEN_THINGS.map(([name, key]) => row(name, ({ open }) => open[key])),
    row('workers', ({ workers }) => workers),
    row('elements on the page', ({ elements }) => elements),
    row('private files besides the database', ({ files }) => files),
    row('rows of clips, frames and embeddings', ({ rows }) => rows),
    '',
    `Most memory: ${megabytes(mostBytes)} MB. Faults: ${problems.length === 0 ? 'none' : problems.join('; ')}.`,
  ].join('\n');
  console.log(`\n${section}`);
  if (problems.length > 0) process.exitCode = 1;
  if (values.dry) return;
  const path = join(root, 'docs/reliability.md');
  writeFileSync(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), 'torture:use', section));
}

await withServedProfile(use);
