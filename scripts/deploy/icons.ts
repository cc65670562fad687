/* `npm run icons`: draws the icons that browsers want as pictures from app/icon.svg. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from '../host/launch-options';

const root = join(import.meta.dirname, '../..');
const BACKGROUND = '#0f6b4f';

const ICONS = [
  { path: 'public/icons/icon-192.png', size: 192, inset: 0, background: 'transparent' },
  { path: 'public/icons/icon-512.png', size: 512, inset: 0, background: 'transparent' },
  // Systems cut their own shape out of these two: the mark stays inside the middle 80 %.
  { path: 'public/icons/maskable-512.png', size: 512, inset: 0.1, background: BACKGROUND },
  { path: 'app/apple-icon.png', size: 180, inset: 0.05, background: BACKGROUND },
];

const svg = readFileSync(join(root, 'app/icon.svg')).toString('base64');
mkdirSync(join(root, 'public/icons'), { recursive: true });
const browser = await chromium.launch(launchOptions());
const page = await browser.newPage();
for (const { path, size, inset, background } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  const edge = Math.round(size * (1 - 2 * inset));
  await page.setContent(
    `<body style="margin:0;height:100vh;display:grid;place-items:center;background:${background}">` +
      `<img src="data:image/svg+xml;base64,${svg}" width="${edge}" height="${edge}">`,
  );
  await page.locator('img').evaluate((image: HTMLImageElement) => image.decode());
  await page.screenshot({ path: join(root, path), omitBackground: true });
  console.log(path);
}
await browser.close();
