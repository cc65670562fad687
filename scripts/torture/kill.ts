/**
 * `npm run torture:kill [-- --batches N]`: reads the sample clip in the built page, kills Chromium as soon as the n-th batch is
 * stored (for every n, or the first N), opens the same profile again, goes on reading, and compares rows, pictures and the
 * copy of the clip with those of a reading that nothing disturbed. Writes its section of docs/reliability.md.
 */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { batchSizes } from '@/lib/media/batch-sizes';
import { DEFAULT_BATCH_SIZE } from '@/lib/shared/frames';
import { launchOptions } from '../host/launch-options';
import { replaceBetweenMarkers } from '../host/markers';
import { openReady, root, withServer } from '../host/served-page';

const { values } = parseArgs({ options: { batches: { type: 'string', default: 'Infinity' } } });

const SECTION = 'torture:kill';
const SAMPLE = join(root, 'public/sample/framesift-sample.webm');

/** A busy machine reads the sample in a minute. */
const READ_TIMEOUT_MS = 180_000;

/** Every frame is embedded: one that looks like the frame before has that one's vector, unless reading began with it. */
const SEARCH = '/?embed=every';

/** What a library has, without what differs from one reading of a clip to the next. */
interface Contents {
  rows: Record<string, unknown>[];
  files: Record<string, string>;
  flaws: unknown;
}

async function openProfile(
  folder: string,
  address: string,
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.launchPersistentContext(folder, {
    ...launchOptions(),
    serviceWorkers: 'block',
  });
  // esbuild's helper for names, which functions that run in the page call.
  await context.addInitScript('globalThis.__name = (named) => named');
  const page = context.pages()[0] ?? (await context.newPage());
  await openReady(page, address + SEARCH);
  return { context, page };
}

async function startReading(page: Page): Promise<void> {
  await page.getByTestId('file-input').setInputFiles(SAMPLE);
  await page.getByRole('button', { name: 'Read the clip' }).click({ timeout: 60_000 });
}

async function waitUntilRead(page: Page): Promise<void> {
  await page.getByTestId('clip-summary').filter({ hasText: 'read in' }).waitFor({ timeout: READ_TIMEOUT_MS });
}

/** Waits until so many frames are stored. */
async function waitForFrames(page: Page, frames: number): Promise<void> {
  await page.waitForFunction(
    (count) =>
      parseInt(document.querySelector('[data-testid=ingest-count]')?.textContent ?? '0', 10) >= count,
    frames,
    { timeout: READ_TIMEOUT_MS, polling: 'raf' },
  );
}

/** Ends a browser at once, as the system does when memory runs out. */
async function kill(folder: string): Promise<void> {
  const processes = await readdir('/proc');
  for (const id of processes.filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(`--user-data-dir=${folder}\0`)) process.kill(Number(id), 'SIGKILL');
  }
}

async function contentsOf(page: Page): Promise<Contents> {
  const { rows, files, flaws } = await page.evaluate(async () => {
    const found = await window.framesift.query(
      `select 'event' as kind, null::int as number, concat_ws(' ', file_name, file_bytes, duration_ms, ingest_state,
         frames_planned, frames_stored, frame_count_used, frame_timestamps, gaps) as content from events
       union all select 'frame', frame_number, concat_ws(' ', regexp_replace(frame_path, '^frames/[^/]+', ''),
         timestamp_offset_ms, width, height, file_size_bytes) from event_frames
       union all select 'vector', frame_index, concat_ws(' ', model_version, embedding) from frame_embeddings
       union all select 'draft', frame_index, model_version from frame_embedding_drafts
       union all select 'span', frame_index, concat_ws(' ', start_ms, end_ms) from frame_spans
       union all select 'set', frames, concat_ws(' ', model_version, state) from embedding_sets
       order by kind, number`,
    );
    const bytes: Record<string, number[]> = {};
    const walk = async (directory: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [name, handle] of directory) {
        if (handle.kind === 'directory') await walk(handle, `${path}/${name}`);
        else {
          const file = await handle.getFile();
          bytes[`${path}/${name}`] = [...new Uint8Array(await file.arrayBuffer())];
        }
      }
    };
    const storage = await navigator.storage.getDirectory();
    for (const folder of ['frames', 'clips']) await walk(await storage.getDirectoryHandle(folder), folder);
    return { rows: found, files: bytes, flaws: await window.framesift.scanLibrary() };
  });
  const digests = Object.entries(files).map(([path, content]) => [
    path.replace(/^(\w+)\/[^/]+/, '$1'),
    createHash('sha256').update(Uint8Array.from(content)).digest('hex'),
  ]);
  return { rows, files: Object.fromEntries(digests.sort()) as Record<string, string>, flaws };
}

