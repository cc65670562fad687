import type { DownloadProgress, ModelDtype, ModelFileSource } from '@/lib/ports/models';
import { fetchFile } from '@/lib/files/fetch-file';
import { onThisSite } from '@/lib/files/file-source';
import { FramesiftError } from '@/lib/shared/errors';
import type { CatalogEntry } from './catalog';
import { asModelError } from './model-error';

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
    read: async (path) => {
      try {
        return await fetchFile(onThisSite(`${origin.baseUrl}/${path}`), {
          onBytes: (loaded, total) => note(path, loaded, total),
        });
      } catch (error) {
        throw asModelError(error);
      }
    },
  };
}
