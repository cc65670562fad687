import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from '@/lib/shared/zod';
import { FramesiftError } from '@/lib/shared/errors';
import { CLIP_FILE, CLIP_FOLDER } from '../sample-clip/clip';
import { repositoryPath } from '../sample-clip/host/browser';
import type { ClipBrowser, SampleFile } from './browser';
import { cached, sha256 } from './cases';
import { readJpegs } from './data/pictures';
import type { ClipPlan } from './data/plan';

const sampleSchema = z.object({
  scenes: z.array(z.object({ id: z.string(), startMs: z.number(), endMs: z.number() })),
});

/** What draws and encodes: a change of it makes every clip anew. */
const DRAWING = ['page/compose.ts', 'page/draw.ts', 'page/shots.ts'];

export async function readSample(): Promise<SampleFile> {
  const folder = repositoryPath(CLIP_FOLDER);
  const { scenes } = sampleSchema.parse(JSON.parse(await readFile(join(folder, 'sample.json'), 'utf8')));
  return { file: await readFile(join(folder, CLIP_FILE)), scenes };
}

/** Makes planned clips, or takes them from the cache. */
export class Composer {
  readonly #browser: ClipBrowser;
  readonly #jpegs: ReadonlyMap<string, Uint8Array>;
  readonly #version: string;

  private constructor(browser: ClipBrowser, jpegs: ReadonlyMap<string, Uint8Array>, version: string) {
    this.#browser = browser;
    this.#jpegs = jpegs;
    this.#version = version;
  }

  static async open(
    browser: ClipBrowser,
    plans: readonly ClipPlan[],
    data: string,
    sample: SampleFile,
  ): Promise<Composer> {
    const ids = plans.flatMap(({ shotList }) =>
      shotList.shots.flatMap(({ content }) => (content.kind === 'picture' ? [content.id] : [])),
    );
    const sources = await Promise.all(
      DRAWING.map((path) => readFile(join(import.meta.dirname, path), 'utf8')),
    );
    return new Composer(browser, await readJpegs(data, ids), sha256(sample.file, ...sources));
  }

  /** The clip as a WebM file. */
  async compose({ shotList }: ClipPlan): Promise<Buffer> {
    const pictures = shotList.shots.flatMap(({ content }) =>
      content.kind === 'picture' ? [this.#jpegs.get(content.id)!] : [],
    );
    const key = sha256(this.#version, JSON.stringify(shotList), ...pictures).slice(0, 24);
    return cached(`clips/${key}.webm`, async () => {
      const file = await this.#browser.compose(shotList, this.#jpegs);
      if (file.length === 0) throw new FramesiftError('internal', 'The browser encoded an empty clip.');
      return file;
    });
  }
}
