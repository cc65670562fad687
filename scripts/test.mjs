// `npm test`: installs what is missing, browsers and PostgreSQL included where it can, and runs every check and test.
// `npm test -- unit browser` runs only those named; `webkit` runs only so.
import { findFirefox, findWebKit } from './browsers/install.mjs';
import { installChromium } from './chromium.mjs';
import { installPostgres } from './postgres.mjs';
import { build, captureTool, installPackages, run, runTool } from './prepare.mjs';

/** What looks at the sources alone. Each runs on one core, so two of them run side by side. */
const checks = {
  lint: [['eslint/bin/eslint.js', '.', '--max-warnings', '0']],
  types: [
    ['typescript/bin/tsc', '--noEmit'],
    ['typescript/bin/tsc', '--noEmit', '-p', 'service-worker'],
  ],
  structure: [
    [
      'dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.mjs'],
      ...['lib', 'app', 'workers', 'service-worker'],
    ],
    ['knip/bin/knip.js', '--no-config-hints'],
  ],
  format: [['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
};

const CHECKS_AT_A_TIME = 2;

const steps = {
  unit: () => {
    installPostgres();
    runTool('vitest/vitest.mjs', 'run');
  },
  clips: () => {
    process.env.CHROMIUM_PATH = installChromium();
    build();
    // Small clips: one core is enough for a page.
    runTool('@playwright/test/cli.js', 'test', '--project=clips', '--workers=2');
  },
  browser: () => {
    process.env.CHROMIUM_PATH = installChromium();
    build();
    // Much of a test is waiting: two browsers at a time take three fifths of the time.
    runTool('@playwright/test/cli.js', 'test', '--project=wasm', '--workers=2');
    // A graphics card in software takes all cores for itself.
    runTool('@playwright/test/cli.js', 'test', '--project=webgpu');
  },
  firefox: () => {
    if (!findFirefox()) return;
    build();
    run(process.execPath, ['scripts/browsers/main.mjs', 'firefox']);
  },
  webkit: () => {
    if (!findWebKit()) return;
    build();
    // It has no mode without a display.
    run('xvfb-run', ['-a', process.execPath, 'scripts/browsers/main.mjs', 'webkit']);
  },
};

const asked = process.argv.slice(2);
const names = [...Object.keys(checks), ...Object.keys(steps)];
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no step called ${unknown.join(', ')}. Steps: ${names.join(', ')}.`);
  process.exit(1);
}
/** One of seven visits in WebKitGTK failed for no known cause (docs/browsers.md). */
const ONLY_BY_NAME = ['webkit'];
const isAsked = (name) => (asked.length === 0 ? !ONLY_BY_NAME.includes(name) : asked.includes(name));
installPackages();
const askedChecks = Object.keys(checks).filter(isAsked);
if (askedChecks.length > 0) {
  // Types of the routes, which checks read.
  runTool('next/dist/bin/next', 'typegen');
  await runChecks(askedChecks);
}
for (const [name, step] of Object.entries(steps)) {
  if (!isAsked(name)) continue;
  console.log(`\n── ${name}`);
  step();
}

/** Runs checks side by side, shows what each printed once it is done, and ends this process when one failed. */
async function runChecks(waiting) {
  let hasFailed = false;
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const startedMs = Date.now();
      const printed = [];
      for (const [path, ...args] of checks[name]) {
        const { output, isFine } = await captureTool(path, ...args);
        printed.push(output);
        if (isFine) continue;
        hasFailed = true;
        break;
      }
      console.log(`\n── ${name} (${Math.round((Date.now() - startedMs) / 1000)} s)`);
      process.stdout.write(printed.join(''));
    }
  };
  await Promise.all(Array.from({ length: CHECKS_AT_A_TIME }, lane));
  if (hasFailed) process.exit(1);
}
