// `npm test`: installs what is missing, Chromium included where it can, and runs every check and test.
// `npm test -- unit browser` runs only those named.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build, installPackages, run, runTool } from './prepare.mjs';

const CHROMIUM_PATHS = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

function findChromium() {
  return CHROMIUM_PATHS.find((path) => path && existsSync(path));
}

/** Path of a Chromium, installed from the system's packages when there is none and we may. */
function installChromium() {
  const found = findChromium();
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? [] : ['sudo', '-n'];
  const canInstall =
    existsSync('/usr/bin/apt-get') && (isRoot || spawnSync('sudo', ['-n', 'true']).status === 0);
  if (canInstall) {
    console.log('Installing Chromium from the system packages…');
    const apt = (...args) => {
      const [command, ...rest] = [...sudo, 'apt-get', ...args];
      run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' });
    };
    apt('update', '-qq');
    apt('install', '-y', '-qq', '--no-install-recommends', 'chromium');
  }
  const installed = findChromium();
  if (!installed) {
    console.error(
      'The browser tests need Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
    );
    process.exit(1);
  }
  return installed;
}

const steps = {
  format: () => runTool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  types: () => {
    runTool('next/dist/bin/next', 'typegen');
    runTool('typescript/bin/tsc', '--noEmit');
  },
  lint: () => runTool('eslint/bin/eslint.js', '.', '--max-warnings', '0'),
  unit: () => runTool('vitest/vitest.mjs', 'run'),
  browser: () => {
    process.env.CHROMIUM_PATH = installChromium();
    build();
    runTool('@playwright/test/cli.js', 'test');
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`There is no step called ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}.`);
  process.exit(1);
}
installPackages();
for (const [name, step] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}`);
  step();
}
