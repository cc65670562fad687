import { expect, test, type Page } from '@playwright/test';
import type { SearchRequest } from '@/lib/ask/answer';
import { FramesiftPage, sample } from './framesift-page';

const [first, second] = sample.questions;

/** Ids of the clips in the library, oldest first. */
function clipIds(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const clips = await window.framesift.listEvents();
    return clips.map(({ id }) => id).reverse();
  });
}

function ask(
  page: Page,
  eventIds: string | string[] | null,
  text: string,
  options: Partial<Omit<SearchRequest, 'clips'>> & { fresh?: boolean } = {},
) {
  return page.evaluate(
    ([ids, words, request]) => window.framesift.ask(ids, words, request),
    [eventIds, text, options] as const,
  );
}

/** A second clip beside the sample: a copy of the sample's rows under another id, written by this page's own library. */
async function readTwice(framesift: FramesiftPage): Promise<[string, string]> {
  await framesift.readSample();
  await framesift.drop({
    name: 'again.webm',
    type: 'video/webm',
    bytes: (await import('node:fs')).readFileSync((await import('./framesift-page')).SAMPLE_CLIP),
  });
  const ids = await clipIds(framesift.page);
  return [ids[0]!, ids[1]!];
}

test('placeholder', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await readTwice(framesift);
  expect(second).toBeTruthy();
  expect(first).toBeTruthy();
});
