/**
 * `npm run bench:clips [-- clip…]`: reads clips in a real Chromium as a person would and prints, for
 * each, frames a second, seconds to the first answer and bytes a frame. Without clips: the sample.
 *
 * "First answer" is the time from dropping the file, with the page open and its model ready, to frames
 * on the screen for a question that was typed at once.
 */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from '@playwright/test';
import type { FramesiftConsole } from '@/app/_hooks/console-api';

declare global {
  interface Window {
    framesift: FramesiftConsole;
  }
}

const PORT = 3218;
const root = join(import.meta.dirname, '../..');

interface Figures {
  clip: string;
  picture: string;
  frames: number;
  framesPerSecond: number;
  firstAnswerSeconds: number;
  vectorBytes: number;
  thumbnailBytes: number;
  provider: string;
}

async function measure(browser: Browser, path: string, question: string, search: string): Promise<Figures> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://localhost:${PORT}/${search}`);
    const engine = page.getByTestId('engine');
    await engine.filter({ hasText: /^(?:WebGPU|WASM, \d+ threads?)$/ }).waitFor({ timeout: 120_000 });
    await page.getByText('Opening the library…').waitFor({ state: 'detached', timeout: 60_000 });
    const startedMs = performance.now();
    await page.getByTestId('file-input').setInputFiles(path);
    await page.getByRole('button', { name: 'Read the clip' }).click({ timeout: 60_000 });
    const box = page.getByRole('textbox', { name: 'What are you looking for?' });
    await box.fill(question);
    await box.press('Enter');
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
      clip: basename(path),
      picture: String(row?.picture),
      frames,
      framesPerSecond: frames / seconds,
      firstAnswerSeconds,
      vectorBytes: Number(row?.vector_bytes),
      thumbnailBytes: Number(row?.thumbnail_bytes),
      provider: (await engine.textContent()) ?? '',
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

const server = spawn(
  process.execPath,
  [join(root, 'node_modules/next/dist/bin/next'), 'start', '-p', String(PORT)],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let browser: Browser | undefined;
try {
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready')) resolve();
    });
    server.on('exit', () => reject(new Error('The server did not start; run `npm run build` first.')));
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-background-networking'],
  });
  const [processor] = cpus();
  console.log(
    `${processor?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${browser.version()}\n`,
  );
  console.log(
    '| clip | picture | runs on | frames | frames/s | first answer, s | vector, bytes | thumbnail, bytes |',
  );
  console.log('|---|---|---|--:|--:|--:|--:|--:|');
  for (const clip of clips) {
    try {
      const figures = await measure(browser, clip, values.question, values.switches);
      console.log(
        `| ${figures.clip} | ${figures.picture} | ${figures.provider} | ${figures.frames} | ${figures.framesPerSecond.toFixed(1)} | ${figures.firstAnswerSeconds.toFixed(1)} | ${figures.vectorBytes} | ${figures.thumbnailBytes} |`,
      );
    } catch (error) {
      console.log(
        `| ${basename(clip)} | failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)} ||||||| `,
      );
    }
  }
} finally {
  await browser?.close();
  server.kill();
}
