import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { root } from '../host/served-page';

export const peerFolder = join(root, 'test/bench/peer');

const MEDIA_TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Installs the peer's packages by its own lock file, unless they are there. The one step of the bench that uses a network. */
export function installPeer(): void {
  const installed = join(peerFolder, 'node_modules/.package-lock.json');
  const lockFile = join(peerFolder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs) return;
  console.error('Installing the peer’s packages (test/bench/peer)…');
  // Its packages’ own steps fetch engines for Node, which nobody uses here.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: peerFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('The peer’s packages could not be installed: see what npm says above.');
}

/** Versions of what the peer runs on, as installed. */
export function peerVersions(): Record<'@huggingface/transformers' | 'onnxruntime-web', string> {
  const versionOf = (name: string): string => {
    const text = readFileSync(join(peerFolder, 'node_modules', name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  };
  return {
    '@huggingface/transformers': versionOf('@huggingface/transformers'),
    'onnxruntime-web': versionOf('onnxruntime-web'),
  };
}

/** Folders outside the peer's that its site serves: the model that both read, and what bare measurements run. */
const OTHER_FOLDERS: Record<string, string> = {
  [`models/${BUNDLED_MODEL_ID}/`]: join(root, 'public/models', BUNDLED_MODEL_ID),
  'packages/': join(root, 'node_modules'),
  'bare/': join(root, 'scripts/bench/page'),
};

/** The file that a path of the peer's site names; null for none. */
function fileOf(path: string): string | null {
  const relative = normalize(decodeURIComponent(path)).replace(/^\/+/, '') || 'index.html';
  if (relative.startsWith('..')) return null;
  const [prefix, folder] = Object.entries(OTHER_FOLDERS).find(([one]) => relative.startsWith(one)) ?? [
    '',
    peerFolder,
  ];
  const file = join(folder, relative.slice(prefix.length));
  return existsSync(file) && statSync(file).isFile() ? file : null;
}

/** Serves the peer's page while `use` runs, isolated so that WebAssembly may have threads. */
export async function withPeerSite<T>(use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (path === '/blank') {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html>');
      return;
    }
    const file = fileOf(path);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', MEDIA_TYPES[extname(file)] ?? 'application/octet-stream');
    response.setHeader('Content-Length', statSync(file).size);
    createReadStream(file).pipe(response);
  }).listen(0);
  await once(server, 'listening');
  try {
    return await use(`http://localhost:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
