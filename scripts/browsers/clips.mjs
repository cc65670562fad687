// `npm run compare:browsers -- firefox|webkit PATH…`: how alike the vectors are that a browser and Chromium make of clips,
// and what one of them refuses. PATH is a clip or a folder of clips. `FRAMES=6` are read of each.
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { installChromium } from '../chromium.mjs';
import { root } from '../prepare.mjs';
import { worstCosine } from './compare.mjs';
import { findFirefox, findWebKit } from './install.mjs';
import { startServer } from './server.mjs';
import { openBrowser } from './stock-browser.mjs';
import * as visit from './visit.mjs';
import { findFreePort } from './web-driver.mjs';

const FRAMES = Number(process.env.FRAMES ?? 6);
/** A clip that takes longer than this to be read is passed over. */
const CLIP_MS = 90_000;
/** A page that read many clips is opened anew, for what it has kept of them. */
const CLIPS_A_PAGE = 40;

/** @typedef {import('./compare.mjs').ReadClip | { refused: string }} Outcome */

const [name, ...paths] = process.argv.slice(2);
if ((name !== 'firefox' && name !== 'webkit') || paths.length === 0) {
  console.error('Say which browser, firefox or webkit, and which clips or folders.');
  process.exit(1);
}
const executable = name === 'firefox' ? findFirefox() : findWebKit();
if (executable === null) process.exit(0);
const files = paths.flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((file) => join(path, file))
    : [path],
);
const port = await findFreePort();
const server = await startServer(port);
try {
  const expected = await readAll('chromium', installChromium());
  const found = await readAll(name, executable);
  report(expected, found);
} finally {
  await server.stop();
}

/**
 * @param {import('./stock-browser.mjs').BrowserName} browserName
 * @param {string} path of its executable
 * @returns {Promise<Record<string, Outcome>>}
 */
async function readAll(browserName, path) {
  const kept = join(root, `.next/clips-in-${browserName}.json`);
  const builtMs = statSync(join(root, '.next/framesift-build.json')).mtimeMs;
  /** @type {{ builtMs: number, frames: number, outcomes: Record<string, Outcome> }} */
  let state = { builtMs, frames: FRAMES, outcomes: {} };
  if (existsSync(kept)) {
    const before = JSON.parse(readFileSync(kept, 'utf8'));
    if (before.builtMs === builtMs && before.frames === FRAMES) state = before;
  }
  const left = files.filter((file) => !state.outcomes[file]);
  while (left.length > 0) {
    const browser = await openBrowser(browserName, path);
    try {
      await visit.openPage(browser, `http://localhost:${port}`);
      for (let read = 0; read < CLIPS_A_PAGE; read++) {
        const file = left.shift();
        if (!file) break;
        const startedMs = performance.now();
        /** @type {Outcome} */
        let outcome;
        let isStuck = false;
        try {
          outcome = await visit.readFileOrRefusal(browser, file, FRAMES, CLIP_MS);
        } catch (error) {
          outcome = {
            refused: `stuck: ${error instanceof Error ? error.message.slice(0, 400) : String(error)}`,
          };
          isStuck = true;
        }
        state.outcomes[file] = outcome;
        writeFileSync(kept, JSON.stringify(state));
        const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
        console.log(
          `${browserName} ${basename(file)}: ${'refused' in outcome ? outcome.refused : `${outcome.vectors.length} frames`} (${seconds} s)`,
        );
        if (isStuck) break;
      }
    } finally {
      await browser.close();
    }
  }
  return state.outcomes;
}

/**
 * @param {Record<string, Outcome>} expected
 * @param {Record<string, Outcome>} found
 */
function report(expected, found) {
  /** @type {{ file: string, cosine: number }[]} */
  const cosines = [];
  for (const file of files) {
    const [one, other] = [expected[file], found[file]];
    if (!one || !other) continue;
    if ('refused' in one || 'refused' in other) {
      if ('refused' in one !== 'refused' in other)
        console.log(
          `${basename(file)}: ${'refused' in one ? `Chromium: ${one.refused}` : `${name}: ${'refused' in other && other.refused}`}`,
        );
      continue;
    }
    try {
      cosines.push({ file: basename(file), cosine: worstCosine(one, other) });
    } catch (error) {
      console.log(`${basename(file)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  cosines.sort((a, b) => a.cosine - b.cosine);
  for (const { file, cosine } of cosines) console.log(cosine.toFixed(6), file);
  const median = cosines[Math.floor(cosines.length / 2)]?.cosine;
  const below = cosines.filter(({ cosine }) => cosine < 0.999).length;
  console.log(
    `${cosines.length} clips: median of the lowest cosines ${median?.toFixed(6)}, lowest ${cosines[0]?.cosine.toFixed(6)}, ${below} below 0.999`,
  );
}
