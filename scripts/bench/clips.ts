/**
 * `npm run bench:clips [-- clip…]`: reads clips in a real Chromium as a person would and prints, for
 * each, seconds until the model and the library are ready on a first visit, frames a second, seconds to the first answer and
 * bytes a frame. Without clips: the sample.
 *
 * "First answer" is the time from choosing the file, with the page open and its model ready, to frames
 * on the screen for a question that was typed at once.
 */
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from '@playwright/test';
import { askPage, openReady, root, withServedApp } from '../host/served-page';

interface Figures {
  picture: string;
  frames: number;
  framesPerSecond: number;
  firstAnswerSeconds: number;
  embeddingBytes: number;
  thumbnailBytes: number;
  provider: string;
  modelReadySeconds: number;
  libraryReadySeconds: number;
}

async function measure(browser: Browser, url: string, path: string, question: string): Promise<Figures> {
  // Storing the site for offline use would take time from what is measured.
  const context = await browser.newContext({ serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    const { provider, modelReadySeconds, libraryReadySeconds } = await openReady(page, url);
    const startedMs = performance.now();
    await page.getByTestId('file-input').setInputFiles(path);
    const read = page.getByRole('button', { name: 'Read the clip' });
    const refusal = page.getByRole('alert').filter({ hasText: basename(path) });
    await read.or(refusal).waitFor({ timeout: 60_000 });
    if (await refusal.isVisible()) throw new Error((await refusal.textContent()) ?? 'refused');
    await read.click();
    await askPage(page, question);
    await page.getByTestId('frame').first().waitFor({ timeout: 120_000 });
    const firstAnswerSeconds = (performance.now() - startedMs) / 1000;
    const summary = page.getByTestId('clip-summary').filter({ hasText: /read in/ });
    await summary.waitFor({ timeout: 600_000 });
    const seconds = Number(/read in ([\d.]+) s/.exec((await summary.textContent()) ?? '')?.[1]);
    const [row] = await page.evaluate(() =>
      window.framesift.query(
        `select count(*)::int as frames, avg(octet_length(e.embedding))::int as vector_bytes,
                avg(f.file_size_bytes)::int as thumbnail_bytes, max(f.width) || '×' || max(f.height) as picture
         from frame_embeddings e join event_frames f
           on f.event_id = e.event_id and f.frame_number = e.frame_index + 1`,
      ),
    );
    const frames = Number(row?.frames);
    return {
      picture: String(row?.picture),
      frames,
      framesPerSecond: frames / seconds,
      firstAnswerSeconds,
      embeddingBytes: Number(row?.vector_bytes),
      thumbnailBytes: Number(row?.thumbnail_bytes),
      provider,
      modelReadySeconds,
      libraryReadySeconds,
    };
  } finally {
    await context.close();
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { question: { type: 'string', default: 'a car' }, switches: { type: 'string', default: '' } },
});
const clips = positionals.length > 0 ? positionals : [join(root, 'public/sample/framesift-sample.webm')];

await withServedApp(async (browser, address) => {
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`${processor}, ${cpus().length} cores, Chromium ${browser.version()}\n`);
  console.log(
    '| clip | picture | runs on | model ready, s | library ready, s | frames | frames/s | first answer, s | vector, bytes | thumbnail, bytes |',
  );
  console.log('|---|---|---|--:|--:|--:|--:|--:|--:|--:|');
  for (const clip of clips) {
    const cells = await measure(browser, `${address}/${values.switches}`, clip, values.question).then(
      (figures) => [
        figures.picture,
        figures.provider,
        figures.modelReadySeconds.toFixed(1),
        figures.libraryReadySeconds.toFixed(1),
        figures.frames,
        figures.framesPerSecond.toFixed(1),
        figures.firstAnswerSeconds.toFixed(1),
        figures.embeddingBytes,
        figures.thumbnailBytes,
      ],
      (error: unknown) => [
        `refused or failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      ],
    );
    console.log(`| ${[basename(clip), ...cells].join(' | ')} |`);
  }
});
