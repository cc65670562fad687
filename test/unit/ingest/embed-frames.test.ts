import { describe, expect, it, vi } from 'vitest';
import {
  embedFrames,
  type EmbedProgress,
  type FrameSource,
  type FrameStore,
  type ImageEncoder,
} from '@/lib/ingest/embed-frames';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame, FrameFailure, PreparedFrame } from '@/lib/shared/frames';

const DIMENSION = 2;

function frame(frameIndex: number): PreparedFrame {
  return {
    frameIndex,
    timestampMs: frameIndex * 1000,
    width: 4,
    height: 4,
    pixels: new Uint8Array([frameIndex]),
    thumbnail: new Uint8Array([frameIndex]),
  };
}

/** A source of `count` frames; those in `missing` give no picture. Counts pulls. */
class FakeSource implements FrameSource {
  pulls = 0;
  #next = 0;
  constructor(
    readonly count: number,
    readonly missing: readonly number[] = [],
  ) {}
  nextFrames(count: number) {
    this.pulls += 1;
    const indexes = Array.from(
      { length: Math.min(count, this.count - this.#next) },
      (_, offset) => this.#next + offset,
    );
    this.#next += indexes.length;
    const failures: FrameFailure[] = indexes
      .filter((index) => this.missing.includes(index))
      .map((frameIndex) => ({ frameIndex, timestampMs: frameIndex * 1000, reason: 'no picture' }));
    const frames = indexes.filter((index) => !this.missing.includes(index)).map(frame);
    return Promise.resolve({ frames, failures, done: this.#next >= this.count });
  }
}

/** Encodes a picture as [its index, 1]; fails on those in `bad`. */
function encoder(bad: readonly number[] = []): ImageEncoder {
  return {
    encodeImages: (pictures) => {
      if (pictures.some(([index]) => bad.includes(index!))) return Promise.reject(new Error('bad frame'));
      return Promise.resolve(Float32Array.from(pictures.flatMap(([index]) => [index!, 1])));
    },
  };
}

class MemoryStore implements FrameStore {
  readonly batches: EmbeddedFrame[][] = [];
  storeFrameBatch(frames: EmbeddedFrame[]): Promise<void> {
    this.batches.push(frames);
    return Promise.resolve();
  }
  get stored(): EmbeddedFrame[] {
    return this.batches.flat();
  }
}

const indexesOf = (frames: { frameIndex: number }[]) => frames.map(({ frameIndex }) => frameIndex);

describe('embedFrames', () => {
  it.each([0, 1, 4, 5, 11])(
    'stores each of %d frames once, with its own vector, in whole batches',
    async (count) => {
      const store = new MemoryStore();
      const result = await embedFrames({
        source: new FakeSource(count),
        encoder: encoder(),
        store,
        batchSize: 4,
      });
      expect(indexesOf(store.stored)).toEqual(Array.from({ length: count }, (_, index) => index));
      for (const { frameIndex, embedding } of store.stored)
        expect(Array.from(embedding)).toEqual([frameIndex, 1]);
      expect(store.batches.every(({ length }) => length <= 4)).toBe(true);
      expect(result).toEqual({ framesStored: count, failures: [] });
    },
  );

  it('reports progress that never falls and ends at the total', async () => {
    const seen: EmbedProgress[] = [];
    await embedFrames({
      source: new FakeSource(10, [3]),
      encoder: encoder(),
      store: new MemoryStore(),
      batchSize: 4,
      onProgress: (progress) => seen.push(progress),
    });
    const counts = seen.map(({ framesStored }) => framesStored);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ framesStored: 9, failures: [{ frameIndex: 3 }] });
  });

  it('does not let one bad frame sink its batch', async () => {
    const store = new MemoryStore();
    const result = await embedFrames({
      source: new FakeSource(8),
      encoder: encoder([2]),
      store,
      batchSize: 4,
    });
    expect(indexesOf(store.stored)).toEqual([0, 1, 3, 4, 5, 6, 7]);
    expect(result.failures).toMatchObject([
      { frameIndex: 2, reason: expect.stringContaining('bad frame') as string },
    ]);
  });

  it('stops when the model fails on every frame of a batch', async () => {
    const store = new MemoryStore();
    const run = embedFrames({
      source: new FakeSource(8),
      encoder: encoder([4, 5, 6, 7]),
      store,
      batchSize: 4,
    });
    await expect(run).rejects.toThrow(/bad frame/);
    expect(indexesOf(store.stored)).toEqual([0, 1, 2, 3]);
  });

  it('stores the frames of a refused batch one by one', async () => {
    const store = new MemoryStore();
    const picky: FrameStore = {
      storeFrameBatch: (frames) =>
        frames.some(({ frameIndex }) => frameIndex === 1)
          ? Promise.reject(new FramesiftError('bad-input', 'No ones.'))
          : store.storeFrameBatch(frames),
    };
    const result = await embedFrames({
      source: new FakeSource(4),
      encoder: encoder(),
      store: picky,
      batchSize: 4,
    });
    expect(indexesOf(store.stored)).toEqual([0, 2, 3]);
    expect(result).toMatchObject({ framesStored: 3, failures: [{ frameIndex: 1, reason: 'No ones.' }] });
  });

  it('stops at once when the disk is full', async () => {
    const storeFrameBatch = vi.fn(() => Promise.reject(new FramesiftError('storage-full', 'Full.')));
    const run = embedFrames({
      source: new FakeSource(40),
      encoder: encoder(),
      store: { storeFrameBatch },
      batchSize: 4,
    });
    await expect(run).rejects.toMatchObject({ code: 'storage-full' });
    expect(storeFrameBatch.mock.calls.length).toBeLessThan(3);
  });

  it('stops between batches when cancelled; what is stored stays', async () => {
    const cancel = new AbortController();
    const store = new MemoryStore();
    const run = embedFrames({
      source: new FakeSource(400),
      encoder: encoder(),
      store,
      batchSize: 4,
      signal: cancel.signal,
      onProgress: ({ framesStored }) => {
        if (framesStored >= 8) cancel.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(store.stored.length).toBeGreaterThanOrEqual(8);
    expect(store.stored.length).toBeLessThan(24);
  });

  it('never pulls more than one batch ahead of the one being embedded', async () => {
    const source = new FakeSource(400);
    let finishFirst: () => void = () => undefined;
    const blocked: ImageEncoder = {
      encodeImages: (pictures) =>
        new Promise(
          (resolve) => (finishFirst = () => resolve(new Float32Array(pictures.length * DIMENSION).fill(1))),
        ),
    };
    const cancel = new AbortController();
    const run = embedFrames({
      source,
      encoder: blocked,
      store: new MemoryStore(),
      batchSize: 4,
      signal: cancel.signal,
    });
    run.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.pulls).toBe(2);
    cancel.abort();
    finishFirst();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('passes on what made the decoder fail, after the batch in flight is stored', async () => {
    const good = new FakeSource(400);
    const source: FrameSource = {
      nextFrames: (count) =>
        good.pulls < 2
          ? good.nextFrames(count)
          : Promise.reject(new FramesiftError('worker-lost', 'Gone.', { transient: true })),
    };
    const store = new MemoryStore();
    const run = embedFrames({ source, encoder: encoder(), store, batchSize: 4 });
    await expect(run).rejects.toMatchObject({ code: 'worker-lost', transient: true });
    expect(indexesOf(store.stored)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('embeds a picture once that answers several moments, over the border of batches too', async () => {
    const pictures = [1, 1, 2, 2, 2, 3];
    const source: FrameSource = {
      nextFrames: (count) => {
        const from = 6 - left;
        const frames = pictures
          .slice(from, from + count)
          .map((picture, i) => ({ ...frame(from + i), pixels: new Uint8Array([picture]), picture }));
        left -= frames.length;
        return Promise.resolve({ frames, failures: [], done: left === 0 });
      },
    };
    let left = pictures.length;
    const encode = vi.fn<ImageEncoder['encodeImages']>((batch) => encoder().encodeImages(batch));
    const store = new MemoryStore();
    await embedFrames({ source, encoder: { encodeImages: encode }, store, batchSize: 4 });
    expect(encode.mock.calls.map(([batch]) => batch.map(([picture]) => picture))).toEqual([[1, 2], [3]]);
    expect(store.batches.flat().map(({ embedding }) => embedding[0])).toEqual(pictures);
  });
});
