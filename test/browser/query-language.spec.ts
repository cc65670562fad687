import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';
import { askingTest as test, expect, openWithSample, withoutClips } from './returning';

/** Parts of the sample clip, by their scenes' ids, which its questions do not all name. */
const SCENES = {
  beach: [0, 6000],
  car: [6000, 12_000],
  mountain: [12_000, 18_000],
  forest: [18_000, 24_000],
  city: [24_000, 30_000],
  reef: [36_000, 42_000],
} as const;

type SceneId = keyof typeof SCENES;

function isIn(scene: SceneId, { timestampMs }: { timestampMs: number }): boolean {
  const [startMs, endMs] = SCENES[scene];
  return timestampMs >= startMs && timestampMs < endMs;
}

/** All frames of the newest clip, as they answer a question that is asked without the page. */
async function answer(page: Page, text: string) {
  const frames = await page.evaluate(async (question) => {
    const [clip] = await window.framesift.listClips();
    return (await window.framesift.ask(clip!.id, question, 64)).frames;
  }, text);
  return [...frames].sort((a, b) => a.rank - b.rank);
}

async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => ({
    id,
    where: nodes.map(({ target }) => target.join(' ')),
  }));
  expect(found, what).toEqual([]);
}

test('terms, alternatives, weights and quotation marks change the answer', async ({ page }) => {
  const framesift = await openWithSample(page);

  await test.step('any of two: both scenes are among the picks', async () => {
    const frames = await framesift.ask('a sandy beach | a coral reef');
    for (const scene of ['beach', 'reef'] as const) {
      const best = frames.find((frame) => isIn(scene, frame));
      expect(best?.strength, scene).toMatch(/^(?:strong|possible)$/);
    }
  });

  await test.step('without: a scene fits less, another stays', async () => {
    const before = await answer(page, 'trees');
    const after = await answer(page, 'trees - the city at night');
    const best = (frames: typeof before, scene: SceneId) => frames.find((frame) => isIn(scene, frame))!;
    expect(best(after, 'city').likelihood).toBeLessThan(best(before, 'city').likelihood!);
    expect(best(after, 'city').strength).toBe('weak');
    expect(best(after, 'forest').strength).toMatch(/^(?:strong|possible)$/);
    expect(isIn('forest', after[0]!)).toBe(true);
    // Twice the weight takes away more.
    const heavier = await answer(page, 'trees - 2:the city at night');
    expect(best(heavier, 'city').likelihood).toBeLessThan(best(after, 'city').likelihood!);
  });

  await test.step('without what is nowhere: the order stays', async () => {
    const before = await answer(page, 'snow on the mountains');
    const after = await answer(page, 'snow on the mountains - a cat');
    const best = (frames: typeof before) => frames.slice(0, 3).map(({ frameIndex }) => frameIndex);
    expect(best(after)).toEqual(best(before));
  });

  await test.step('together: only what shows both is a match', async () => {
    const [both] = await answer(page, 'a sandy beach + blue sky');
    expect(isIn('beach', both!)).toBe(true);
    expect(both!.strength).not.toBe('weak');
    const [neither] = await answer(page, 'a sandy beach + a red car');
    expect(neither!.strength).not.toBe('strong');
    expect(neither!.likelihood).toBeLessThan(both!.likelihood! / 2);
  });

  await test.step('in quotation marks: the words as they stand', async () => {
    const [plain] = await answer(page, 'a coral reef');
    const [quoted] = await answer(page, '"a coral reef"');
    expect(quoted!.frameIndex).toBe(plain!.frameIndex);
    expect(quoted!.score).not.toBe(plain!.score);
  });

  await test.step('a list that is pasted is a list of alternatives', async () => {
    await framesift.questionBox.fill('');
    await framesift.questionBox.evaluate((box) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text', 'a sandy beach\r\n\n a coral reef \n');
      box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    await expect(framesift.questionBox).toHaveValue('a sandy beach | a coral reef');
  });
  expect(framesift.problems).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a question that cannot be read is marked where it goes wrong, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const framesift = await openWithSample(page);
    const answered = await framesift.ask('a red car');
    await framesift.questionBox.fill('a red car + - snow | "a beach"');
    await framesift.questionBox.press('Enter');
    const problem = page.getByTestId('query-problem');
    await expect(problem).toContainText('Two signs stand in a row');
    await expect(problem.locator('mark')).toHaveText('+ -');
    await expect(framesift.questionBox).toBeFocused();
    await expect(framesift.questionBox).toHaveAttribute('aria-invalid', 'true');
    await expect(framesift.questionBox).toHaveAccessibleDescription(/Two signs.*marked here: .*\+ -/);
    const selected = await framesift.questionBox.evaluate((box: HTMLInputElement) =>
      box.value.slice(box.selectionStart!, box.selectionEnd!),
    );
    expect(selected).toBe('+ -');
    await expectAccessible(page, 'problem');
    // What was asked last is still answered.
    expect(await framesift.shownFrames()).toEqual(answered);

    // The place is selected, so that typing mends it.
    await page.keyboard.type('+');
    await expect(problem).toHaveCount(0);
    await expect(framesift.questionBox).toHaveAttribute('aria-invalid', 'false');
    await framesift.questionBox.press('Enter');
    await expect(framesift.answerStatus).toContainText('for “a red car + snow | "a beach"”');
    expect(framesift.problems).toEqual([]);
  });
}

