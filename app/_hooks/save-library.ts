import { toFramesiftError, isCancelled } from '@/lib/shared/errors';
import { formatBytes } from '@/lib/shared/format';
import { withTimeout } from '@/lib/shared/async';
import type { ExportTask } from '@/lib/exchange/pictures';
import { getFramesift } from './framesift';
import { downloadFile } from './download-file';

/** Opening what may be damaged is given up after this. */
const OPEN_TIMEOUT_MS = 30_000;

/**
 * Saves what there is of a library that cannot be opened: a backup where its rows can be read, else its files as they are.
 *
 * @returns the sentence to end with
 */
export async function saveLibrary(task: ExportTask): Promise<string> {
  const { services } = getFramesift();
  // A worker that has tried to open it may hold its files.
  services.releaseLibrary();
  try {
    await withTimeout(services.database.openAsItIs(), OPEN_TIMEOUT_MS, 'The library');
    const { exportLibrary } = await import('@/lib/exchange/backup');
    const file = await exportLibrary(services, task);
    downloadFile(file);
    return `Its clips can be read: saved ${file.name}, ${formatBytes(file.blob.size)}. Drop it on the page after starting anew.`;
  } catch (error) {
    if (isCancelled(error)) throw error;
  } finally {
    services.releaseLibrary();
  }
  return saveLibraryFiles(null);
}

/**
 * Saves the files of a library as they are.
 *
 * @param name the one at work for null
 * @returns the sentence to end with
 */
export async function saveLibraryFiles(name: string | null): Promise<string> {
  const saved = await getFramesift()
    .services.database.archiveLibrary(name)
    .catch((error: unknown) => {
      throw toFramesiftError(error, 'The files of this library could not be read.');
    });
  const fileName = `${saved.name}_files.tar`;
  downloadFile({ blob: saved.archive, name: fileName });
  return `Saved its files as they are in ${fileName}, ${formatBytes(saved.archive.size)}: PostgreSQL’s, the pictures and the clips. Dropped on the page, they come back as a library beside the one at work.`;
}

/** Makes another library the one at work, a new one for null, and loads the page anew. */
export async function chooseLibrary(name: string | null): Promise<void> {
  const { services } = getFramesift();
  services.releaseLibrary();
  await services.database.chooseLibrary(name);
  location.reload();
}
