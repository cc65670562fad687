import type { ModelManifest } from '@/lib/ports/models';
import { describe, expect, it } from 'vitest';
import { modelVersionOf } from '@/lib/models/model-config';
import { BUNDLED_MODEL_ID, filesOf, findModel, MODEL_CATALOG } from '@/lib/models/catalog';
import { totalBytesOf } from '@/lib/models/download-model';
import { isSafePath } from '@/lib/files/file-tree';
import { readManifest } from '@/lib/models/manifest';
import { parseBaseUrl, sourcesOf } from '@/lib/models/sources';

const clip = findModel('clip-vit-b32')!;
const downloadable = MODEL_CATALOG.filter(({ origin }) => origin.kind === 'hub');

describe('the catalogue', () => {
  it('begins with the bundled model', () => {
    expect(MODEL_CATALOG[0]!.id).toBe(BUNDLED_MODEL_ID);
    expect(MODEL_CATALOG[0]!.origin.kind).toBe('bundled');
  });

  it.each(downloadable.map((entry) => [entry.id, entry] as const))(
    '%s is pinned: revision, sizes and digests',
    (_, entry) => {
      expect(entry.origin).toMatchObject({ revision: expect.stringMatching(/^[0-9a-f]{40}$/) as string });
      expect(entry.licence.url).toMatch(/^https:/);
      for (const dtype of entry.graphs.keys()) {
        for (const { path, bytes, sha256 } of filesOf(entry, dtype)!) {
          expect(isSafePath(path)).toBe(true);
          expect(bytes).toBeGreaterThan(0);
          expect(sha256).toMatch(/^[0-9a-f]{64}$/);
        }
        expect(modelVersionOf(entry.id, 'f'.repeat(40), dtype).length).toBeLessThanOrEqual(50);
      }
    },
  );

  it('puts weights last, so that a model that does not fit is refused before them', () => {
    for (const entry of downloadable) {
      const paths = filesOf(entry, [...entry.graphs.keys()][0]!)!.map(({ path }) => path.endsWith('.onnx'));
      expect(paths).toEqual([...paths].sort());
    }
  });

  it('knows what a download amounts to', () => {
    const megabytes = Array.from(clip.graphs.keys(), (dtype) => [
      dtype,
      Math.round(totalBytesOf(filesOf(clip, dtype)!)! / 1e6),
    ]);
    expect(megabytes).toEqual([
      ['q8', 156],
      ['fp16', 306],
      ['fp32', 608],
    ]);
  });
});

const hosted: ModelManifest = {
  format: 1,
  id: clip.id,
  name: clip.name,
  files: { 'config.json': { bytes: 1, sha256: '0'.repeat(64), checked: 'sha256', from: 'hub' } },
};
const settings = { mirrorBaseUrl: null, hosted: [] };
const served = [{ manifest: hosted, baseUrl: '/models/clip-vit-b32' }];
const urls = (path: string, changes = {}) =>
  sourcesOf(clip, path, { ...settings, ...changes }).map(({ url }) => url);
const BEHIND = 'Xenova/clip-vit-base-patch32/resolve/d15189d7028b43f1d3e65039190477f6af591c2a/config.json';

describe('sources', () => {
  it('are the Hub, at the pinned revision', () => {
    expect(urls('config.json')).toEqual([`https://huggingface.co/${BEHIND}`]);
  });

  it('are the mirror alone where one is set', () => {
    expect(urls('config.json', { mirrorBaseUrl: 'https://mirror.example/hf' })).toEqual([
      `https://mirror.example/hf/${BEHIND}`,
    ]);
  });

  it('begin with this site for the files that it serves', () => {
    expect(urls('config.json', { hosted: served })).toEqual([
      '/models/clip-vit-b32/config.json',
      `https://huggingface.co/${BEHIND}`,
    ]);
    expect(urls('tokenizer.json', { hosted: served })).toHaveLength(1);
  });
});

describe('parseBaseUrl', () => {
  it.each([
    ['https://example.org/clip/', 'https://example.org/clip'],
    [' http://localhost:8080 ', 'http://localhost:8080'],
    ['https://example.org/a?download=true#x', 'https://example.org/a'],
    ['https://huggingface.co/someone/clip', 'https://huggingface.co/someone/clip/resolve/main'],
    ['https://huggingface.co/someone/clip/tree/v2', 'https://huggingface.co/someone/clip/resolve/v2'],
    ['https://huggingface.co/a/b/resolve/main/', 'https://huggingface.co/a/b/resolve/main'],
  ])('%j is %s', (text, url) => expect(parseBaseUrl(text)).toBe(url));

  it.each(['', 'example.org', 'ftp://example.org', 'javascript:alert(1)', 'data:text/html,x'])(
    'refuses %j',
    (text) => expect(() => parseBaseUrl(text)).toThrow(/not a web address/),
  );
});

describe('readManifest', () => {
  it('reads back what is written', () => {
    expect(readManifest(JSON.stringify(hosted))).toEqual(hosted);
  });

  it.each([
    ['nothing', ''],
    ['a web page', '<!doctype html>'],
    ['another format', JSON.stringify({ ...hosted, format: 2 })],
    ['a path that leads out', JSON.stringify({ ...hosted, files: { '../x': hosted.files['config.json'] } })],
    ['a digest that is none', JSON.stringify({ ...hosted, files: { a: { bytes: 1, sha256: 'x' } } })],
  ])('refuses %s', (_, json) => expect(readManifest(json)).toBeNull());
});
