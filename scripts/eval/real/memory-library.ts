import type { EmbeddingSource } from '@/lib/ports/library';

interface StoredClip {
  timesMs: Int32Array<ArrayBuffer>;
  embeddings: Float32Array<ArrayBuffer>;
}

/** Vectors of clips as the library's worker would give them to the search worker; nothing in it changes. */
export class MemoryLibrary implements EmbeddingSource {
  readonly #clips = new Map<string, StoredClip>();

  add(clipId: string, clip: StoredClip): void {
    this.#clips.set(clipId, clip);
  }

  searchedSets(_modelVersion: string, clipIds: string[]) {
    return Promise.resolve(
      clipIds.map((clipId) => ({
        clipId,
        state: 'current' as const,
        frames: this.#clips.get(clipId)!.timesMs.length,
        revision: 1,
        otherFrames: 0,
      })),
    );
  }

  readEmbeddings(clipId: string) {
    const { timesMs, embeddings } = this.#clips.get(clipId)!;
    const frameIndexes = Int32Array.from(timesMs, (_, row) => row);
    const spansMs = new Float64Array(2 * timesMs.length).fill(NaN);
    const packed = { frameIndexes, timestampsMs: timesMs.slice(), spansMs, embeddings: embeddings.slice() };
    return Promise.resolve({ revision: 1, packed, next: null });
  }

  packEmbeddings() {
    return Promise.resolve(false);
  }
}
