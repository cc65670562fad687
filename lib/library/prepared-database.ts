import { fetchFile } from '@/lib/files/fetch-file';
import { onThisSite } from '@/lib/files/file-source';

/** Fetching a few megabytes for a first visit; past this making the files anew is quicker than waiting. */
const FETCH_TIMEOUT_MS = 20_000;

/**
 * PostgreSQL's files as they are after initdb and the migrations of the day they were made
 * (scripts/prepare-database.ts), for a first visit to unpack: initdb in a browser took four times as long.
 * Undefined when they cannot be fetched; PGlite then runs initdb itself.
 */
export async function fetchPreparedDatabase(): Promise<Blob | undefined> {
  const { href } = new URL('./prepared-database.tar.gz', import.meta.url);
  try {
    const files = await fetchFile(onThisSite(href), { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    // PGlite tells a compressed archive by its type. A host that says `Content-Encoding: gzip` has made the browser
    // unpack it already.
    return new Blob([files], {
      type: files[0] === GZIP_FIRST_BYTE ? 'application/gzip' : 'application/x-tar',
    });
  } catch {
    return undefined;
  }
}

const GZIP_FIRST_BYTE = 0x1f;
