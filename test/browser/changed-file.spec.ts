import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { FramesiftPage, SAMPLE_CLIP } from './framesift-page';
import { expect, test } from './returning';

test.use({ library: 'empty' });

let folder: string;
let clipPath: string;

test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framesift-changed-'));
  clipPath = join(folder, 'recording.webm');
  copyFileSync(SAMPLE_CLIP, clipPath);
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a recorder does that still writes: the file grows, and browsers refuse to read the one that was chosen. */
const grow = () => appendFileSync(clipPath, Buffer.alloc(1000));

const choose = (page: Page, testId: string) => page.getByTestId(testId).setInputFiles(clipPath);
const readButton = (page: Page) => page.getByRole('button', { name: 'Read the clip' });

/** Takes away the copy of the clip that was kept when reading began, as where it did not fit. */
async function dropCopy(page: Page): Promise<void> {
  const removed = () =>
    page.evaluate(async () => {
      const files = await navigator.storage.getDirectory();
      await files.removeEntry('clips', { recursive: true }).catch(() => undefined);
      return files.getDirectoryHandle('clips').then(
        () => false,
        () => true,
      );
    });
  await expect.poll(removed).toBe(true);
}

test('a file that grew before it was read is asked for again', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await choose(page, 'file-input');
  await expect(readButton(page)).toBeVisible();
  grow();
  await readButton(page).click();
  await expect(page.getByText('Choose it again to read it as it is now.')).toBeVisible();
  await expect(page.getByTestId('library').getByRole('listitem')).toHaveCount(0);
  await choose(page, 'file-input');
  await readButton(page).click();
  await expect(page.getByTestId('clip-summary')).toContainText('read in', { timeout: 120_000 });
});

test('a file that grew while it was read is read anew, and the old clip stays until then', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await choose(page, 'file-input');
  await readButton(page).click();
  await expect(page.getByTestId('ingest-count')).toHaveText(/^[1-9]/, { timeout: 60_000 });
  await dropCopy(page);
  grow();
  await page.getByRole('button', { name: 'Stop' }).click();
  const notice = page.getByRole('alert').or(page.getByRole('status')).filter({ hasText: 'The file changed' });
  await expect(notice).toContainText('can be searched');
  await expect(page.getByRole('button', { name: 'Go on reading' })).toHaveCount(0);
  await choose(page, 'replace-input');
  await expect(page.getByTestId('library').getByRole('listitem')).toHaveCount(2);
  await expect(page.getByTestId('clip-summary')).toContainText('read in', { timeout: 120_000 });
  await expect(page.getByTestId('library').getByRole('listitem')).toHaveCount(1);
});

test('what was read of a file that changed can be kept as it is', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await choose(page, 'file-input');
  await readButton(page).click();
  await expect(page.getByTestId('ingest-count')).toHaveText(/^[1-9]/, { timeout: 60_000 });
  await dropCopy(page);
  grow();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Keep what was read' }).click();
  await expect(page.getByText('The file changed or moved')).toHaveCount(0);
  await framesift.questionBox.fill('a red car');
  await framesift.questionBox.press('Enter');
  await expect(framesift.frames.first()).toBeVisible();
});
