// `npm run starts -- firefox|chromium [COUNT]`: fresh starts of the model in a browser that reports 2, 4 and 8 processors by
// turns, COUNT of each, and how many took longer than `LIMIT_S` (15).
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { installChromium } from '../chromium.mjs';
import { findFirefox } from './install.mjs';
import { startServer } from './server.mjs';
import { openBrowser } from './stock-browser.mjs';
import * as visit from './visit.mjs';
import { findFreePort } from './web-driver.mjs';

const LIMIT_S = Number(process.env.LIMIT_S ?? 15);

/** A start that other work slows down ends by then; one that hangs does not. */
const HANG_S = 90;

const PROCESSORS = [2, 4, 8];

const name = process.argv[2];
if (name !== 'firefox' && name !== 'chromium') {
  console.error('Say which browser: firefox or chromium.');
  process.exit(1);
}
const count = Number(process.argv[3] ?? 34);
const executable = name === 'firefox' ? findFirefox() : installChromium();
if (executable === null) process.exit(0);

const served = await findFreePort();
const server = await startServer(served);
let reported = 2;
const proxy = createServer((request, response) => void pass(request, response)).listen(0, '127.0.0.1');
await once(proxy, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address());
/** @type {Map<number, { slow: number, hung: number, seconds: number[] }>} */
const outcomes = new Map(PROCESSORS.map((processors) => [processors, { slow: 0, hung: 0, seconds: [] }]));
try {
  for (let start = 0; start < count * PROCESSORS.length; start++) {
    const processors = PROCESSORS[start % PROCESSORS.length] ?? 2;
    await startOnce(processors);
  }
} finally {
  proxy.close();
  proxy.closeAllConnections();
  await server.stop();
}
for (const [processors, { slow, hung, seconds }] of outcomes) {
  const rising = seconds.sort((a, b) => a - b);
  console.log(
    `${processors} processors: ${seconds.length + hung} starts, median ${rising[rising.length >> 1]?.toFixed(1)} s, longest ${rising.at(-1)?.toFixed(1)} s, ${slow} over ${LIMIT_S} s, ${hung} hung (over ${HANG_S} s)`,
  );
}
if ([...outcomes.values()].some(({ hung }) => hung > 0)) process.exitCode = 1;

/**
 * Passes the built page on, with scripts, those of workers too, to which the browser reports other processors than it has.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function pass(request, response) {
  try {
    const answer = await fetch(`http://localhost:${served}${request.url}`, { redirect: 'manual' });
    const headers = Object.fromEntries(answer.headers);
    delete headers['content-encoding'];
    delete headers['content-length'];
    delete headers['transfer-encoding'];
    const body = Buffer.from(await answer.arrayBuffer());
    const isScript = /\.m?js(?:$|\?)/.test(request.url ?? '');
    const report = `Object.defineProperty(Object.getPrototypeOf(navigator), 'hardwareConcurrency', { configurable: true, get: () => ${reported} });\n`;
    response.writeHead(answer.status, { ...headers, ...(isScript && { 'cache-control': 'no-store' }) });
    response.end(isScript && answer.ok ? Buffer.concat([Buffer.from(report), body]) : body);
  } catch {
    response.destroy();
  }
}

/** @param {number} processors as the browser reports them */
async function startOnce(processors) {
  reported = processors;
  const profile = mkdtempSync(join(tmpdir(), 'framesift-start-'));
  const browser = await openBrowser(/** @type {'firefox' | 'chromium'} */ (name), executable ?? '', {
    profile,
  });
  const outcome = outcomes.get(processors);
  try {
    const startedMs = performance.now();
    const provider = await visit.openPage(browser, `http://localhost:${port}`).catch(() => null);
    const seconds = (performance.now() - startedMs) / 1000;
    const seen = await browser.evaluate(() => globalThis.navigator.hardwareConcurrency);
    if (seen !== processors) throw new Error(`${seen} processors are reported, not ${processors}`);
    console.log(
      `${processors} processors: ${provider ?? 'hung'} in ${seconds.toFixed(1)} s (load ${loadavg()[0]?.toFixed(1)})`,
    );
    if (provider === null) outcome && (outcome.hung += 1);
    else {
      outcome?.seconds.push(seconds);
      if (seconds > LIMIT_S && outcome) outcome.slow += 1;
    }
  } finally {
    await browser.close().catch(() => undefined);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
