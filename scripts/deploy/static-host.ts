/*
 * Serves `out/` as the edge hosts of docs/deploy.md do: headers from its `_headers` file, `/` for index.html,
 * 404.html for what is not there, and parts of files. For checking a static export, not for the internet.
 *
 *   tsx scripts/deploy/static-host.ts [port]
 */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const folder = join(import.meta.dirname, '../../out');
const port = Number(process.argv[2] ?? 3000);

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.gz': 'application/gzip',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webm': 'video/webm',
  '.webmanifest': 'application/manifest+json',
};

interface Rule {
  matches: (path: string) => boolean;
  headers: [name: string, value: string][];
}

/** The rules of a `_headers` file. Of its syntax, what this project writes: exact paths and a star at the end. */
function parseHeaders(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith('/')) {
      const pattern = line.trim();
      const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : null;
      rules.push({
        matches: (path) => (prefix === null ? path === pattern : path.startsWith(prefix)),
        headers: [],
      });
    } else {
      const [, name, value] = /^\s+([^:]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`_headers: cannot read “${line}”.`);
      rules.at(-1)?.headers.push([name, value]);
    }
  }
  return rules;
}

const rules = parseHeaders(readFileSync(join(folder, '_headers'), 'utf8'));

function sizeOf(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : null;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  const asked = join(folder, normalize(path === '/' ? '/index.html' : path));
  const isServed = asked.startsWith(folder) && path !== '/_headers' && sizeOf(asked) !== null;
  const file = isServed ? asked : join(folder, '404.html');
  const size = sizeOf(file) ?? 0;
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('Cache-Control', 'public, max-age=0, must-revalidate');
  response.setHeader('Accept-Ranges', 'bytes');
  for (const { matches, headers } of rules) {
    if (!matches(path)) continue;
    for (const [name, value] of headers) response.setHeader(name, value);
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last), size - 1) : size - 1;
  if (isServed && first !== undefined) {
    response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`);
    response.statusCode = 206;
  } else response.statusCode = isServed ? 200 : 404;
  response.setHeader('Content-Length', end - start + 1);
  if (request.method === 'HEAD') response.end();
  else createReadStream(file, { start, end }).pipe(response);
}

createServer(answer).listen(port, () => {
  console.log(`out/ is at http://localhost:${port}`);
});
