/**
 * `npm run eval:slideshows -- --out FOLDER`: makes the clips of data/slideshows.json that data/real-answers.json asks about,
 * from pictures kept out of training, which a camera that moves in looks at one after another. Needs FFmpeg.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { toFramesiftError, FramesiftError } from '@/lib/shared/errors';
import { z } from '@/lib/shared/zod';
import { repositoryPath } from '../sample-clip/host/browser';

const FRAME_RATE = 5;
const WIDTH = 480;
const HEIGHT = 360;
/** How much closer the camera is at a picture's end. */
const ZOOM = 0.15;

const schema = z.object({
  secondsEach: z.number().positive(),
  clips: z.array(z.object({ file: z.string(), /** `zip/file`. */ pictures: z.array(z.string()) })),
});

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: repositoryPath('../shared/data') },
    out: { type: 'string' },
  },
});

async function main(): Promise<void> {
  if (values.out === undefined) throw new FramesiftError('bad-input', 'Say --out FOLDER.');
  const data = resolve(values.data);
  const out = resolve(values.out);
  const json = await readFile(join(import.meta.dirname, 'data/slideshows.json'), 'utf8');
  const { secondsEach, clips } = schema.parse(JSON.parse(json));
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'framesift-slides-'));
  try {
    for (const { file, pictures } of clips) {
      const inputs: string[] = [];
      for (const [index, picture] of pictures.entries()) {
        const [zip = '', ...rest] = picture.split('/');
        const name = rest.join('/');
        const archive = await readFile(join(data, zip));
        const bytes = unzipSync(archive, { filter: (entry) => entry.name === name })[name];
        if (!bytes) throw new FramesiftError('bad-input', `${zip} has no ${name}.`);
        const path = join(folder, `${index}.jpg`);
        await writeFile(path, bytes);
        inputs.push('-i', path);
      }
      const frames = secondsEach * FRAME_RATE;
      // Four times the size first: zoompan moves by whole pixels.
      const shots = pictures.map(
        (_, index) =>
          `[${index}:v]scale=${4 * WIDTH}:${4 * HEIGHT},zoompan=z='1+${ZOOM}*on/${frames}':d=${frames}:s=${WIDTH}x${HEIGHT}:fps=${FRAME_RATE}:x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2',setsar=1[v${index}]`,
      );
      const joined = `${pictures.map((_, index) => `[v${index}]`).join('')}concat=n=${pictures.length}[out]`;
      await promisify(execFile)('ffmpeg', [
        ...['-y', '-v', 'error', ...inputs, '-filter_complex', [...shots, joined].join(';'), '-map', '[out]'],
        ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-crf', '28', '-g', '20', join(out, file)],
      ]);
      console.error(join(out, file));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(toFramesiftError(error).message);
  process.exitCode = 1;
}
