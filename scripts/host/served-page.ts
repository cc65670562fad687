import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { launchOptions } from './launch-options';
import type { FramesiftConsole } from '@/app/_hooks/console-api';

declare global {
  interface Window {
    framesift: FramesiftConsole;
  }
}

export const root = join(import.meta.dirname, '../..');

/** A port that nobody listens on, so that no other checkout's server answers in place of this one's. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Serves the built app, opens the system's Chromium, and ends both when `use` is done. */
export function withServedApp<T>(use: (browser: Browser, address: string) => Promise<T>): Promise<T> {
  return withServer(async (address) => {
    const browser = await chromium.launch(launchOptions());
    try {
      return await use(browser, address);
    } finally {
      await browser.close();
    }
  });
}

/**
 * The same with a profile on disk, as a visitor's is: the files of a context without one are like a private window's, and
 * lie in another process.
 */
export function withServedProfile<T>(
  use: (context: BrowserContext, address: string) => Promise<T>,
): Promise<T> {
  return withServer(async (address) => {
    const folder = await mkdtemp(join(tmpdir(), 'framesift-profile-'));
    try {
      const context = await chromium.launchPersistentContext(folder, {
        ...launchOptions(),
        serviceWorkers: 'block',
      });
      try {
        return await use(context, address);
      } finally {
        await context.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Serves the built app, and ends that when `use` is done. */
export async function withServer<T>(use: (address: string) => Promise<T>): Promise<T> {
  const port = await findFreePort();
  const next = join(root, 'node_modules/next/dist/bin/next');
  const server = spawn(process.execPath, [next, 'start', '-p', String(port)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('Ready')) resolve();
      });
      server.on('exit', () => reject(new Error('The server did not start; run `npm run build` first.')));
    });
    return await use(`http://localhost:${port}`);
  } finally {
    server.kill();
  }
}

export interface OpenedPage {
  /** What the model runs on. */
  provider: string;
  /** Seconds from the request of the page to a model that is loaded and tested. */
  modelReadySeconds: number;
  /** The same, to a library that can be written to. */
  libraryReadySeconds: number;
}

/** Opens the page and waits for its model and its library. */
export async function openReady(page: Page, url: string): Promise<OpenedPage> {
  const startedMs = performance.now();
  await page.goto(url);
  const provider = page.getByTestId('provider-button').filter({ hasText: /^(?:WebGPU|WASM, \d+ threads?)$/ });
  await provider.waitFor({ timeout: 120_000 });
  const modelReadySeconds = (performance.now() - startedMs) / 1000;
  await page.getByText('Opening the library…').waitFor({ state: 'detached', timeout: 60_000 });
  const libraryReadySeconds = (performance.now() - startedMs) / 1000;
  return { provider: (await provider.textContent()) ?? '', modelReadySeconds, libraryReadySeconds };
}

/** Types a question; frames of the answer appear some time later. */
export async function askPage(page: Page, question: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'What are you looking for?' });
  await box.fill(question);
  await box.press('Enter');
}
