import type { VectorSource } from '@/lib/ask/vector-cache';

interface StoredClip {
  timesMs: Int32Array<ArrayBuffer>;
  vectors: Float32Array<ArrayBuffer>;
}

/** Vectors of clips as the library's worker would give them to the search worker; nothing in it changes. */
export class MemoryLibrary implements VectorSource {
  readonly #clips = new Map<string, StoredClip>();

  add(clipId: string, clip: StoredClip): void {
    this.#clips.set(clipId, clip);
  }

  changeCounts(clipIds: string[]): Promise<number[]> {
    return Promise.resolve(clipIds.map(() => 0));
  }

  vectorStamps(_modelVersion: string, clipIds: string[]) {
    return Promise.resolve(clipIds.map((clipId) => this.#stamp(clipId)));
  }

  readVectors(clipId: string) {
    const { timesMs, vectors } = this.#clips.get(clipId)!;
    const frameIndexes = Int32Array.from(timesMs, (_, row) => row);
    const spansMs = new Float64Array(2 * timesMs.length).fill(NaN);
    const packed = { frameIndexes, timestampsMs: timesMs.slice(), spansMs, vectors: vectors.slice() };
    return Promise.resolve({ stamp: this.#stamp(clipId), packed, next: null });
  }

  #stamp(clipId: string) {
    const rows = this.#clips.get(clipId)!.timesMs.length;
    return { source: 'stored' as const, rows, newest: '1', otherRows: 0 };
  }
}
