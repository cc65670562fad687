// `npm test`: installs what is missing, Chromium and PostgreSQL included where it can, and runs every check and test.
// `npm test -- unit browser` runs only those named.
import { installChromium } from './chromium.mjs';
import { installPostgres } from './postgres.mjs';
import { build, installPackages, runTool } from './prepare.mjs';

const steps = {
  format: () => runTool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  types: () => {
    runTool('next/dist/bin/next', 'typegen');
    runTool('typescript/bin/tsc', '--noEmit');
    runTool('typescript/bin/tsc', '--noEmit', '-p', 'service-worker');
  },
  lint: () => runTool('eslint/bin/eslint.js', '.', '--max-warnings', '0'),
  structure: () => {
    runTool(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.mjs'],
      ...['lib', 'app', 'workers', 'service-worker'],
    );
    runTool('knip/bin/knip.js', '--no-config-hints');
  },
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
