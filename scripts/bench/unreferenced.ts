/**
 * How many pictures of clips need not be decoded, and what that saves: `npm run bench:decode -- [--interval MS] clip…`.
 * Decodes the frames at every interval with and without pictures that nothing refers to (decision 037), by turns, and
 * compares what comes out before it takes times.
 */
import { basename } from 'node:path';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { launchOptions } from '../host/launch-options';
import { openModulePage } from '../host/module-page';
import type { UnreferencedPage } from './page/unreferenced';

declare const unreferenced: UnreferencedPage;

const { positionals: clips, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Milliseconds between the frames that are wanted. */
    interval: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
  },
});
const intervalMs = Number(values.interval);
const rounds = Number(values.rounds);
if (clips.length === 0) throw new Error('Name the clips to decode.');

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

const browser = await chromium.launch(launchOptions());
try {
  const page = await openModulePage(browser, 'scripts/bench/page/unreferenced');
  await page.waitForFunction('globalThis.unreferenced !== undefined');
  await page.setContent('<input type="file" id="clip">');
  const compare = (isCompared: boolean) =>
    page.evaluate(
      ([interval, isRead]) => {
        const file = document.querySelector<HTMLInputElement>('#clip')!.files![0]!;
        return unreferenced.compare(file, interval, isRead);
      },
      [intervalMs, isCompared] as const,
    );
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${browser.version()}`,
  );
  console.log(`A frame every ${intervalMs} ms; milliseconds are medians of ${rounds} rounds by turns.\n`);
  console.log(
    row([
      'clip',
      'codec',
      'wanted frames',
      'packets',
      'left out',
      'share',
      'all, ms',
      'without, ms',
      'ratio',
      'same',
    ]),
  );
  console.log(`|---|---${'|--:'.repeat(8)}|`);
  for (const clip of clips) {
    await page.setInputFiles('#clip', clip);
    try {
      const { codec, all, wanted } = await compare(true);
      const isSame = all.results.every((result, index) => result === wanted.results[index]);
      const times: { all: number[]; wanted: number[] } = { all: [], wanted: [] };
      for (let round = 0; round < rounds; round += 1) {
        const timed = await compare(false);
        times.all.push(timed.all.ms);
        times.wanted.push(timed.wanted.ms);
      }
      const leftOut = all.packets - wanted.packets;
      const [allMs, wantedMs] = [median(times.all), median(times.wanted)];
      console.log(
        row([
          basename(clip),
          codec ?? '–',
          all.results.length,
          all.packets,
          leftOut,
          `${Math.round((100 * leftOut) / all.packets)} %`,
          allMs.toFixed(0),
          wantedMs.toFixed(0),
          (allMs / wantedMs).toFixed(2),
          isSame ? 'yes' : 'NO',
        ]),
      );
      if (!isSame) process.exitCode = 1;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      console.log(row([basename(clip), `refused: ${reason}`]));
    }
  }
} finally {
  await browser.close();
}
