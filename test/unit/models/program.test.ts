import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogEntry } from '@/lib/models/catalog';
import { readManifest } from '@/lib/models/manifest';
import { modelsProgram } from '@/scripts/models/program';
import { expected, graphBytes, sha256Of } from './fixtures';
import { HubServer } from '../../support/hub-server';

const REVISION = 'abc123';
const json = new TextEncoder().encode('{}');
const vision = graphBytes(50_000);
const contents = new Map([
  ['config.json', json],
  ['onnx/vision_model_quantized.onnx', vision],
]);
const [config, graph] = Array.from(contents, ([path, bytes]) => expected(path, bytes));
const entry: CatalogEntry = {
  id: 'tiny',
  name: 'Tiny CLIP',
  summary: '',
  licence: { name: 'MIT', url: 'https://example.org/licence' },
  origin: { kind: 'hub', repository: 'someone/tiny', revision: REVISION },
  files: [config!],
  graphs: new Map([['q8', [graph!]]]),
};

let hub: HubServer;
let folder: string;

beforeEach(async () => {
  hub = await HubServer.start();
  folder = await mkdtemp(join(tmpdir(), 'framesift-models-'));
  for (const [path, bytes] of contents) hub.serve(`someone/tiny/resolve/${REVISION}/${path}`, bytes);
});
afterEach(async () => {
  await hub.stop();
  await rm(folder, { recursive: true });
});

async function run(...words: string[]): Promise<string> {
  const lines: string[] = [];
  await modelsProgram({
    catalog: [entry],
    folder,
    print: (line) => lines.push(line),
    showProgress: () => ({ update: () => undefined, stop: () => undefined }),
    download: { retryDelayMs: 1 },
  }).parseAsync(words, { from: 'user' });
  return lines.join('\n');
}
const pull = () => run('pull', 'tiny', '--mirror', hub.baseUrl);

describe('models list', () => {
  it('tells size, licence and what is here', async () => {
    expect(await run('list')).toMatch(/tiny +Tiny CLIP, licence MIT[^]*q8 +50 kB +not here/);
    await pull();
    expect(await run('list')).toMatch(/q8 +50 kB +served/);
  });
});

describe('models pull', () => {
  it('puts a checked model where the page looks for it', async () => {
    expect(await pull()).toMatch(/50 kB, licence MIT, from 127\.0\.0\.1[^]*ready/);
    const manifest = readManifest(await readFile(join(folder, 'tiny/manifest.json'), 'utf8'));
    expect(manifest?.files[graph!.path]).toMatchObject({ bytes: 50_000, checked: 'sha256' });
    const onDisk = await readFile(join(folder, 'tiny', graph!.path));
    expect(sha256Of(onDisk)).toBe(graph!.sha256);
  });

  it('goes on with what an earlier run left', async () => {
    const served = hub.files.get(`someone/tiny/resolve/${REVISION}/${graph!.path}`)!;
    served.faults = [{ cutAfter: 20_000 }, ...Array.from({ length: 5 }, () => ({ cutAfter: 0 }))];
    await expect(pull()).rejects.toThrow();
    expect(await run('list')).toMatch(/begun/);
    served.faults = [];
    await pull();
    expect(hub.requests.at(-1)!.range).toMatch(/^bytes=[1-9]/);
    expect(sha256Of(await readFile(join(folder, 'tiny', graph!.path)))).toBe(graph!.sha256);
  });

  it('fetches nothing that is here already', async () => {
    await pull();
    const before = hub.requests.length;
    await pull();
    expect(hub.requests).toHaveLength(before);
  });

  it.each([
    [['pull', 'other'], /no model called “other”. Models: tiny/],
    [['pull', 'tiny', '--dtype', 'fp16'], /does not come as fp16. It comes as q8/],
    [['pull', 'tiny', '--dtype', 'int3'], /'int3' is invalid/],
    [['pull', 'tiny', '--mirror', 'nowhere'], /not a web address/],
  ])('refuses %j', async (words, message) => {
    await expect(run(...words)).rejects.toThrow(message);
    expect(hub.requests).toEqual([]);
  });
});

describe('models verify', () => {
  it('finds what has changed on the disk', async () => {
    await pull();
    expect(await run('verify')).toMatch(/2 right, 0 wrong/);
    const damaged = vision.slice();
    damaged[40_000]! ^= 1;
    await writeFile(join(folder, 'tiny', graph!.path), damaged);
    await expect(run('verify', 'tiny')).rejects.toThrow(/pull it again/);
    await truncate(join(folder, 'tiny', graph!.path), 10);
    await expect(run('verify')).rejects.toThrow(/pull it again/);
  });

  it('says what is not here', async () => {
    await expect(run('verify', 'tiny')).rejects.toThrow(/pull tiny/);
  });
});
