/** Fetching a few megabytes for a first visit; past this making the files anew is quicker than waiting. */
const FETCH_TIMEOUT_MS = 20_000;

/**
 * PostgreSQL's files as they are after initdb and the migrations of the day they were made
 * (scripts/prepare-database.ts), for a first visit to unpack: initdb in a browser took four times as long.
 * Undefined when they cannot be fetched; PGlite then runs initdb itself.
 */
export async function fetchPreparedDatabase(): Promise<Blob | undefined> {
  try {
    const response = await fetch(new URL('./prepared-database.tar.gz', import.meta.url), {
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (!response.ok) return undefined;
    const files = await response.blob();
    // PGlite tells a compressed archive by its type, and hosts differ in what they say of one; a host that
    // says `Content-Encoding: gzip` has made the browser unpack it already.
    const isCompressed = new Uint8Array(await files.slice(0, 1).arrayBuffer())[0] === GZIP_FIRST_BYTE;
    return new Blob([files], { type: isCompressed ? 'application/gzip' : 'application/x-tar' });
  } catch {
    return undefined;
  }
}

const GZIP_FIRST_BYTE = 0x1f;
