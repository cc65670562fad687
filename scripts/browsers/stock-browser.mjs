// Browsers as a system ships them, with one page each and the few verbs that a visit needs.
import puppeteer from 'puppeteer-core';
import { openWebKit } from './web-driver.mjs';

/**
 * @typedef {object} StockBrowser
 * @property {string} version
 * @property {(url: string) => Promise<void>} goto
 * @property {() => Promise<void>} reload
 * @property {Evaluate} evaluate runs a function in the page and waits for its promise; what goes in and out is JSON
 * @property {(css: string) => Promise<void>} click
 * @property {(css: string, text: string) => Promise<void>} write
 * @property {() => Promise<void>} close
 * @property {(() => Promise<void>) | null} kill ends it as a crash would; null where nothing of it is kept on disk
 */

/** @typedef {<Args extends unknown[], Value>(inPage: (...args: Args) => Value, ...args: Args) => Promise<Awaited<Value>>} Evaluate */

/** @typedef {'firefox' | 'webkit' | 'chromium'} BrowserName */

/**
 * @typedef {object} BrowserOptions
 * @property {string} [profile] a folder in which the browser keeps what it keeps; otherwise that goes when it is closed
 * @property {boolean} [isPrivate] a private window (Firefox)
 * @property {string[]} [features] WebKit's, which its engine has and this build leaves off
 */

const COMMAND_TIMEOUT_MS = 60_000;
const VIEWPORT = { width: 1280, height: 900 };

/**
 * @param {BrowserName} name
 * @param {string} executable
 * @param {BrowserOptions} [options]
 * @returns {Promise<StockBrowser>}
 */
export async function openBrowser(name, executable, { profile, isPrivate = false, features = [] } = {}) {
  if (name === 'webkit') return openWebKit(executable, features);
  const isFirefox = name === 'firefox';
  const browser = await puppeteer.launch({
    browser: isFirefox ? 'firefox' : 'chrome',
    executablePath: executable,
    headless: true,
    protocolTimeout: COMMAND_TIMEOUT_MS,
    defaultViewport: VIEWPORT,
    ...(profile && { userDataDir: profile }),
    ...(isFirefox && {
      extraPrefsFirefox: {
        // As private windows and computers with four processors have it: threads once hung at that.
        'privacy.fingerprintingProtection': true,
        'browser.privatebrowsing.autostart': isPrivate,
        // Drawing without a graphics card costs much.
        'ui.prefersReducedMotion': 1,
      },
    }),
    args: isFirefox ? [] : ['--no-sandbox', '--disable-background-networking', '--no-first-run'],
  });
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  return {
    version: (await browser.version()).replace('/', ' '),
    goto: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded' })),
    reload: async () => void (await page.reload({ waitUntil: 'domcontentloaded' })),
    evaluate: (inPage, ...args) => page.evaluate(inPage, ...args),
    click: (css) => page.click(css),
    write: (css, text) => page.type(css, text),
    close: () => browser.close(),
    kill: async () => {
      const gone = new Promise((resolve) => browser.process()?.once('exit', resolve));
      browser.process()?.kill('SIGKILL');
      await gone;
    },
  };
}
