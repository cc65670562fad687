import { defineConfig } from '@playwright/test';
import base from './playwright.config';

/** Both builds, each served as its hosts do; `npm run check:deploy` makes them first. */
const HOSTS = [
  { target: 'server', port: 3227, command: 'node node_modules/next/dist/bin/next start -p 3227' },
  {
    target: 'static',
    port: 3228,
    command: 'node node_modules/tsx/dist/cli.mjs scripts/deploy/static-host.ts 3228',
  },
];

const { launchOptions } = base.projects![0]!.use!;

export default defineConfig({
  ...base,
  testDir: 'test',
  projects: HOSTS.map(({ target, port }) => ({
    name: target,
    testMatch: ['deploy/*.spec.ts', 'browser/offline.spec.ts', 'browser/policy.spec.ts'],
    metadata: { target },
    use: { baseURL: `http://localhost:${port}`, ...(launchOptions ? { launchOptions } : {}) },
  })),
  webServer: HOSTS.map(({ port, command }) => ({
    command,
    port,
    reuseExistingServer: false,
    timeout: 60_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
  })),
});
