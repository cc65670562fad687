import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { isSentence } from '@/scripts/torture/attempt';
import { mutantOf, MUTATIONS } from '@/scripts/torture/mutate';
import { FOLDER } from '../clips/cases';
import { expect, openWithSample, test } from './returning';

/* Issue 22: damaged pictures as questions, down to the browser's own decoder. */

const KINDS = Object.keys(MUTATIONS).length;

/** No picture is answered or refused later than this. */
const SLOWEST_MS = 10_000;

/** Pictures of one scene as the browser itself writes them. */
async function madePictures(page: Page): Promise<Map<string, Uint8Array>> {
  const made = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(320, 180);
    const context = canvas.getContext('2d')!;
    const gradient = context.createLinearGradient(0, 0, 320, 180);
    gradient.addColorStop(0, 'tomato');
    gradient.addColorStop(1, 'steelblue');
    context.fillStyle = gradient;
    context.fillRect(0, 0, 320, 180);
    const written: [string, number[]][] = [];
    for (const type of ['png', 'jpeg', 'webp']) {
      const blob = await canvas.convertToBlob({ type: `image/${type}` });
      written.push([type, [...new Uint8Array(await blob.arrayBuffer())]]);
    }
    return written;
  });
  const still = readFileSync(join(FOLDER, 'inputs/07-picture-still.gif'));
  return new Map<string, Uint8Array>([
    ...made.map(([type, bytes]) => [type, Uint8Array.from(bytes)] as const),
    ['gif', new Uint8Array(still)],
    ['svg+xml', HOSTILE_SVG],
  ]);
}

/** Runs, fetches and grows, where something lets it. */
const HOSTILE_SVG = new TextEncoder().encode(
  `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
  <svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000" onload="window.intruded=true">
  <script>window.intruded=true</script><image href="https://elsewhere.example/x.png"/><text>&b;</text></svg>`,
);

/** A PNG whose head says 100,000 × 100,000 pixels. */
function hugePng(png: Uint8Array): Uint8Array {
  const changed = png.slice();
  const view = new DataView(changed.buffer);
  view.setUint32(16, 100_000);
  view.setUint32(20, 100_000);
  return changed;
}

test('damaged pictures are answered or refused with a sentence, and the next good one is answered (#22)', async ({
  page,
}) => {
  test.setTimeout(600_000);
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('elsewhere.example')) elsewhere.push(request.url());
  });
  const framesift = await openWithSample(page);
  const pictures = await madePictures(page);
  const input = page.getByTestId('picture-input');
  const taken = page.getByTestId('query-images').getByRole('listitem');

  /** What the page says of a picture that is asked with. */
  const ask = async (name: string, type: string, bytes: Uint8Array) => {
    await framesift.questionBox.fill('');
    while ((await taken.count()) > 0) {
      await page.getByRole('button', { name: /^Remove #1/ }).click();
    }
    const startedMs = Date.now();
    await input.setInputFiles({ name, mimeType: `image/${type}`, buffer: Buffer.from(bytes) });
    const answered = framesift.answerStatus.filter({ hasText: `for “${name}”` });
    const refused = page.getByRole('alert').filter({ hasText: /picture|animation/ });
    await expect(answered.or(refused).first()).toBeVisible({ timeout: SLOWEST_MS });
    const ms = Date.now() - startedMs;
    const sentence = (await answered.isVisible()) ? null : await refused.first().innerText();
    return { sentence, ms };
  };

  const faults: string[] = [];
  const counts = { answered: 0, refused: 0 };
  let number = 0;
  for (const [type, bytes] of pictures) {
    for (let kind = 0; kind < KINDS; kind += 1) {
      number += 1;
      const { mutation, bytes: damaged } = mutantOf(bytes, kind + KINDS * number);
      const { sentence } = await ask(`${number}.${type}`, type, damaged);
      if (sentence === null) counts.answered += 1;
      else counts.refused += 1;
      if (sentence !== null && !isSentence(sentence))
        faults.push(`${number} (${type}, ${mutation}): ${sentence}`);
    }
  }
  expect(faults).toEqual([]);
  expect(counts.answered).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
  expect((await ask('huge.png', 'png', hugePng(pictures.get('png')!))).sentence).toContain('PNG');
  expect((await ask('hostile.svg', 'svg+xml', HOSTILE_SVG)).sentence).toContain('picture');
  for (const type of ['png', 'jpeg', 'webp', 'gif']) {
    expect((await ask(`good.${type}`, type, pictures.get(type)!)).sentence, type).toBeNull();
  }
  expect(await page.evaluate(() => 'intruded' in window)).toBe(false);
  expect(elsewhere).toEqual([]);
});
