import { join } from 'node:path';
import { build } from 'esbuild';
import type { OfflineFiles } from '@/lib/shared/offline-protocol';

/** Bundles the service worker, with the list of its files in front of it as one line of JSON. */
export async function bundleServiceWorker(root: string, files: OfflineFiles): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'service-worker/service-worker.ts')],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: `self.framesiftFiles=${JSON.stringify(files)};` },
  });
  return outputFiles[0]!.text;
}

/** The list of files in a service worker that was bundled here. */
export function readOfflineFiles(serviceWorker: string): OfflineFiles {
  const line = /^self\.framesiftFiles=(.*);$/m.exec(serviceWorker)?.[1];
  if (line === undefined) throw new Error('This is no service worker of this project.');
  return JSON.parse(line) as OfflineFiles;
}