withoutClips('the help shows every way to ask, and a click asks', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await page.getByRole('button', { name: 'Try the sample clip' }).click();
  await framesift.waitUntilRead();
  const [one, other] = sample.questions.map(({ text }) => text);
  const waysToAsk = page.getByRole('button', { name: 'Ways to ask' });
  await waysToAsk.click();
  const help = page.getByRole('dialog', { name: 'Ways to ask' });
  await expect(help.getByRole('button')).toHaveCount(7);
  await expectAccessible(page, 'help');
  await help.getByRole('button', { name: `${one} | ${other} any of several` }).click();
  await expect(help).toHaveCount(0);
  await expect(framesift.questionBox).toHaveValue(`${one} | ${other}`);
  await expect(framesift.answerStatus).toContainText(`for “${one} | ${other}”`);

  await test.step('every other example is answered too', async () => {
    for (const position of [0, 2, 3, 4, 5]) {
      await waysToAsk.click();
      const example = help.getByRole('button').nth(position);
      const text = await example.locator('code').textContent();
      await example.click();
      await expect(framesift.answerStatus).toContainText(`for “${text}”`);
      await expect(page.getByTestId('frame').first()).toBeVisible();
    }
  });

  await test.step('the one with a picture lets a person choose it', async () => {
    await waysToAsk.click();
    const chooser = page.waitForEvent('filechooser');
    await help.getByRole('button', { name: /^#1 / }).click();
    await (await chooser).setFiles({ name: 'grey.png', mimeType: 'image/png', buffer: GREY_PICTURE });
    await expect(framesift.answerStatus).toContainText('for “grey.png”');
    await expect(framesift.questionBox).toHaveValue('#1');
  });

  await test.step('a picture from the button goes beside what is typed', async () => {
    await framesift.questionBox.fill(`${one} - `);
    const input = page.getByTestId('picture-input');
    await input.setInputFiles({ name: 'grey.png', mimeType: 'image/png', buffer: GREY_PICTURE });
    await expect(framesift.answerStatus).toContainText(`for “${one} - #1”`);
    await expect(page.getByTestId('query-images').getByRole('listitem')).toHaveText(['#1grey.png']);
  });
  expect(framesift.problems).toEqual([]);
});

/** One grey pixel. */
const GREY_PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

/** A picture whose left half is a frame of one scene and whose right half is one of another. */
async function halves(page: Page, left: SceneId, right: SceneId): Promise<Uint8Array> {
  const frameNumbers = [left, right].map((scene) => (SCENES[scene][0] + 3000) / 1000 + 1);
  const bytes = await page.evaluate(async (numbers) => {
    const canvas = new OffscreenCanvas(640, 180);
    for (const [position, number] of numbers.entries()) {
      const [row] = await window.framesift.query(
        'select frame_path from event_frames where frame_number = $1',
        [number],
      );
      const parts = String(row!.frame_path).split('/');
      let directory = await navigator.storage.getDirectory();
      for (const part of parts.slice(0, -1)) directory = await directory.getDirectoryHandle(part);
      const file = await (await directory.getFileHandle(parts.at(-1)!)).getFile();
      canvas.getContext('2d')!.drawImage(await createImageBitmap(file), position * 320, 0, 320, 180);
    }
    const png = await canvas.convertToBlob({ type: 'image/png' });
    return Array.from(new Uint8Array(await png.arrayBuffer()));
  }, frameNumbers);
  return Uint8Array.from(bytes);
}

test('a part of a picture is chosen with the keyboard or drawn, and searched with', async ({ page }) => {
  const framesift = await openWithSample(page);
  const bytes = await halves(page, 'beach', 'reef');
  await framesift.drop({ name: 'two halves.png', type: 'image/png', bytes });
  await expect(framesift.answerStatus).toContainText('for “two halves.png”');
  await expect(framesift.questionBox).toHaveValue('#1');
  const chips = page.getByRole('list', { name: 'Pictures in the question' }).getByRole('listitem');
  await expect(chips).toHaveText(['#1two halves.png']);

  await test.step('by keyboard: the right half', async () => {
    await page.getByRole('button', { name: 'Use a part of #1, two halves.png' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Search with a part of the picture' });
    await expect(dialog).toBeVisible();
    const rectangle = dialog.getByTestId('crop-rectangle');
    await expectAccessible(page, 'crop');
    while (!(await rectangle.evaluate((element) => element === document.activeElement))) {
      await page.keyboard.press('Tab');
    }
    for (let step = 0; step < 20; step += 1) await page.keyboard.press('ArrowRight');
    for (let step = 0; step < 20; step += 1) await page.keyboard.press('ArrowUp');
    for (let step = 0; step < 30; step += 1) await page.keyboard.press('Shift+ArrowDown');
    await expect(dialog.getByTestId('crop-area')).toHaveText(
      '50 % from the left, 0 % from the top, 50 % wide, 100 % high',
    );
    await page.keyboard.press('Enter');
    await expect(dialog).toBeVisible();
    await dialog.getByRole('button', { name: 'Search with this part' }).press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect(framesift.answerStatus).toContainText('for “part of two halves.png”');
    const [best] = await framesift.shownFrames();
    expect(isIn('reef', best!)).toBe(true);
    expect(best!.score).toBeGreaterThan(0.9);
  });

  await test.step('drawn: the left half', async () => {
    await framesift.drop({ name: 'two halves.png', type: 'image/png', bytes });
    await page.getByRole('button', { name: 'Use a part of #1, two halves.png' }).click();
    const stage = page.getByTestId('crop-stage');
    // From a corner outside the rectangle that is there, past the picture's edge.
    await stage.hover({ position: { x: 13, y: 4 } });
    const box = (await stage.boundingBox())!;
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.6);
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height + 40);
    await page.mouse.up();
    await expect(page.getByTestId('crop-area')).toHaveText(
      '2 % from the left, 2 % from the top, 48 % wide, 98 % high',
    );
    await page.getByRole('button', { name: 'Search with this part' }).click();
    await expect(framesift.answerStatus).toContainText('for “part of two halves.png”');
    const [best] = await framesift.shownFrames();
    expect(isIn('beach', best!)).toBe(true);
    expect(best!.score).toBeGreaterThan(0.9);
  });

  await test.step('beside words, and without again', async () => {
    await framesift.questionBox.press('End');
    await page.keyboard.type(' | a coral reef');
    await framesift.questionBox.press('Enter');
    await expect(framesift.answerStatus).toContainText('for “#1 | a coral reef”');
    const frames = await framesift.shownFrames();
    expect(frames.slice(0, 2).map((frame) => isIn('beach', frame) || isIn('reef', frame))).toEqual([
      true,
      true,
    ]);
    await page.getByRole('button', { name: /^Remove #1/ }).press('Enter');
    await expect(framesift.questionBox).toHaveValue('a coral reef');
    await expect(framesift.questionBox).toBeFocused();
    await expect(chips).toHaveCount(0);
    await expect(framesift.answerStatus).toContainText('for “a coral reef”');
  });

  await test.step('Escape clears everything', async () => {
    await framesift.drop({ name: 'two halves.png', type: 'image/png', bytes });
    await expect(chips).toHaveCount(1);
    await framesift.questionBox.press('Escape');
    await expect(framesift.questionBox).toHaveValue('');
    await expect(chips).toHaveCount(0);
    await expect(framesift.answerStatus).toHaveText('Ask a question to find frames.');
  });
  expect(framesift.problems).toEqual([]);
});
