import { expect, test } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';
import { Tap } from './tap';

/*
 * The Content-Security-Policy: that it refuses what it should, and that nothing the page does needs what it
 * refuses. offline.spec.ts sees it from the service worker's side.
 */

declare global {
  interface Window {
    /** Set by code that the policy should have refused. */
    intruded?: boolean;
    violations: string[];
  }
}

const ELSEWHERE = 'https://elsewhere.example';
/** Models may come from any encrypted address, so this is what a request can be refused for. */
const UNENCRYPTED = 'http://elsewhere.example';

/** For the library, its PostgreSQL, videos and the model. */
const OWN_WORKERS = 4;

/** Things that an intruder's text in the page could try, each with the directive that must refuse it. */
const attempts: { what: string; directive: string; run: (elsewhere: string) => void }[] = [
  {
    what: 'an inline script',
    directive: 'script-src-elem',
    run: () => {
      const script = document.createElement('script');
      script.textContent = 'window.intruded = true';
      document.body.append(script);
    },
  },
  {
    what: 'a script from elsewhere',
    directive: 'script-src-elem',
    run: (elsewhere) => {
      const script = document.createElement('script');
      script.src = `${elsewhere}/script.js`;
      document.body.append(script);
    },
  },
  {
    what: 'an event handler attribute',
    directive: 'script-src-attr',
    run: () => {
      document.body.insertAdjacentHTML('beforeend', '<i onclick="window.intruded = true"></i>');
      document.body.querySelector<HTMLElement>('i[onclick]')?.click();
    },
  },
  {
    what: 'a text that is run',
    directive: 'script-src',
    run: () => {
      // In a later task: what the test itself evaluates may evaluate.
      const later = setTimeout as unknown as (code: string) => void;
      later('window.intruded = true');
    },
  },
  {
    what: 'a worker made of text',
    directive: 'worker-src',
    run: () => {
      new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
    },
  },
  {
    what: 'a style element',
    directive: 'style-src-elem',
    run: () => {
      document.body.insertAdjacentHTML('beforeend', '<style>body { opacity: 0 }</style>');
    },
  },
  {
    what: 'a style attribute',
    directive: 'style-src-attr',
    run: () => {
      document.body.insertAdjacentHTML('beforeend', '<b style="position: fixed"></b>');
    },
  },
  {
    what: 'an unencrypted request elsewhere',
    directive: 'connect-src',
    run: (elsewhere) => {
      fetch(elsewhere.replace('https:', 'http:')).catch(() => null);
    },
  },
  {
    what: 'a socket elsewhere',
    directive: 'connect-src',
    run: (elsewhere) => {
      new WebSocket(elsewhere.replace('https:', 'wss:'));
    },
  },
  {
    what: 'a picture from elsewhere',
    directive: 'img-src',
    run: (elsewhere) => {
      new Image().src = `${elsewhere}/picture.png`;
    },
  },
  {
    what: 'a frame',
    directive: 'frame-src',
    run: (elsewhere) => {
      const frame = document.createElement('iframe');
      frame.src = elsewhere;
      document.body.append(frame);
    },
  },
  {
    what: 'another base for addresses',
    directive: 'base-uri',
    run: (elsewhere) => {
      const base = document.createElement('base');
      base.href = elsewhere;
      document.head.append(base);
    },
  },
  {
    what: 'a form that is sent elsewhere',
    directive: 'form-action',
    run: (elsewhere) => {
      const form = document.createElement('form');
      form.action = elsewhere;
      document.body.append(form);
      form.submit();
    },
  },
];

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      window.violations.push(effectiveDirective),
    );
  });
});

test('the policy refuses what an intruder would do', async ({ page }) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  for (const { what, directive, run } of attempts) {
    const refusals = () =>
      page.evaluate((name) => window.violations.filter((violated) => violated === name).length, directive);
    const before = await refusals();
    await page.evaluate(run, ELSEWHERE);
    await expect.poll(refusals, { message: what, timeout: 5_000 }).toBeGreaterThan(before);
  }
  expect(await page.evaluate(() => window.intruded)).toBeUndefined();
});

test('nothing that the page and its workers do is refused', async ({ page, baseURL }) => {
  const tap = await Tap.open(baseURL!);
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  const framesift = new FramesiftPage(page);
  await framesift.open('', tap.address);
  await framesift.readSample('1 every 5 seconds');
  await framesift.ask(sample.questions[0]!.text);
  await page.getByTestId('frame').first().click();
  await framesift.provider.click();
  await expect(page.getByTestId('provider')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Search with a picture' }).hover();
  await expect(page.getByRole('tooltip')).toBeVisible();
  await page.getByRole('button', { name: 'Help' }).click();
  await expect(page.getByRole('dialog', { name: 'How Framesift works' })).toBeVisible();
  await page.getByRole('button', { name: 'Close help' }).click();
  expect(await page.evaluate(() => window.violations)).toEqual([]);
  expect(framesift.problems).toEqual([]);
  expect(tap.violations).toEqual([]);

  await test.step('workers are under the policy, and what it refuses them is heard of', async () => {
    expect(workers.length).toBeGreaterThanOrEqual(OWN_WORKERS);
    for (const url of workers) {
      const headers = (await page.request.get(url)).headers();
      expect(headers['content-security-policy'], url).toContain("script-src 'self' 'wasm-unsafe-eval';");
    }
    // Not awaited: threads of the runtime sleep until there is work, and hear nothing before.
    for (const worker of page.workers()) {
      worker.evaluate((elsewhere) => fetch(elsewhere).catch(() => null), UNENCRYPTED).catch(() => null);
    }
    await expect.poll(() => tap.violations.length).toBeGreaterThanOrEqual(OWN_WORKERS);
  });
  await tap.close();
});
