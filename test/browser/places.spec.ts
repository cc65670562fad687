import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type BrowserContext } from '@playwright/test';
import { FramesiftPage, SAMPLE_CLIP } from './framesift-page';

/** A browser with a profile of its own, which some settings need; closed and removed after `use`. */
async function withProfile(
  { preferences = {}, args = [] }: { preferences?: object; args?: string[] },
  use: (context: BrowserContext) => Promise<void>,
): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'framesift-profile-'));
  mkdirSync(join(profile, 'Default'));
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const { launchOptions } = test.info().project.use;
  const context = await chromium.launchPersistentContext(profile, {
    ...launchOptions,
    args: [...(launchOptions?.args ?? []), ...args],
  });
  try {
    await use(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

const CLIP_NAME = 'framesift-sample.webm';

async function readSample(framesift: FramesiftPage): Promise<void> {
  const { page } = framesift;
  await page.getByTestId('file-input').setInputFiles(SAMPLE_CLIP);
  await page.getByRole('button', { name: 'Read the clip' }).click();
  await expect(page.getByTestId('clip-summary')).toContainText('read in', { timeout: 120_000 });
  await framesift.questionBox.fill('a red car');
  await framesift.questionBox.press('Enter');
  await expect(framesift.frames.first()).toBeVisible({ timeout: 60_000 });
}

test('a page over plain http says in its middle what to do', async ({ baseURL }) => {
  const port = new URL(baseURL!).port;
  const args = ['--host-resolver-rules=MAP framesift.lan 127.0.0.1'];
  await withProfile({ args }, async (context) => {
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    await page.goto(`http://framesift.lan:${port}/`);
    const main = page.getByRole('main');
    await expect(main).toContainText('Framesift needs a secure address');
    await expect(main).toContainText(`framesift.lan:${port}`);
    await expect(main).toContainText(`http://localhost:${port}`);
    await expect(page.getByTestId('file-input')).toHaveCount(0);
    expect(problems).toEqual([]);
  });
});

test('with blocked site data the page works for this visit and says so', async ({ baseURL }) => {
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await withProfile({ preferences }, async (context) => {
    const page = await context.newPage();
    const framesift = new FramesiftPage(page);
    await framesift.open('', baseURL);
    const isBlocked = await page.evaluate(() => {
      try {
        return window.localStorage.length < 0;
      } catch {
        return true;
      }
    });
    expect(isBlocked).toBe(true);
    await expect(page.getByText('This browser keeps nothing for this site')).toBeVisible();
    await readSample(framesift);
    await expect(page.getByTestId('library')).toContainText(CLIP_NAME);
    expect(framesift.problems).toEqual([]);
  });
});

test('a first visit works with 64 MB of quota', async ({ baseURL }) => {
  await withProfile({}, async (context) => {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: baseURL!, quotaSize: 64_000_000 });
    const framesift = new FramesiftPage(page);
    await framesift.open('', baseURL);
    await readSample(framesift);
    const { usage } = await page.evaluate(() => navigator.storage.estimate());
    console.log(`quota used with one clip: ${usage} bytes`);
    expect(usage).toBeLessThan(64_000_000);
    expect(framesift.problems).toEqual([]);
  });
});
