// `node scripts/browsers/main.mjs firefox|webkit`: the built page in a browser as Debian ships it, and the same in Chromium.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { installChromium } from '../chromium.mjs';
import { root } from '../prepare.mjs';
import { differenceOfAnswers, worstCosine } from './compare.mjs';
import { findFirefox, findWebKit } from './install.mjs';
import { startServer } from './server.mjs';
import { openBrowser } from './stock-browser.mjs';
import * as visit from './visit.mjs';
import { findFreePort } from './web-driver.mjs';

const QUESTIONS = ['a red car', 'snow', 'people at a beach'];

/** One of each codec, with and without a word about its colours, and how alike its vectors are at least. */
const CLIPS = /** @type {const} */ ([
  ['colours/unsaid.mp4', 0.999],
  ['colours/full-range.mp4', 0.999],
  ['clips/inputs/01-mediarecorder-vp8.webm', 0.999],
  ['clips/inputs/12-vp9-opus.webm', 0.999],
  ['clips/inputs/12-av1.webm', 0.999],
  ['clips/reports/open-gop.mp4', 0.9999],
  // Written anew as video, by each browser's own encoder.
  ['clips/inputs/07-animated.gif', 0.995],
]).map(([path, leastCosine]) => ({ path: join(root, 'test/fixtures', path), leastCosine }));
const SAMPLE = 'framesift-sample.webm';
const FRAMES_A_CLIP = 4;

/** What WebKit has of storage in Safari, and WebKitGTK leaves off. */
const STORAGE_FEATURES = ['StorageAPI', 'StorageAPIEstimate', 'FileSystem', 'AccessHandle'];

/** @typedef {{ answers: import('./compare.mjs').Answer[], clips: import('./compare.mjs').ReadClip[] }} Findings */

