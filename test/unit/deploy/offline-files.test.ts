import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseOfflineFiles } from '@/scripts/deploy/offline-files';
import { bundleServiceWorker, readOfflineFiles } from '@/scripts/deploy/service-worker';

const MODEL = '/models/small/0123456789ab/';
const served = (url: string, text = url) => ({ url, bytes: new TextEncoder().encode(text) });

const files = chooseOfflineFiles(
  [
    served('/'),
    served('/404.html'),
    served('/index.txt'),
    served('/sw.js'),
    served('/_headers'),
    served('/manifest.webmanifest'),
    served('/icon.svg'),
    served('/icons/icon-192.png'),
    served('/_next/static/chunks/a.js'),
    served('/_next/static/chunks/a.js.map'),
    served('/_next/static/media/db.worker.1.ts'),
    served('/_next/static/media/ort-wasm-simd-threaded.1.wasm'),
    served('/_next/static/media/prepared-database.tar.3.gz'),
    served('/_next/static/media/ort-wasm-simd-threaded.jspi.2.wasm'),
    served('/sample/sample.json'),
    served('/sample/framesift-sample.webm'),
    served(`${MODEL}config.json`),
    served(`${MODEL}README.md`),
    served(`${MODEL}onnx/vision_model.onnx`),
    served('/models/large/ba9876543210/config.json'),
  ],
  MODEL,
);

describe('chooseOfflineFiles', () => {
  it('takes the page, its code, the engines for everybody and the bundled model', () => {
    expect(files.always.map(({ url }) => url)).toEqual([
      '/',
      '/_next/static/chunks/a.js',
      '/_next/static/media/ort-wasm-simd-threaded.1.wasm',
      '/_next/static/media/prepared-database.tar.3.gz',
      '/icon.svg',
      '/icons/icon-192.png',
      '/manifest.webmanifest',
      `${MODEL}config.json`,
      `${MODEL}onnx/vision_model.onnx`,
      '/sample/sample.json',
    ]);
  });

  it('leaves for later what not everybody needs', () => {
    expect(files.onUse.map(({ url, group }) => [url, group])).toEqual([
      ['/_next/static/media/ort-wasm-simd-threaded.jspi.2.wasm', 'webgpu'],
      ['/sample/framesift-sample.webm', 'sample'],
    ]);
  });

  it('gives a revision to what keeps its address when it changes, and to nothing else', () => {
    const revised = [...files.always, ...files.onUse].filter(({ revision }) => revision !== null);
    expect(revised.map(({ url }) => url)).toEqual([
      '/',
      '/icon.svg',
      '/icons/icon-192.png',
      '/manifest.webmanifest',
      '/sample/sample.json',
      '/sample/framesift-sample.webm',
    ]);
    const revisionOf = (text: string) => chooseOfflineFiles([served('/', text)], MODEL).always[0]!.revision;
    expect(revisionOf('one')).toBe(revisionOf('one'));
    expect(revisionOf('one')).not.toBe(revisionOf('two'));
  });
});

describe('bundleServiceWorker', () => {
  it('carries the list, and changes with it', async () => {
    const root = join(import.meta.dirname, '../../..');
    const script = await bundleServiceWorker(root, files);
    expect(readOfflineFiles(script)).toEqual(files);
    expect(await bundleServiceWorker(root, { always: [], onUse: [] })).not.toBe(script);
  });
});