/** What differs, in few words; null where nothing does. */
function difference(a: Contents, b: Contents): string | null {
  if (JSON.stringify(a.flaws) !== JSON.stringify(b.flaws)) return `the scan: ${JSON.stringify(b.flaws)}`;
  if (JSON.stringify(a.files) !== JSON.stringify(b.files)) return 'files';
  if (a.rows.length !== b.rows.length) return `${b.rows.length} rows instead of ${a.rows.length}`;
  const other = b.rows.find((row, i) => JSON.stringify(row) !== JSON.stringify(a.rows[i]));
  return other ? `the row of ${String(other.kind)} ${String(other.number)}` : null;
}

const lines: string[] = [];
let faults = 0;
await withServer(async (address) => {
  const folder = await mkdtemp(join(tmpdir(), 'framesift-kill-'));
  const profile = (name: string) => join(folder, name);
  try {
    const empty = await openProfile(profile('empty'), address);
    await empty.context.close();
    await cp(profile('empty'), profile('whole'), { recursive: true });
    const undisturbed = await openProfile(profile('whole'), address);
    await startReading(undisturbed.page);
    await waitUntilRead(undisturbed.page);
    const whole = await contentsOf(undisturbed.page);
    await undisturbed.context.close();
    const frames = whole.rows.filter(({ kind }) => kind === 'vector').length;
    let stored = 0;
    let n = 0;
    for (const size of batchSizes(DEFAULT_BATCH_SIZE)) {
      stored += size;
      n += 1;
      if (stored >= frames || n > Number(values.batches)) break;
      const name = profile(`killed-${n}`);
      await cp(profile('empty'), name, { recursive: true });
      const first = await openProfile(name, address);
      await startReading(first.page);
      await waitForFrames(first.page, stored);
      await kill(name);
      await first.context.close().catch(() => undefined);

      const second = await openProfile(name, address);
      const [kept] = await second.page.evaluate(() =>
        window.framesift.query('select count(*)::int as frames from frame_embeddings'),
      );
      const flaws = await second.page.evaluate(() => window.framesift.scanLibrary());
      await second.page.getByRole('button', { name: 'Go on reading' }).click({ timeout: 60_000 });
      await waitUntilRead(second.page);
      const differs = difference(whole, await contentsOf(second.page));
      await second.context.close();
      await rm(name, { recursive: true });
      if (differs !== null) faults += 1;
      const sound = Object.values<string[]>({ ...flaws }).every(({ length }) => length === 0)
        ? 'sound'
        : JSON.stringify(flaws);
      lines.push(`| ${n} | ${String(kept!.frames)} of ${frames} | ${sound} | ${differs ?? 'nothing'} |`);
      console.log(lines.at(-1));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
const section = [
  `The sample clip in the built page, killed (SIGKILL) as soon as the n-th batch is told of, ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| batch | stored when opened again | a scan then | what differs after going on |',
  '| ---: | ---: | --- | --- |',
  ...lines,
].join('\n');
const path = join(root, 'docs/reliability.md');
writeFileSync(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), SECTION, section));
process.exit(faults > 0 ? 1 : 0);
