import { defineConfig } from '@playwright/test';
import { launchOptions } from './scripts/host/launch-options';

const PORT = Number(process.env.FRAMESIFT_TEST_PORT ?? 3217);

/** A WebGPU adapter in software: the path is real, its speed means nothing. */
const SOFTWARE_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--ignore-gpu-blocklist',
];

/**
 * A page of a test lives for seconds: V8 would optimize WebAssembly for most of them and end before that pays (a third of a
 * test's processor time). It begins after a hundred times as much work as usual.
 */
const LATE_TIERING = ['--js-flags=--wasm-tiering-budget=180000000'];

export default defineConfig({
  testDir: 'test/browser',
  outputDir: 'test-results',
  // Each decodes video and runs a model on all cores; `npm test` runs two at a time.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  forbidOnly: Boolean(process.env.CI),
  use: {
    baseURL: `http://localhost:${PORT}`,
    screenshot: 'only-on-failure',
    // Storing the site would compete with what is tested; offline.spec.ts allows it.
    serviceWorkers: 'block',
  },
  projects: [
    { name: 'wasm', testIgnore: '*-webgpu.spec.ts', use: { launchOptions: launchOptions(LATE_TIERING) } },
    {
      // Some hundred made clips in two pages: small ones, so that one core is enough for each.
      name: 'clips',
      testDir: 'test/clips',
      fullyParallel: true,
      use: { launchOptions: launchOptions(LATE_TIERING), actionTimeout: 15_000 },
    },
    {
      name: 'webgpu',
      testMatch: ['clip-to-answer.spec.ts', '*-webgpu.spec.ts'],
      // A software adapter takes long to compile shaders.
      timeout: 600_000,
      use: { launchOptions: launchOptions([...SOFTWARE_WEBGPU, ...LATE_TIERING]) },
    },
  ],
  webServer: {
    command: `node node_modules/next/dist/bin/next start -p ${PORT}`,
    port: PORT,
    reuseExistingServer: false,
    timeout: 60_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
  },
});
