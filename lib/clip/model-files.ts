import { FramesiftError } from '@/lib/shared/errors';

/** Bytes of all files of a model fetched so far; `totalBytes` is null while a server does not say. */
export interface DownloadProgress {
  loadedBytes: number;
  totalBytes: number | null;
}

/** A model file that sends nothing for so long is given up. */
const STALL_TIMEOUT_MS = 30_000;

/**
 * Fetches one file, watching it arrive.
 *
 * @throws FramesiftError `model-unavailable` when it is not there, stalls, is cut short, or is a web
 *   page instead of a file (what a misconfigured host answers for a missing path)
 */
export async function fetchModelFile(
  url: string,
  onBytes: (loadedBytes: number, totalBytes: number | null) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const controller = new AbortController();
  let timer = setTimeout(() => controller.abort(), STALL_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || !response.body) {
      throw new FramesiftError(
        'model-unavailable',
        `The model file ${url} could not be fetched (HTTP ${response.status}).`,
        {
          transient: response.status >= 500,
        },
      );
    }
    if ((response.headers.get('content-type') ?? '').startsWith('text/html')) {
      throw new FramesiftError(
        'model-unavailable',
        `The server answered with a web page instead of the model file ${url}.`,
      );
    }
    // With a content encoding, content-length counts other bytes than those that arrive here.
    const declared = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
    const totalBytes = declared === null ? null : Number(declared);
    const chunks: Uint8Array[] = [];
    let loadedBytes = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      loadedBytes += value.byteLength;
      onBytes(loadedBytes, totalBytes);
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), STALL_TIMEOUT_MS);
    }
    if (totalBytes !== null && loadedBytes !== totalBytes) {
      throw new FramesiftError(
        'model-unavailable',
        `The model file ${url} arrived incomplete (${loadedBytes} of ${totalBytes} bytes). Reload the page to try again.`,
        { transient: true },
      );
    }
    const bytes = new Uint8Array(loadedBytes);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return bytes;
  } catch (error) {
    if (error instanceof FramesiftError) throw error;
    throw new FramesiftError(
      'model-unavailable',
      `The model file ${url} could not be fetched. Check the connection, then reload the page.`,
      { transient: true, cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Fetches one JSON file of a model. */
export async function fetchModelJson(url: string): Promise<unknown> {
  const bytes = await fetchModelFile(url);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (error) {
    throw new FramesiftError('model-mismatch', `The model file ${url} is not valid JSON.`, { cause: error });
  }
}
