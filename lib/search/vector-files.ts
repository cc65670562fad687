import { embeddingPath, readEmbeddingRows } from '@/lib/library/embedding-file';
import { openExclusively } from '@/lib/library/frame-files';
import type { VectorFiles } from './vector-cache';

/** How often a file is read again that is appended to meanwhile. */
const CHANGED_TRIES = 20;

/** What a worker sees of a file and the `dom` types leave out. */
interface ReadHandle {
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  close(): void;
}
type OpfsFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle?: (options: { mode: 'read-only' }) => Promise<ReadHandle>;
};

/** The files of vectors in the private file system, read in this worker; null where there are none. */
export function openVectorFiles(): VectorFiles | null {
  if (!('navigator' in globalThis) || !('storage' in navigator) || !('getDirectory' in navigator.storage))
    return null;
  const root = navigator.storage.getDirectory();
  root.catch(() => undefined);
  return vectorFilesIn(root);
}

/** The files of vectors in a folder. */
export function vectorFilesIn(root: Promise<FileSystemDirectoryHandle>): VectorFiles {
  return {
    async read({ eventId, modelVersion, state }, known, allocate, onRows) {
      const file = await fileAt(root, embeddingPath(eventId, modelVersion, state));
      if (!file) return null;
      const { createSyncAccessHandle } = file;
      if (createSyncAccessHandle) {
        // Others may read as well; one that writes is done in a moment.
        const access = await openExclusively(() => createSyncAccessHandle.call(file, { mode: 'read-only' }));
        try {
          const scratch = { bytes: new Uint8Array(0) };
          const read = (start: number, length: number) => {
            if (scratch.bytes.length < length) scratch.bytes = new Uint8Array(length);
            const into = scratch.bytes.subarray(0, length);
            return into.subarray(0, access.read(into, { at: start }));
          };
          return await readEmbeddingRows(read, known, allocate, onRows);
        } finally {
          access.close();
        }
      }
      for (let attempt = 1; ; attempt += 1) {
        try {
          const blob = await file.getFile();
          const read = async (start: number, length: number) =>
            new Uint8Array(await blob.slice(start, start + length).arrayBuffer());
          return await readEmbeddingRows(read, known, allocate, onRows);
        } catch (error) {
          const hasChanged = error instanceof DOMException && error.name === 'NotReadableError';
          if (!hasChanged || attempt === CHANGED_TRIES) throw error;
        }
      }
    },
  };
}

async function fileAt(
  root: Promise<FileSystemDirectoryHandle>,
  path: string,
): Promise<OpfsFileHandle | null> {
  const [folder, eventId, name] = path.split('/') as [string, string, string];
  try {
    const parent = await (await root).getDirectoryHandle(folder);
    return await (await parent.getDirectoryHandle(eventId)).getFileHandle(name);
  } catch (error) {
    // Not there, or a browser that refuses private files, whose library has none either.
    if (error instanceof DOMException && ['NotFoundError', 'SecurityError'].includes(error.name)) return null;
    throw error;
  }
}
