/**
 * Draws single frames as PNG, for looking at while a scene is being written:
 * `tsx scripts/sample-clip/stills.ts FOLDER [scene…] [--at=0.5,3,5.5]` (seconds into each scene).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FRAME_RATE, SHOTS } from './clip';
import { withPage } from './host/browser';
import { getFrame } from './host/drawn-frames';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { at: { type: 'string', default: '0.5,3,5.5' } },
});
const [folder, ...ids] = positionals;
if (folder === undefined) throw new Error('Name the folder to write to.');
const seconds = values.at.split(',').map(Number);
await mkdir(folder, { recursive: true });

await withPage(async (page) => {
  for (const { scene, firstFrame } of SHOTS) {
    if (ids.length > 0 && !ids.includes(scene.id)) continue;
    for (const second of seconds) {
      const started = performance.now();
      const frame = firstFrame + Math.round(second * FRAME_RATE);
      const png = await getFrame(page, frame);
      const file = join(folder, `${scene.id}-${second.toFixed(1)}.png`);
      await writeFile(file, png);
      console.log(`${file} (${Math.round(performance.now() - started)} ms)`);
    }
  }
});
