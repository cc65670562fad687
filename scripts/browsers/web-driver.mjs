// A page in a browser that speaks WebDriver (WebKitGTK's MiniBrowser), by the few commands that a visit needs.
import { performance } from 'node:perf_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const DRIVER = '/usr/bin/WebKitWebDriver';
/** A graphics card in software costs a quarter of a visit. */
const PLAIN_DRAWING = { WEBKIT_DISABLE_COMPOSITING_MODE: '1', WEBKIT_SKIA_ENABLE_CPU_RENDERING: '1' };
const START_TIMEOUT_MS = 30_000;
/** The key under which WebDriver names an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/**
 * @param {string} executable the browser's
 * @param {readonly string[]} features to switch on
 * @returns {Promise<import('./stock-browser.mjs').StockBrowser>}
 */
export async function openWebKit(executable, features) {
  const port = await findFreePort();
  const driver = spawn(DRIVER, [`--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, ...PLAIN_DRAWING },
  });
  const end = async () => {
    if (driver.exitCode !== null || driver.signalCode !== null) return;
    const ended = once(driver, 'exit');
    driver.kill();
    await ended;
  };
  try {
    const address = `http://127.0.0.1:${port}`;
    const { sessionId, capabilities } =
      /** @type {{ sessionId: string, capabilities: { browserVersion: string } }} */ (
        await untilReached(() =>
          command(`${address}/session`, 'POST', {
            capabilities: {
              alwaysMatch: {
                'webkitgtk:browserOptions': {
                  binary: executable,
                  args: ['--automation', ...features.map((one) => `--features=+${one}`)],
                },
                timeouts: { script: 120_000, pageLoad: 60_000 },
              },
            },
          }),
        )
      );
    const session = `${address}/session/${sessionId}`;
    /** @param {string} css */
    const find = async (css) => {
      const found = /** @type {Record<string, string>} */ (
        await command(`${session}/element`, 'POST', { using: 'css selector', value: css })
      );
      return found[ELEMENT];
    };
    return {
      version: `WebKitGTK ${capabilities.browserVersion}`,
      goto: async (url) => void (await command(`${session}/url`, 'POST', { url })),
      reload: async () => void (await command(`${session}/refresh`, 'POST', {})),
      evaluate: async (inPage, ...args) => {
        const { value, error } = /** @type {{ value?: unknown, error?: string }} */ (
          await command(`${session}/execute/async`, 'POST', {
            script: `const done = arguments[1]; Promise.resolve(arguments[0]).then((args) => (${inPage})(...args))
              .then((value) => done({ value }), (error) => done({ error: \`\${error} \${error?.stack ?? ''}\` }));`,
            args: [args],
          })
        );
        if (error !== undefined) throw new Error(error);
        return /** @type {any} */ (value);
      },
      click: async (css) => void (await command(`${session}/element/${await find(css)}/click`, 'POST', {})),
      write: async (css, text) =>
        void (await command(`${session}/element/${await find(css)}/value`, 'POST', { text })),
      close: async () => {
        await command(session, 'DELETE').catch(() => undefined);
        await end();
      },
      kill: null,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * @param {string} url
 * @param {'POST' | 'DELETE'} method
 * @param {object} [body]
 * @returns {Promise<unknown>}
 */
async function command(url, method, body) {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: globalThis.AbortSignal.timeout(180_000),
    ...(body && { body: JSON.stringify(body) }),
  });
  const { value } = /** @type {{ value: { error?: string, message?: string } | null }} */ (
    await response.json()
  );
  if (!response.ok) throw new Error(`${value?.error}: ${value?.message}`);
  return value;
}

/**
 * @template T
 * @param {() => Promise<T>} attempt
 */
async function untilReached(attempt) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // The driver listens a moment after it was started.
      if (!(error instanceof TypeError) || performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** @returns {Promise<number>} */
export async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
