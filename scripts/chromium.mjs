// The Chromium that browser tests run in.
import { existsSync } from 'node:fs';
import { installSystemPackage } from './apt.mjs';

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
export function installChromium() {
  const found = findChromium();
  if (found) return found;
  installSystemPackage('chromium', 'Chromium');
  const installed = findChromium();
  if (!installed) {
    console.error(
      'The browser tests need Chromium. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.',
    );
    process.exit(1);
  }
  return installed;
}