const startedMs = performance.now();
/** @param {string} words */
const say = (words) =>
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${words}`);

const name = process.argv[2];
if (name !== 'firefox' && name !== 'webkit') {
  console.error('Say which browser: firefox or webkit.');
  process.exit(1);
}
const executable = name === 'firefox' ? findFirefox() : findWebKit();
if (executable === null) process.exit(0);
const chromium = installChromium();

const profile = mkdtempSync(join(tmpdir(), 'framesift-profile-'));
const port = await findFreePort();
const address = `http://localhost:${port}`;
/** @type {Awaited<ReturnType<typeof startServer>> | undefined} */
let server = await startServer(port);
/** @type {import('./stock-browser.mjs').StockBrowser | undefined} */
let browser;
try {
  const expected = await visitInChromium();
  await (name === 'firefox' ? visitInFirefox(executable, expected) : visitInWebKit(executable, expected));
  say('the same as in Chromium');
} catch (error) {
  console.error(`In ${browser?.version ?? name}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await browser?.close().catch(() => undefined);
  await server?.stop();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * @param {Parameters<typeof openBrowser>} args
 * @returns the browser, which is closed in any case
 */
async function open(...args) {
  return (browser = await openBrowser(...args));
}

/**
 * What Chromium finds, kept for the next browser until the page is built anew.
 *
 * @returns {Promise<Findings>}
 */
async function visitInChromium() {
  const file = join(root, '.next/visit-in-chromium.json');
  const builtMs = statSync(join(root, '.next/framesift-build.json')).mtimeMs;
  const key = JSON.stringify([builtMs, chromium, QUESTIONS, CLIPS, FRAMES_A_CLIP]);
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  if (kept?.key === key) return kept.findings;
  const page = await open('chromium', chromium);
  await visit.openPage(page, address);
  await visit.startSample(page);
  await visit.untilSampleIsRead(page);
  /** @type {Findings} */
  const findings = { answers: [], clips: [] };
  for (const question of QUESTIONS) findings.answers.push(await visit.ask(page, question));
  for (const { path } of CLIPS) findings.clips.push(await visit.readFile(page, path, FRAMES_A_CLIP));
  say(`${page.version}: ${findings.answers.map(({ verdict }) => verdict).join(' · ')}`);
  await page.close();
  writeFileSync(file, JSON.stringify({ key, findings }));
  return findings;
}

/**
 * One profile: ended while the first clip is read, gone on with, asked, and opened again without a server.
 *
 * @param {string} firefox
 * @param {Findings} expected
 */
async function visitInFirefox(firefox, expected) {
  let page = await open('firefox', firefox, { profile });
  say(page.version);
  say(`started on ${await visit.openPage(page, address)}`);
  await visit.startSample(page);
  await page.kill?.();
  say('ended in the middle of a reading');
  page = await open('firefox', firefox, { profile });
  await visit.openPage(page, address);
  await visit.goOnReading(page);
  say(`the sample clip: ${await visit.untilSampleIsRead(page)}`);
  await compareAnswers(page, expected);
  for (const index of CLIPS.keys()) await compareClip(page, expected, index);
  await visit.untilStoredForOffline(page);
  await server?.stop();
  server = undefined;
  await compareAfterReload(page, expected);
  say('opened again without a server');
  await page.close();

  server = await startServer(port);
  page = await open('firefox', firefox, { isPrivate: true });
  await visit.openPage(page, address);
  await visit.untilPrivateIsSaid(page);
  await compareClip(page, expected, 0);
  say('a private window');
  await page.close();
}

/**
 * A driven WebKitGTK keeps no profile: each is a private window. As it is shipped, without `navigator.storage`; then with it,
 * as in Safari, where private windows refuse private files. It gives frames as planes, so that a clip or two do for vectors.
 *
 * @param {string} miniBrowser
 * @param {Findings} expected
 */
async function visitInWebKit(miniBrowser, expected) {
  let page = await open('webkit', miniBrowser);
  say(page.version);
  say(`started on ${await visit.openPage(page, address)}`);
  await visit.startSample(page);
  say(`the sample clip: ${await visit.untilSampleIsRead(page)}`);
  await compareAnswers(page, expected);
  await compareClip(page, expected, 1);
  await compareAfterReload(page, expected);
  say('loaded again');
  await page.close();

  page = await open('webkit', miniBrowser, { features: STORAGE_FEATURES });
  await visit.openPage(page, address);
  await visit.untilPrivateIsSaid(page);
  await compareClip(page, expected, 0);
  say('with refused private files');
  await page.close();
}

/**
 * @param {import('./stock-browser.mjs').StockBrowser} page
 * @param {Findings} expected
 */
async function compareAnswers(page, { answers }) {
  for (const answer of answers) {
    const found = await visit.ask(page, answer.question);
    refuseDifference(differenceOfAnswers(answer, found));
    await visit.seekByCard(page, found);
    say(`“${found.question}”: ${found.verdict}`);
  }
}

/**
 * The library is there, and the last question has the same answer over all of it.
 *
 * @param {import('./stock-browser.mjs').StockBrowser} page
 * @param {Findings} expected
 */
async function compareAfterReload(page, { answers: [first] }) {
  await visit.comeBack(page);
  if (!first) return;
  await visit.chooseClip(page, SAMPLE);
  refuseDifference(differenceOfAnswers(first, await visit.ask(page, first.question)));
}

/**
 * @param {import('./stock-browser.mjs').StockBrowser} page
 * @param {Findings} expected
 * @param {number} index of the clip
 */
async function compareClip(page, { clips }, index) {
  const [made, clip] = [CLIPS[index], clips[index]];
  if (!made || !clip) throw new RangeError(`There is no clip ${index}.`);
  const { path, leastCosine } = made;
  const file = basename(path);
  const found = await visit.readFile(page, path, FRAMES_A_CLIP);
  const cosine = worstCosine(clip, found);
  say(`${file}: cosine ${cosine.toFixed(6)}`);
  if (cosine < leastCosine) {
    throw new Error(`vectors of ${file} are ${cosine} like Chromium's at worst, less than ${leastCosine}`);
  }
}

/** @param {string | null} difference */
function refuseDifference(difference) {
  if (difference) throw new Error(difference);
}
