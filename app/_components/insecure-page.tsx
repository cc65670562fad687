'use client';

import { ShieldAlert } from 'lucide-react';

/** What stands in place of the page where it came over plain http from another computer. */
export function InsecurePage() {
  const { host, port, origin } = window.location;
  return (
    <main
      className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center gap-4 p-6"
      data-testid="insecure-page"
    >
      <ShieldAlert aria-hidden className="size-8 text-warn" />
      <h1 className="text-2xl font-semibold text-balance">Framesift needs a secure address</h1>
      <p>
        This page came over plain http from <bdi className="font-medium">{host}</bdi>. Browsers decode clips
        and keep a library only for pages that come over https, or from the computer that they run on.
      </p>
      <ul className="list-disc space-y-2 pl-5 [&_code]:rounded [&_code]:bg-surface-2 [&_code]:px-1 [&_code]:[overflow-wrap:anywhere]">
        <li>
          On the computer that serves it, open{' '}
          <code>{`http://localhost${port === '' ? '' : `:${port}`}`}</code>.
        </li>
        <li>
          For other devices, serve it over https; <code>docs/deploy.md</code> says how.
        </li>
        <li>
          To try it once in Chrome or Edge, open{' '}
          <code>chrome://flags/#unsafely-treat-insecure-origin-as-secure</code>, enter <code>{origin}</code>{' '}
          and restart the browser.
        </li>
      </ul>
    </main>
  );
}
