import { probeFile } from '@/lib/files/fetch-file';
import { remote } from '@/lib/files/file-source';
import { FramesiftError } from '@/lib/shared/errors';
import { candidatePaths } from './own-model';

/** A server that does not say within this whether it has a file is not waited for. */
const PROBE_TIMEOUT_MS = 20_000;

/** A file that a server has. */
export interface FoundFile {
  path: string;
  /** Null where the server does not say. */
  bytes: number | null;
}

/**
 * Asks a server which files of a model in the Hugging Face layout it has below an address. No file is
 * fetched by it.
 *
 * @throws FramesiftError `model-unavailable` when the server cannot be asked at all
 */
export async function probeBaseUrl(
  baseUrl: string,
  options: { fetch?: typeof globalThis.fetch; signal?: AbortSignal } = {},
): Promise<FoundFile[]> {
  const answers = await Promise.allSettled(candidatePaths().map((path) => probe(baseUrl, path, options)));
  const found = answers
    .filter((answer) => answer.status === 'fulfilled')
    .map(({ value }) => value)
    .filter((file) => file !== null);
  const failure = answers.find((answer) => answer.status === 'rejected');
  if (found.length === 0 && failure) {
    throw new FramesiftError(
      'model-unavailable',
      `${new URL(baseUrl).host} could not be asked for a model. Check the address and the connection; that server must also allow this page to read from it (CORS), and this site’s policy must allow its address.`,
      { transient: true, cause: failure.reason },
    );
  }
  return found;
}

async function probe(
  baseUrl: string,
  path: string,
  { fetch, signal }: { fetch?: typeof globalThis.fetch; signal?: AbortSignal },
): Promise<FoundFile | null> {
  const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const found = await probeFile(remote(`${baseUrl}/${path}`), {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    cache: 'no-store',
    ...(fetch && { fetch }),
  });
  return found && { path, bytes: found.bytes };
}
