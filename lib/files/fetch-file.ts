import { joinBytes } from '@/lib/shared/bytes';
import { acceptBody, Connection, declaredLength, unavailable, type ConnectionOptions } from './connection';
import { looksLikeWebPage, problemWithKind, SNIFFED_BYTES } from './file-kind';
import { nameOf, type FileSource } from './file-source';

export interface FetchFileOptions extends ConnectionOptions {
  /** Bytes that are here, and of the whole file; null while the server does not say. */
  onBytes?: (loadedBytes: number, totalBytes: number | null) => void;
}

/**
 * Fetches one file into memory, at one go: what comes with the page, and what is small. Files that are kept are fetched by
 * `downloadFile`.
 *
 * @throws FramesiftError `file-unavailable` when it is not there, stalls, is cut short, or is a web page instead of a file
 *   (what a misconfigured host answers for a missing path); `cancelled` once the signal is aborted
 */
export async function fetchFile(
  source: FileSource,
  options: FetchFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const path = nameOf(source);
  const connection = new Connection(source, options);
  try {
    const response = await connection.open();
    const body = acceptBody(source, path, response);
    const totalBytes = declaredLength(response);
    const chunks: Uint8Array[] = [];
    let loadedBytes = 0;
    for await (const chunk of connection.chunks(body)) {
      if (loadedBytes === 0) {
        const problem = problemWithKind(path, chunk.subarray(0, SNIFFED_BYTES));
        if (problem) throw unavailable(source, problem);
      }
      chunks.push(chunk);
      loadedBytes += chunk.byteLength;
      options.onBytes?.(loadedBytes, totalBytes);
    }
    if (totalBytes !== null && loadedBytes !== totalBytes) {
      throw unavailable(source, `sent only ${loadedBytes} of the ${totalBytes} bytes of ${path}. Try again`, {
        transient: true,
      });
    }
    return joinBytes(chunks);
  } catch (error) {
    throw connection.describe(error, path);
  } finally {
    connection.close();
  }
}

/**
 * Asks whether a source has a file, without fetching it.
 *
 * @returns its length, null where the server does not say; null where it has no such file
 * @throws FramesiftError `file-unavailable` when the server cannot be asked, `cancelled`
 */
export async function probeFile(
  source: FileSource,
  options: ConnectionOptions = {},
): Promise<{ bytes: number | null } | null> {
  const path = nameOf(source);
  const connection = new Connection(source, options);
  try {
    let response = await connection.open({ method: 'HEAD' }).catch(() => null);
    if (!response?.ok && response?.status !== 404) {
      // Signed addresses, which the Hub leads to, may be good for a GET alone: its head is read, its body is not.
      response = await connection.open();
      await response.body?.cancel();
    }
    if (!response.ok || looksLikeWebPage(response.headers.get('content-type'))) return null;
    return { bytes: declaredLength(response) };
  } catch (error) {
    throw connection.describe(error, path);
  } finally {
    connection.close();
  }
}
