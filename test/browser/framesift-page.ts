import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import type { FramesiftConsole } from '@/app/_hooks/console-api';

declare global {
  interface Window {
    framesift: FramesiftConsole;
  }
}

const root = join(import.meta.dirname, '../..');

export const SAMPLE_CLIP = join(root, 'public/sample/framesift-sample.webm');

interface SampleFacts {
  durationMs: number;
  questions: { text: string; startMs: number; endMs: number }[];
}

/** The sample clip's length, and the questions that it answers with the part of it that does. */
export const sample = JSON.parse(
  readFileSync(join(root, 'public/sample/sample.json'), 'utf8'),
) as SampleFacts;

/** What a scan of a library finds in which every row has its files, and every file its row. */
export const SOUND = { orphanFiles: [], missingFiles: [], wrongRows: [] };

/** A frame of an answer as the page shows it. */
export interface ShownFrame {
  frameIndex: number;
  timestampMs: number;
  score: number;
  strength: string;
  rank: number;
  isPinned: boolean;
}

/** What a person does on the page, step by step. */
export class FramesiftPage {
  readonly page: Page;
  /** Everything that went wrong in the page, which no test expects. */
  readonly problems: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  /** Opens the page and waits until its model and its library are ready. */
  async open(search = '', address = ''): Promise<void> {
    await this.page.goto(`${address}/${search}`);
    await this.waitUntilReady();
  }

  /** Waits until everything that works without a network is stored. */
  async waitUntilStored(): Promise<void> {
    await this.provider.click();
    await expect(this.page.getByTestId('offline')).toContainText('ready', { timeout: 120_000 });
    await this.page.keyboard.press('Escape');
  }

  async waitUntilReady(): Promise<void> {
    await this.waitForText('provider-button', /^(?:WebGPU|WASM, \d+ threads?)$/, 120_000);
    await expect(this.page.getByText('Opening the library…')).toHaveCount(0, { timeout: 60_000 });
  }

  get provider(): Locator {
    return this.page.getByTestId('provider-button');
  }

  get questionBox(): Locator {
    return this.page.getByRole('textbox', { name: 'What are you looking for?' });
  }

  get answerStatus(): Locator {
    return this.page.getByTestId('answer-status');
  }

  get frames(): Locator {
    return this.page.getByTestId('frame');
  }

  get verdict(): Locator {
    return this.page.getByTestId('verdict');
  }

  get clipSummary(): Locator {
    return this.page.getByTestId('clip-summary');
  }

  get clips(): Locator {
    return this.page.getByTestId('library').getByRole('listitem');
  }

  /** Drops files on the page as a person does with the mouse. */
  async drop(...files: { name: string; type: string; bytes: Uint8Array }[]): Promise<void> {
    const encoded = files.map(({ name, type, bytes }) => ({
      name,
      type,
      base64: Buffer.from(bytes).toString('base64'),
    }));
    const dataTransfer = await this.page.evaluateHandle((items) => {
      const transfer = new DataTransfer();
      for (const { name, type, base64 } of items) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
      }
      return transfer;
    }, encoded);
    for (const event of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', event, { dataTransfer });
    }
  }

  async dropClip(path = SAMPLE_CLIP): Promise<void> {
    await this.drop({ name: basename(path), type: 'video/webm', bytes: readFileSync(path) });
  }

  /** Drops the sample clip and begins to read it, as it comes or at another rate. */
  async startSample(rate?: string): Promise<void> {
    await this.dropClip();
    await expect(this.page.getByTestId('facts')).toBeVisible();
    if (rate) await this.page.getByLabel('Frame rate').selectOption({ label: rate });
    await this.page.getByRole('button', { name: 'Read the clip' }).click();
  }

  /** The same, and waits until it is read to its end. */
  async readSample(rate?: string): Promise<void> {
    await this.startSample(rate);
    await this.waitUntilRead();
  }

  /** Starts on the sample, stops when the first frames are there, and gives the button that goes on. */
  async startAndStopSample(rate: string): Promise<Locator> {
    await this.startSample(rate);
    await expect(this.page.getByTestId('ingest-count')).toHaveText(/^[1-9]\d* of/);
    await this.page.getByRole('button', { name: 'Stop' }).click();
    const goOn = this.page.getByRole('button', { name: 'Go on reading' });
    await expect(goOn).toBeVisible();
    return goOn;
  }

  async waitUntilRead(timeout = 120_000): Promise<void> {
    await this.waitForText('clip-summary', /read in [\d.]+ s/, timeout);
  }

  /**
   * Waits for a text that a long piece of work ends with. `expect` looks once a second in the end, which is most of
   * what a short clip takes; this looks at every frame that the page paints.
   */
  async waitForText(testId: string, text: RegExp, timeout: number): Promise<void> {
    const shows = ([id, source]: readonly [string, string]) =>
      new RegExp(source).test(document.querySelector(`[data-testid="${id}"]`)?.textContent ?? '');
    await this.page
      .waitForFunction(shows, [testId, text.source] as const, { timeout, polling: 'raf' })
      // Says what stands there instead.
      .catch(() => expect(this.page.getByTestId(testId)).toContainText(text, { timeout: 100 }));
  }

  /** Types a question and waits for its answer. Frames come in the order that they are shown in. */
  async ask(text: string): Promise<ShownFrame[]> {
    await this.questionBox.fill(text);
    await this.questionBox.press('Enter');
    await this.waitForText('answer-status', new RegExp(escapeForRegExp(`for “${text}”`)), 60_000);
    return this.shownFrames();
  }

  shownFrames(): Promise<ShownFrame[]> {
    return this.page.getByTestId('frame').evaluateAll((cards) =>
      cards.map((card) => {
        const { frameIndex, timestampMs, score, strength, rank, pinned } = (card as HTMLElement).dataset;
        return {
          frameIndex: Number(frameIndex),
          timestampMs: Number(timestampMs),
          score: Number(score),
          strength: strength ?? '',
          rank: Number(rank),
          isPinned: pinned === 'true',
        };
      }),
    );
  }

  /** Rows of one reading statement on the page's own PostgreSQL. */
  query(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(([statement, values]) => window.framesift.query(statement, values), [
      sql,
      parameters,
    ] as const);
  }

  /** What does not fit together in the library: `SOUND` where all of it does. */
  scan(): Promise<unknown> {
    return this.page.evaluate(() => window.framesift.scanLibrary());
  }

  /** Paths of all files that this site keeps in its private file system, the database's own left out. */
  storedFiles(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const paths: string[] = [];
      const walk = async (directory: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
        for await (const [name, handle] of directory) {
          if (handle.kind === 'directory') await walk(handle, `${prefix}${name}/`);
          else paths.push(prefix + name);
        }
      };
      const files = await navigator.storage.getDirectory();
      for (const room of ['frames', 'clips', 'vectors']) {
        const directory = await files.getDirectoryHandle(room).catch(() => null);
        if (directory) await walk(directory, `${room}/`);
      }
      return paths;
    });
  }
}

const escapeForRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
