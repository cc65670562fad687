import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import ts from 'typescript';
import { root } from './served-page';

/** Never reached: every request to it is answered below. `localhost` because WebCodecs needs a secure context. */
const ORIGIN = 'http://localhost';
const MEDIABUNNY = 'node_modules/mediabunny/dist/bundles/mediabunny.min.mjs';

/**
 * Opens a page that runs one of this project's own modules, `entry` (a path without its ending), without
 * the app around it. Modules are transpiled as they are asked for; of packages, mediabunny is at hand.
 */
export async function openModulePage(browser: Browser, entry: string): Promise<Page> {
  const imports = JSON.stringify({ imports: { mediabunny: `/${MEDIABUNNY}`, '@/': '/' } });
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  await page.route('**/*', async (route) => {
    const path = new URL(route.request().url()).pathname.slice(1);
    if (path === '') {
      const body = `<!doctype html><script type="importmap">${imports}</script><script type="module" src="/${entry}"></script>`;
      return route.fulfill({ contentType: 'text/html', body });
    }
    if (path === 'favicon.ico') return route.fulfill({ status: 204 });
    return route.fulfill({ contentType: 'text/javascript', body: await readModule(path) });
  });
  await page.goto(`${ORIGIN}/`);
  return page;
}

async function readModule(path: string): Promise<string> {
  if (path.endsWith('.mjs')) return readFile(join(root, path), 'utf8');
  const source = await readFile(join(root, `${path}.ts`), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}
