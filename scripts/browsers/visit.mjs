// What a person does with the page, the same in every browser. Each step waits for what it should lead to.
/* global document, HTMLInputElement, HTMLVideoElement, File, DataTransfer, Event */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('./stock-browser.mjs').StockBrowser} StockBrowser */

/** @typedef {import('./compare.mjs').Answer} Answer */
/** @typedef {import('./compare.mjs').ReadClip} ReadClip */

/** Longest waits, on a machine that does other work too. */
const START_MS = 90_000;
const SAMPLE_MS = 240_000;
const STEP_MS = 60_000;
const POLL_MS = 200;

/** A person has clicked again by then. */
const FIRST_SEEK_MS = 25_000;

const QUESTION_BOX = 'input[aria-label="What are you looking for?"]';

/**
 * Waits until a function gives something true in the page.
 *
 * @template {unknown[]} Args
 * @template Value
 * @param {StockBrowser} browser
 * @param {string} what as the end of a sentence
 * @param {number} limitMs
 * @param {(...args: Args) => Value} inPage
 * @param {Args} args
 */
async function until(browser, what, limitMs, inPage, ...args) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await browser.evaluate(inPage, ...args);
    if (value) return value;
    if (performance.now() > deadline) {
      const text = await browser.evaluate(() => document.body.innerText.slice(0, 800));
      throw new Error(
        `waited ${limitMs / 1000} s for ${what}; the page says: ${text.replaceAll('\n', ' | ')}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits for the text of an element; gives it.
 *
 * @param {StockBrowser} browser
 * @param {string} what
 * @param {string} testId
 * @param {RegExp} pattern
 * @param {number} [limitMs]
 */
function untilSaid(browser, what, testId, { source }, limitMs = STEP_MS) {
  return until(
    browser,
    what,
    limitMs,
    (id, wanted) => {
      const text = document.querySelector(`[data-testid="${id}"]`)?.textContent.trim() ?? '';
      return new RegExp(wanted).test(text) && text;
    },
    testId,
    source,
  );
}

/**
 * Clicks a button or a link once it can be.
 *
 * @param {StockBrowser} browser
 * @param {string} label its text or its name begins so
 */
async function clickButton(browser, label) {
  await until(
    browser,
    `a button “${label}”`,
    STEP_MS,
    (wanted) => {
      const button = [...document.querySelectorAll('button')].find(
        (one) =>
          !one.disabled &&
          [one.textContent.trim(), one.ariaLabel ?? ''].some((text) => text.startsWith(wanted)),
      );
      document.querySelectorAll('[data-drive]').forEach((one) => one.removeAttribute('data-drive'));
      button?.setAttribute('data-drive', '');
      button?.scrollIntoView({ block: 'center' });
      return button !== undefined;
    },
    label,
  );
  await browser.click('[data-drive]');
}

/**
 * Opens the page and waits for the model.
 *
 * @param {StockBrowser} browser
 * @param {string} address
 * @returns {Promise<string>} what the model runs on
 */
export async function openPage(browser, address) {
  await browser.goto(address);
  const provider = await untilReady(browser);
  if (!(await browser.evaluate(() => globalThis.crossOriginIsolated))) {
    throw new Error('the page is not cross-origin isolated');
  }
  return provider;
}

/** @param {StockBrowser} browser */
function untilReady(browser) {
  return untilSaid(browser, 'the model', 'provider-button', /^(WebGPU|WASM, \d+ threads?)$/, START_MS);
}

/** @param {StockBrowser} browser */
export async function startSample(browser) {
  await clickButton(browser, 'Try the sample clip');
  await untilSaid(browser, 'the first frames', 'ingest-count', /^[1-9]\d* of/);
}

/** @param {StockBrowser} browser */
export function goOnReading(browser) {
  return clickButton(browser, 'Go on reading');
}

/** @param {StockBrowser} browser */
export function untilSampleIsRead(browser) {
  return untilSaid(browser, 'the sample clip to be read', 'clip-summary', /read in [\d.]+/, SAMPLE_MS);
}

/**
 * @param {StockBrowser} browser
 * @param {string} question
 * @returns {Promise<Answer>}
 */
export async function ask(browser, question) {
  await until(
    browser,
    'the box for questions',
    STEP_MS,
    (css) => {
      const box = document.querySelector(css);
      if (box instanceof HTMLInputElement) box.select();
      return box !== null;
    },
    QUESTION_BOX,
  );
  await browser.write(QUESTION_BOX, question);
  await browser.evaluate((css) => document.querySelector(css).form.requestSubmit(), QUESTION_BOX);
  await untilSaid(browser, `an answer to “${question}”`, 'answer-status', new RegExp(`“${question}”`));
  return browser.evaluate(
    (asked) => ({
      question: asked,
      verdict: document.querySelector('[data-testid=verdict]').textContent.trim(),
      picks: [...document.querySelectorAll('[data-testid=frame]')].map(({ dataset }) => ({
        frame: Number(dataset.frameIndex),
        timeMs: Number(dataset.timestampMs),
        score: Number(dataset.score),
      })),
    }),
    question,
  );
}

/**
 * Goes to the moment of the first card, and waits until the player shows the card's picture.
 *
 * @param {StockBrowser} browser
 * @param {Answer} answer
 */
export async function seekByCard(browser, { picks: [first] }) {
  if (!first) throw new Error('there is no card to seek by');
  /** @param {number} limitMs */
  const seek = async (limitMs) => {
    await browser.click('[data-testid=frame]');
    await until(
      browser,
      `the picture of the card at ${first.timeMs} ms in the player`,
      limitMs,
      (timeMs) => {
        const player = document.querySelector('[data-testid=player]');
        const card = document.querySelector('[data-testid=frame] img');
        if (!(player instanceof HTMLVideoElement) || player.seeking || player.readyState < 2) return false;
        if (Math.abs(player.currentTime * 1000 - timeMs) > 200 || !card?.complete) return false;
        const [shown, stored] = [player, card].map((picture) => {
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [64, 36];
          const context = canvas.getContext('2d');
          context.drawImage(picture, 0, 0, 64, 36);
          return context.getImageData(0, 0, 64, 36).data;
        });
        return shown.reduce((sum, value, i) => sum + Math.abs(value - stored[i]), 0) / shown.length < 8;
      },
      first.timeMs,
    );
  };
  try {
    await seek(FIRST_SEEK_MS);
  } catch (error) {
    // A busy machine's player has stayed with another picture for a minute, for no known cause (docs/next.md).
    console.log(
      `A second click on the card was needed: ${error instanceof Error ? error.message.slice(0, 100) : ''}`,
    );
    await seek(STEP_MS);
  }
}

/**
 * Reads a file at a number of moments.
 *
 * @param {StockBrowser} browser
 * @param {string} path
 * @param {number} frames
 * @returns {Promise<ReadClip>}
 */
export async function readFile(browser, path, frames) {
  const read = await readFileOrRefusal(browser, path, frames, STEP_MS);
  if ('refused' in read) throw new Error(`${basename(path)}: ${read.refused}`);
  return read;
}

/**
 * As `readFile`; gives the page's words where it refuses the file or cannot read it.
 *
 * @param {StockBrowser} browser
 * @param {string} path
 * @param {number} frames
 * @param {number} limitMs for finding out what the file is, and for reading it
 * @returns {Promise<ReadClip | { refused: string }>}
 */
export async function readFileOrRefusal(browser, path, frames, limitMs) {
  const name = basename(path);
  await browser.evaluate(
    (fileName, base64) => {
      for (const button of document.querySelectorAll('button'))
        if (/^(Dismiss|Do not read this clip)$/.test(button.ariaLabel ?? button.textContent.trim()))
          button.click();
      const input = document.querySelector('[data-testid=file-input]');
      const bytes = Uint8Array.from(globalThis.atob(base64), (char) => char.charCodeAt(0));
      const given = new DataTransfer();
      given.items.add(new File([bytes], fileName));
      input.files = given.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    name,
    readFileSync(path, 'base64'),
  );
  const refused = await until(
    browser,
    `what ${name} is`,
    limitMs,
    (fileName) => {
      const facts = document.querySelector('[data-testid=facts]');
      if (facts?.closest('section').querySelector('h1').textContent === fileName) return 'none';
      const buttons = [...document.querySelectorAll('button')];
      const dismiss = buttons.filter(({ textContent }) => textContent.trim() === 'Dismiss');
      const notices = dismiss.map((button) => button.parentElement.parentElement.innerText);
      return notices.find((text) => text.includes(fileName))?.replaceAll('\n', ' ');
    },
    name,
  );
  if (refused !== 'none') return { refused };
  await browser.evaluate((count) => {
    const input = document.querySelector('input[aria-label="Number of frames"]');
    // React looks at the prototype's setter to see a change.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, String(count));
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, frames);
  await clickButton(browser, 'Read the clip');
  return until(
    browser,
    `${name} to be read`,
    limitMs,
    async (fileName) => {
      const { framesift } = globalThis;
      const [clip] = await framesift.query(
        "select id, ingest_state from events where file_name = $1 and ingest_state in ('done', 'failed') order by created_at desc limit 1",
        [fileName],
      );
      if (!clip) return null;
      if (clip.ingest_state === 'failed') return { refused: 'reading it failed' };
      const [rows, times] = await Promise.all([
        framesift.getFrameEmbeddings(clip.id),
        framesift.query(
          'select timestamp_offset_ms::float as ms from event_frames where event_id = $1 order by frame_number',
          [clip.id],
        ),
      ]);
      return {
        timesMs: times.map(({ ms }) => ms),
        vectors: rows
          .sort((a, b) => a.frameIndex - b.frameIndex)
          .map(({ embedding }) => Array.from(embedding, (value) => Number(value.toFixed(6)))),
      };
    },
    name,
  );
}

/**
 * Waits until the page has stored what it needs to open without its server.
 *
 * @param {StockBrowser} browser
 */
export async function untilStoredForOffline(browser) {
  await clickButton(browser, 'Model: ');
  await untilSaid(browser, 'the page to be stored for use offline', 'offline', /ready/);
  await clickButton(browser, 'Model: ');
}

/** @param {StockBrowser} browser */
export async function untilPrivateIsSaid(browser) {
  await until(browser, 'a word about the private window', STEP_MS, () =>
    document.body.textContent.includes('This looks like a private window'),
  );
}

/**
 * Shows a clip of the library.
 *
 * @param {StockBrowser} browser
 * @param {string} name of its file
 */
export async function chooseClip(browser, name) {
  await clickButton(browser, name);
  await untilSaid(browser, `the clip ${name}`, 'clip-summary', /in the library/);
}

/**
 * Loads the page again and finds the clip of before.
 *
 * @param {StockBrowser} browser
 */
export async function comeBack(browser) {
  await browser.reload();
  await untilReady(browser);
  await untilSaid(browser, 'the clip of before', 'clip-summary', /in the library/);
}
