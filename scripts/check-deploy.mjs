// `npm run check:deploy`: makes both builds, serves each, and checks headers, isolation, file sizes, the policy,
// a question answered, and all of it without a network. Names after `--` go to Playwright.
import { build, buildStatic, installPackages, runTool } from './prepare.mjs';
import { installChromium } from './chromium.mjs';

installPackages();
process.env.CHROMIUM_PATH = installChromium();
// In this order: both use .next, where the build for a Next host stays.
buildStatic();
build();
runTool(
  '@playwright/test/cli.js',
  'test',
  '--config',
  'playwright.deploy.config.ts',
  ...process.argv.slice(2),
);
