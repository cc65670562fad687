import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from '@playwright/test';
import { FILE_TREE_CASES } from '../support/file-tree-cases';

const root = join(import.meta.dirname, '../..');

test('private files and Cache Storage do in a browser what every file tree does', async ({ page }) => {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/support/file-tree-worker.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    alias: { '@': root },
  });
  await page.route('http://localhost/**', (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: outputFiles[0]!.text })
      : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>files</title>' }),
  );
  await page.goto('http://localhost/');
  const result = await page.evaluate(
    () =>
      new Promise<{ ran: number; failures: string[] }>((resolve) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }: MessageEvent<{ ran: number; failures: string[] }>) => resolve(data);
      }),
  );
  expect(result).toEqual({ ran: 3 * FILE_TREE_CASES.length, failures: [] });
});
