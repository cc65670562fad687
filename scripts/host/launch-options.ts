import { QUIET_CHROMIUM } from './chromium-args';

/** How tests and scripts start the system's Chromium. */
export function launchOptions(args: readonly string[] = []) {
  return {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    // Chromium's sandbox does not start for root, which is who runs tests in containers.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...QUIET_CHROMIUM, ...args],
  };
}
