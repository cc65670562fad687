import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import { readTar } from '@/lib/shared/tar';
import { FOLDER } from '../clips/cases';
import { FramesiftPage, SOUND } from './framesift-page';
import { expect, withoutClips as test } from './returning';

/* Issue 22: names that files may have, and what becomes of them where they are shown, stored and exported. */

const CLIP = readFileSync(join(FOLDER, 'inputs/12-h264-aac.mp4'));

const NAMES: readonly { what: string; name: string; saved: RegExp }[] = [
  {
    what: 'HTML',
    name: '<img src=x onerror="window.intruded=true"><script>window.intruded=true</script>.mp4',
    saved: /^img-src-x-onerror-window\.intruded-true-script-window/,
  },
  { what: 'HTML in quotation marks', name: `"'><b>&lt;b&gt;\`\${1}.mp4`, saved: /^b-lt-b-gt-1_/ },
  { what: 'letters from right to left', name: 'שלום עולם.mp4', saved: /^שלום-עולם_/ },
  { what: 'an order of letters turned round', name: 'clip\u202egpj.mp4', saved: /^clip-gpj_/ },
  { what: 'a path', name: '../../..\\..\\etc/passwd.mp4', saved: /^[^./\\]*etc-passwd_/ },
  { what: 'control characters', name: 'a\u0007b\u001b[31mc\r\nd\te.mp4', saved: /^a-b-31mc-d-e_/ },
  { what: 'no visible letter', name: '\u200b\u2066 .mp4', saved: /^framesift_/ },
  { what: 'many letters', name: `${'長い'.repeat(2_000)}.mp4`, saved: /^(?:長い){30}_/ },
  { what: 'a device of Windows', name: 'CON.mp4', saved: /^CON_/ },
  { what: 'SQL', name: `'); drop table events; --.mp4`, saved: /^drop-table-events_/ },
];

/** No name of an exported file, or in one, is a path, hidden, or has what a person cannot see. */
const SAFE_NAME = /^(?!\.)[^/\\\p{Cc}\p{Cf}<>:"|?*]+$/u;

/** How a name is stored: as it is, but for what PostgreSQL's text cannot have. */
async function storedNames(framesift: FramesiftPage): Promise<unknown[]> {
  return (await framesift.query('select file_name from events order by created_at')).map(
    (row) => row.file_name,
  );
}

async function save(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const waiting = page.waitForEvent('download');
  await press();
  const file = await waiting;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

test('names of files are text and no more, where they are shown, stored and exported (#22)', async ({
  page,
}) => {
  test.setTimeout(360_000);
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const exportAs = (item: string) =>
    save(page, async () => {
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    });
  const given: string[] = [];
  for (const { what, name, saved } of NAMES) {
    await test.step(what, async () => {
      // As the browser gives it to the page, which may change what no file system takes.
      given.push(await page.evaluate((asked) => new File([], asked).name, name));
      await framesift.drop({ name, type: 'video/mp4', bytes: CLIP });
      await page.getByRole('button', { name: 'Read the clip' }).click();
      await framesift.waitUntilRead();
      await expect(framesift.clips).toHaveCount(given.length);
      await framesift.ask('a red car');
      const { name: table, bytes } = await exportAs('Table');
      expect(table).toMatch(SAFE_NAME);
      expect(table).toMatch(saved);
      expect(table.length).toBeLessThan(130);
      expect(bytes.toString('utf8').length).toBeGreaterThan(100);
    });
  }
  expect(await storedNames(framesift)).toEqual(given);

  await test.step('nothing of a name has become an element, or has run', async () => {
    const shown = await page.evaluate(() => ({
      intruded: 'intruded' in window,
      elements: document.querySelectorAll('img[src=x], bdi *, [data-testid=library] script').length,
      // Wider than the window is a page that a long name has pushed apart.
      isWider: document.documentElement.scrollWidth > innerWidth,
    }));
    expect(shown).toEqual({ intruded: false, elements: 0, isWider: false });
  });

  await test.step('no name is part of a path', async () => {
    for (const path of await framesift.storedFiles()) {
      expect(path).toMatch(/^(?:frames|clips|vectors)\/[\da-f-]{36}\//);
      expect(path.split('/').every((part) => SAFE_NAME.test(part))).toBe(true);
    }
    const zip = await exportAs('ZIP');
    expect(zip.name).toMatch(SAFE_NAME);
    for (const path of Object.keys(unzipSync(zip.bytes))) {
      expect(path.split('/').every((part) => SAFE_NAME.test(part))).toBe(true);
    }
    const backup = await save(page, () => page.getByRole('button', { name: 'Back up' }).click());
    expect(backup.name).toMatch(SAFE_NAME);
    for (const path of (await readTar(new Blob([new Uint8Array(backup.bytes)]))).keys()) {
      expect(path.split('/').every((part) => SAFE_NAME.test(part))).toBe(true);
    }
  });

  await page.reload();
  await framesift.waitUntilReady();
  await expect(framesift.clips).toHaveCount(NAMES.length);
  expect(await storedNames(framesift)).toEqual(given);
  expect(await framesift.scan()).toEqual(SOUND);
  expect(framesift.problems).toEqual([]);
});
