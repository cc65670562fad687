'use client';

import { useState } from 'react';
import { describeThrown } from '@/lib/shared/errors';
import './globals.css';

/** Marks in the history entry that this page has already been loaded again for a failure. */
const RELOADED = 'framesift-reloaded-after-failure';

/** What is left when the page itself fails. It replaces the layout, so it brings its own. */
export default function GlobalError({ error }: { error: unknown }) {
  const [wasReloaded] = useState(() =>
    Boolean((window.history.state as Record<string, unknown> | null)?.[RELOADED]),
  );
  const detail = describeThrown(error);
  return (
    <html lang="en">
      <body className="min-h-dvh font-sans antialiased">
        <main className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-4 p-6 text-center">
          <h1 className="text-2xl font-semibold">Framesift has failed</h1>
          <p className="text-ink-2">Your clips and what was read of them are still stored in this browser.</p>
          {wasReloaded && (
            <p className="text-ink-2">
              It failed again after the page was loaded again. Open it in an ordinary window of an up-to-date
              Chrome, Edge, Firefox or Safari, and allow this site to keep data.
            </p>
          )}
          {detail !== null && (
            <p className="text-sm [overflow-wrap:anywhere] text-ink-2">Details: {detail}.</p>
          )}
          <button
            type="button"
            className="rounded-lg bg-accent px-4 py-2 text-sm font-medium text-accent-ink"
            onClick={() => {
              window.history.replaceState(
                { ...(window.history.state as object | null), [RELOADED]: true },
                '',
              );
              window.location.reload();
            }}
          >
            Load the page again
          </button>
        </main>
      </body>
    </html>
  );
}
