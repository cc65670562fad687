import { FramesiftError } from '@/lib/shared/errors';
import type { CatalogEntry } from './catalog';
import type { DownloadProgress, ModelDtype, ModelFileSource } from './model-files';

/**
 * The files of the model that is part of the page. They are fetched whenever the model is loaded and kept
 * by the browser's ordinary cache: they come with the page, so nobody is asked and nothing is stored.
 *
 * @param onProgress is told of the graphs, beside which the other files are small
 */
export function bundledFiles(
  entry: CatalogEntry,
  dtype: ModelDtype,
  onProgress: (progress: DownloadProgress) => void = () => undefined,
): ModelFileSource {
  const graphs = entry.graphs.get(dtype);
  const { origin } = entry;
  if (!graphs || origin.kind !== 'bundled') {
    throw new FramesiftError('model-unavailable', `${entry.name} does not come with this page as ${dtype}.`);
  }
  const watched = new Map(
    graphs.map(({ path }) => [path, { loadedBytes: 0, totalBytes: null as number | null }]),
  );
  const note = (path: string, loadedBytes: number, totalBytes: number | null) => {
    if (!watched.has(path)) return;
    watched.set(path, { loadedBytes, totalBytes });
    const all = [...watched.values()];
    onProgress({
      loadedBytes: all.reduce((sum, file) => sum + file.loadedBytes, 0),
      totalBytes: all.some((file) => file.totalBytes === null)
        ? null
        : all.reduce((sum, file) => sum + (file.totalBytes ?? 0), 0),
    });
  };
  return {
    modelId: entry.id,
    name: entry.name,
    dtype,
    revision: 'bundled',
    paths: [...entry.files, ...graphs].map(({ path }) => path),
    read: (path) => fetchModelFile(`${origin.baseUrl}/${path}`, (loaded, total) => note(path, loaded, total)),
  };
}

/** A model file that sends nothing for so long is given up. */
const STALL_TIMEOUT_MS = 30_000;

/**
 * Fetches one file, watching it arrive.
 *
 * @throws FramesiftError `model-unavailable` when it is not there, stalls, is cut short, or is a web
 *   page instead of a file (what a misconfigured host answers for a missing path)
 */
async function fetchModelFile(
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
