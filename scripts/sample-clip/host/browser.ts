import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import ts from 'typescript';

/** Never reached: every request to it is answered below. `localhost` because WebCodecs needs a secure context. */
const ORIGIN = 'http://localhost';
const ROOT = new URL('../../../', import.meta.url);
const MEDIABUNNY = 'node_modules/mediabunny/dist/bundles/mediabunny.min.mjs';
const PAGE = `<!doctype html><script type="importmap">{"imports":{"mediabunny":"/${MEDIABUNNY}"}}</script>
<script type="module" src="/scripts/sample-clip/page/main"></script>`;

/** Software drawing gives the same picture on every machine, with or without a graphics card. */
const FLAGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

async function readModule(path: string): Promise<string> {
  if (path.endsWith('.mjs')) return readFile(new URL(path, ROOT), 'utf8');
  const source = await readFile(new URL(`${path}.ts`, ROOT), 'utf8');
  return ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  }).outputText;
}

/**
 * Opens the drawing page in a headless Chromium, hands it to `use` and closes the browser again.
 * The page's modules are this folder's TypeScript, transpiled as they are asked for.
 */
export async function withPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => {
      console.log(message.text());
    });
    page.on('pageerror', (error) => {
      console.error(error);
    });
    await page.route('**/*', async (route) => {
      const path = new URL(route.request().url()).pathname.slice(1);
      if (path === '') return route.fulfill({ contentType: 'text/html', body: PAGE });
      if (path === 'favicon.ico') return route.fulfill({ status: 204 });
      return route.fulfill({ contentType: 'text/javascript', body: await readModule(path) });
    });
    await page.goto(`${ORIGIN}/`);
    await page.waitForFunction('globalThis.sampleClip !== undefined');
    return await use(page);
  } finally {
    await browser.close();
  }
}

export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
