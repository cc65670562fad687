import type { ModelDownloadProgress } from '@/lib/ports/models';
import { downloadFile, type DownloadOptions } from '@/lib/files/download-file';
import type { ExpectedFile } from '@/lib/shared/file-facts';
import type { FileSource } from '@/lib/files/file-source';
import { FramesiftError } from '@/lib/shared/errors';
import { RateEstimator } from '@/lib/shared/rate-estimator';
import { asModelError } from './model-error';
import type { ModelIdentity, ModelStore } from './model-store';

export interface ModelDownload {
  /** Small ones first: a model that does not fit is then refused before its weights are fetched. */
  files: readonly ExpectedFile[];
  target: {
    model: ModelIdentity;
    store: ModelStore;
    /** Takes over when the store is full; null where there is nothing to fall back on. */
    spare: ModelStore | null;
  };
  /** Where a file may be fetched from, best first. */
  sourcesOf: (path: string) => readonly FileSource[];
  /** Called once, when every file but the graphs is there; may throw to refuse the model. */
  check?: () => Promise<void>;
  onProgress?: (progress: ModelDownloadProgress) => void;
}

/** Fewer reports than chunks: each is drawn by somebody. */
const PROGRESS_INTERVAL_MS = 100;

/**
 * Fetches what is missing of a model, file by file. What is there already counts as done and not as fast.
 *
 * @throws FramesiftError as `downloadFile` does, or what `check` throws
 */
export async function downloadModel(
  { files, target, sourcesOf, check, onProgress }: ModelDownload,
  options: Omit<DownloadOptions, 'onBytes'> & { nowMs?: () => number } = {},
): Promise<void> {
  const { nowMs = () => performance.now() } = options;
  const { model, store, spare } = target;
  const stored = async (path: string) =>
    (await store.file(model.id, path)) ?? (await spare?.file(model.id, path)) ?? null;

  const loaded = new Map<string, number>();
  const totals = new Map(files.map(({ path, bytes }) => [path, bytes]));
  for (const { path } of files) {
    const file = await stored(path);
    loaded.set(path, file?.bytes ?? (await store.partialBytes(model.id, path)));
    if (file) totals.set(path, file.bytes);
  }

  const sum = () => [...loaded.values()].reduce((a, b) => a + b, 0);
  let estimator = new RateEstimator();
  estimator.add(nowMs(), sum());
  let reportedMs = -Infinity;
  let isInMemory = false;
  const report = (path: string, isFinal = false) => {
    const atMs = nowMs();
    if (!isFinal && atMs - reportedMs < PROGRESS_INTERVAL_MS) return;
    reportedMs = atMs;
    const loadedBytes = sum();
    const sizes = [...totals.values()];
    const totalBytes = sizes.every((size) => size !== null) ? sizes.reduce((a, b) => a + b, 0) : null;
    estimator.add(atMs, loadedBytes);
    const rate = estimator.rate(totalBytes ?? loadedBytes);
    onProgress?.({
      path,
      loadedBytes,
      totalBytes,
      rate: totalBytes === null ? null : rate,
      isInMemory,
    });
  };

  let isChecked = false;
  for (const file of files) {
    if (file.path.endsWith('.onnx') && !isChecked) {
      isChecked = true;
      await check?.();
    }
    if (await stored(file.path)) continue;
    const sources = sourcesOf(file.path);
    if (sources.length === 0) {
      throw new FramesiftError('model-unavailable', `There is no place to fetch ${file.path} from.`);
    }
    const folders = { store: store.folderOf(model), spare: spare?.folderOf(model) ?? null };
    const facts = await downloadFile(sources, file, folders, {
      ...options,
      onBytes: (bytes) => {
        if (bytes < (loaded.get(file.path) ?? 0)) {
          // Begun anew: what was counted so far says nothing about the rate any more.
          estimator = new RateEstimator();
        }
        loaded.set(file.path, bytes);
        report(file.path);
      },
    }).catch((error: unknown) => {
      throw asModelError(error);
    });
    totals.set(file.path, facts.bytes);
    loaded.set(file.path, facts.bytes);
    isInMemory ||= (await store.file(model.id, file.path)) === null;
    report(file.path, true);
  }
}

/** Bytes of `files` in all; null when one is not known. */
export function totalBytesOf(files: readonly ExpectedFile[]): number | null {
  return files.reduce<number | null>(
    (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
    0,
  );
}
