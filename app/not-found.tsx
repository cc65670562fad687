/** What an address shows that is none of this site's. */
export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-4 p-6 text-center">
      <h1 className="text-2xl font-semibold">There is nothing at this address</h1>
      <p className="text-ink-2">Framesift is one page, and your clips are on it.</p>
      {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- Link would bring its code to every page */}
      <a href="/" className="rounded-lg bg-accent px-4 py-2 text-sm font-medium text-accent-ink">
        Open Framesift
      </a>
    </main>
  );
}
