import { chromium, type Page } from '@playwright/test';
import { FramesiftError } from '@/lib/shared/errors';
import type { ResizeSpec } from '@/lib/shared/frames';
import { launchOptions } from '../host/launch-options';
import { openModulePage } from '../host/module-page';
import type { CandidateFrames, EvaluationPage } from './page/compose';
import type { ShotList } from './page/shots';

/** Only inside the functions that are handed to the page. */
declare const evaluation: EvaluationPage;

/** A page stays open for so many clips: a fresh one gives the memory of the ones before back. */
const CLIPS_PER_PAGE = 12;

export interface SampleFile {
  file: Uint8Array;
  scenes: readonly { id: string; startMs: number; endMs: number }[];
}

export interface ReadClip {
  durationMs: number;
  timesMs: number[];
  /** RGB, one picture of the model's input size after another. */
  pixels: Uint8Array;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

/** A headless Chromium that makes and reads clips; it is started when it is first needed. `close` it. */
export class ClipBrowser {
  readonly #sample: SampleFile;
  #page: Promise<Page> | null = null;
  #clips = 0;

  constructor(sample: SampleFile) {
    this.#sample = sample;
  }

  async compose(list: ShotList, jpegs: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
    const ids = list.shots.flatMap(({ content }) => (content.kind === 'picture' ? [content.id] : []));
    const sent = Object.fromEntries(ids.map((id) => [id, base64(jpegs.get(id)!)]));
    const page = await this.#open();
    return bytesOf(
      await page.evaluate(([shots, pictures]) => evaluation.compose(shots, pictures), [list, sent] as const),
    );
  }

  async read(file: Uint8Array, resize: ResizeSpec): Promise<ReadClip> {
    const page = await this.#open();
    const frames: CandidateFrames = await page
      .evaluate(([clip, spec]) => evaluation.readCandidates(clip, spec), [base64(file), resize] as const)
      .catch((cause: unknown) => {
        // Of an error on the page its text arrives alone.
        const said = /FramesiftError: (.*)/.exec(cause instanceof Error ? cause.message : '')?.[1];
        throw said === undefined ? cause : new FramesiftError('unreadable-video', said, { cause });
      });
    return { ...frames, pixels: bytesOf(frames.pixels) };
  }

  async close(): Promise<void> {
    const page = await this.#page;
    this.#page = null;
    await page?.context().browser()?.close();
  }

  async #open(): Promise<Page> {
    if (this.#clips >= CLIPS_PER_PAGE) await this.close();
    this.#clips = this.#page ? this.#clips + 1 : 1;
    return (this.#page ??= this.#start());
  }

  async #start(): Promise<Page> {
    const browser = await chromium.launch(launchOptions());
    try {
      const page = await openModulePage(browser, 'scripts/eval/page/compose');
      await page.waitForFunction('globalThis.evaluation !== undefined', undefined, { timeout: 30_000 });
      const { file, scenes } = this.#sample;
      await page.evaluate(([clip, list]) => evaluation.loadSample(clip, list), [
        base64(file),
        scenes,
      ] as const);
      return page;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }
}
