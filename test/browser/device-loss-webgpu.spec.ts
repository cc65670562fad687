import { expect, test, type Page } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';
import { fetchOn } from './fetch-on';

/*
 * Real graphics devices that are lost, hang or never come, on the software adapter. Each worker's script
 * is given a handle on the devices that it asks for; the page's own code is as it is.
 */

/** What a worker's WebGPU is told to do wrong. */
interface GpuHandle {
  devices: { destroy(): void }[];
  isMapStuck: boolean;
}

type WithHandle = typeof globalThis & { gpuHandle: GpuHandle };

const handle = (isStartStuck: boolean) => `
if (typeof WorkerGlobalScope !== 'undefined' && self.GPUAdapter && !self.gpuHandle) {
  self.gpuHandle = { devices: [], isMapStuck: false };
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...values) {
    if (${isStartStuck}) return new Promise(() => {});
    const device = await requestDevice.apply(this, values);
    self.gpuHandle.devices.push(device);
    return device;
  };
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...values) {
    return self.gpuHandle.isMapStuck ? new Promise(() => {}) : mapAsync.apply(this, values);
  };
}
`;

async function handleDevices(page: Page, { isStartStuck = false } = {}): Promise<void> {
  await page.route('**/_next/static/**/*.js', async (route) => {
    const response = await fetchOn(route);
    await route.fulfill({ response, body: handle(isStartStuck) + (await response.text()) });
  });
}

/** Runs something in the worker that has a graphics device. */
async function inGpuWorker(page: Page, action: (gpu: GpuHandle) => void): Promise<void> {
  for (const worker of page.workers()) {
    const isIt = await worker.evaluate(() => {
      const { gpuHandle } = globalThis as WithHandle;
      // Workers that never loaded a script of the page have none.
      return (gpuHandle as GpuHandle | undefined)?.devices.length;
    });
    if (!isIt) continue;
    await worker.evaluate(`(${action.toString()})(self.gpuHandle)`);
    return;
  }
  throw new Error('No worker has a graphics device.');
}

/** A card in software takes seconds a frame; these are batches of 2, 4 and less, of which the second is always under way. */
const RATE = '1 every 10 seconds';

const expectedFrames = Math.round(sample.durationMs / 10_000);

/** Lets time pass for a page that is awake: one leap would be a sleep to it, which its time limits do not count. */
async function passTime(page: Page, seconds: number): Promise<void> {
  const stepSeconds = 5;
  for (let passed = 0; passed < seconds; passed += stepSeconds)
    await page.clock.fastForward(stepSeconds * 1000);
}

async function expectEveryFrame(framesift: FramesiftPage): Promise<void> {
  const [counts] = await framesift.query(
    `select (select count(*)::int from frame_embeddings) as embeddings, (select count(distinct frame_index)::int
     from frame_embeddings) as frames, (select ingest_state from events) as state`,
  );
  expect(counts).toEqual({ embeddings: expectedFrames, frames: expectedFrames, state: 'done' });
}

// What the page fetches ahead may still be on its way when a test is over.
test.afterEach(({ page }) => page.unrouteAll({ behavior: 'ignoreErrors' }));

test('a device that is lost while a clip is read costs no frame', async ({ page }, { project }) => {
  await handleDevices(page);
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.provider).toHaveText('WebGPU');
  await framesift.startSample(RATE);
  await expect(page.getByTestId('ingest')).toContainText(/[1-9]\d* of \d+ frames/, {
    timeout: project.timeout,
  });
  await inGpuWorker(page, (gpu) => gpu.devices.at(-1)!.destroy());
  await framesift.waitUntilRead(project.timeout);
  await expectEveryFrame(framesift);
  // Which provider went on is a matter of the machine: on a busy one the software adapter does not start
  // again within its limit, and WASM reads the rest.
});

test('a run that hangs costs no frame', async ({ page }, { project }) => {
  await handleDevices(page);
  const framesift = new FramesiftPage(page);
  await page.clock.install();
  await framesift.open();
  await framesift.startSample(RATE);
  await expect(page.getByTestId('ingest')).toContainText(/[1-9]\d* of \d+ frames/, {
    timeout: project.timeout,
  });
  await inGpuWorker(page, (gpu) => (gpu.isMapStuck = true));
  // Long enough for the batch in flight to have been stored, and the watchdog to be all that is left.
  await page.waitForTimeout(10_000);
  await passTime(page, 190);
  await framesift.waitUntilRead(project.timeout);
  await expectEveryFrame(framesift);
});

test('a device that never comes leaves the page on WASM by itself', async ({ page }) => {
  await handleDevices(page, { isStartStuck: true });
  const framesift = new FramesiftPage(page);
  await page.clock.install();
  await page.goto('/');
  await expect(framesift.provider).toHaveText('Starting WebGPU', { timeout: 60_000 });
  await passTime(page, 130);
  await expect(framesift.provider).toHaveText(/^WASM, \d+ threads?$/, { timeout: 60_000 });
  await framesift.provider.click();
  await expect(page.getByText('because it did not start within 120 seconds')).toBeVisible();
});
