import type { FileTree } from '@/lib/files/file-tree';
import { embeddingPath, readEmbeddingRows } from '@/lib/shared/packed-layout';
import type { EmbeddingFiles } from './embedding-cache';

/** How often a file is read again that is appended to meanwhile. */
const CHANGED_TRIES = 20;

/** The files of embeddings in a tree; none where there is no tree. */
export function embeddingFilesIn(tree: Promise<FileTree | null>): EmbeddingFiles {
  return {
    async read({ clipId, modelVersion, state }, known, allocate, onRows) {
      for (let attempt = 1; ; attempt += 1) {
        const file = await (await tree)?.openReader(embeddingPath(clipId, modelVersion, state));
        if (!file) return null;
        try {
          return await readEmbeddingRows((start, bytes) => file.read(start, bytes), known, allocate, onRows);
        } catch (error) {
          const hasChanged = error instanceof DOMException && error.name === 'NotReadableError';
          if (!hasChanged || attempt === CHANGED_TRIES) throw error;
        } finally {
          file.close();
        }
      }
    },
  };
}
