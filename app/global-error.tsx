'use client';

import './globals.css';

/** What is left when the page itself fails. It replaces the layout, so it brings its own. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body className="min-h-dvh font-sans antialiased">
        <main className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-4 p-6 text-center">
          <h1 className="text-2xl font-semibold">Framesift has failed</h1>
          <p className="text-ink-2">Your clips and what was read of them are still stored in this browser.</p>
          <button
            type="button"
            className="rounded-lg bg-accent px-4 py-2 text-sm font-medium text-accent-ink"
            onClick={() => window.location.reload()}
          >
            Load the page again
          </button>
        </main>
      </body>
    </html>
  );
}
