import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import type { Embedder } from '../sample-clip/host/embed';
import { ClipBrowser } from './browser';
import { FrameReader, type EmbeddedClip } from './cases';
import type { ClipFile } from './clip-file';
import { readClipsFolder } from './clips-folder';
import { Composer, readSample } from './compose';
import { readPictures } from './data/pictures';
import { planClips } from './data/plan';
import { Progress } from './progress';

interface Source {
  truth: ClipFile;
  read: () => Promise<Buffer>;
}

/** Where the clips of an evaluation come from. */
export interface ClipOptions {
  /** Folder of captions.jsonl.gz and its zips, of which clips are made. */
  data: string;
  /** A folder of clips to be taken instead. */
  clips?: string | undefined;
  /** Where made clips and their descriptions are written, to be looked at. */
  save?: string | undefined;
}

/** Makes the clips of the evaluation and reads them as the page does, each from the cache where it was made before. */
export async function readClips(options: ClipOptions, embedder: Embedder): Promise<EmbeddedClip[]> {
  const sample = await readSample();
  const browser = new ClipBrowser(sample);
  try {
    const reader = new FrameReader(browser, embedder);
    let sources: Source[];
    if (options.clips === undefined) {
      const data = resolve(options.data);
      const plans = planClips(await readPictures(data), sample.scenes);
      const composer = await Composer.open(browser, plans, data, sample);
      sources = plans.map((plan) => ({ truth: plan.truth, read: () => composer.compose(plan) }));
    } else {
      sources = await readClipsFolder(resolve(options.clips));
    }
    const read: EmbeddedClip[] = [];
    const progress = new Progress(sources.length, 'clips');
    let current = '';
    try {
      for (const { truth, read: readFile } of sources) {
        current = truth.id;
        progress.note(current);
        const file = await readFile();
        if (options.save !== undefined) await saveClip(options.save, truth, file);
        read.push({ truth, ...(await reader.read(file)) });
        progress.add(1);
      }
    } catch (error) {
      const { code, message } = toFramesiftError(error);
      throw new FramesiftError(code, `${current}: ${message}`, { cause: error });
    } finally {
      progress.stop();
    }
    return read;
  } finally {
    await browser.close();
  }
}

async function saveClip(folder: string, truth: ClipFile, file: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, truth.file), file);
  await writeFile(join(folder, `${truth.id}.json`), `${JSON.stringify(truth, null, 2)}\n`);
}
