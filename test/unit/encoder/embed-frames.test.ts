import type { EmbedProgress } from '@/lib/ports/encoder';
import { describe, expect, it, vi } from 'vitest';
import { embedFrames, type FrameStore, type ImageEncoder } from '@/lib/encoder/embed-frames';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame, FrameBatch, FrameFailure, PreparedFrame } from '@/lib/shared/frames';

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

/** `count` frames in batches of four; those in `missing` give no picture. */
async function* batchesOf(
  count: number,
  missing: readonly number[] = [],
): AsyncGenerator<FrameBatch, void, undefined> {
  for (let start = 0; start < count; start += 4) {
    const indexes = Array.from({ length: Math.min(4, count - start) }, (_, offset) => start + offset);
    const failures: FrameFailure[] = indexes
      .filter((index) => missing.includes(index))
      .map((frameIndex) => ({ frameIndex, timestampMs: frameIndex * 1000, reason: 'no picture' }));
    const frames = indexes.filter((index) => !missing.includes(index)).map(frame);
    yield await Promise.resolve({ frames, failures });
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
    'stores each of %d frames once, with its own embedding, in whole batches',
    async (count) => {
      const store = new MemoryStore();
      const result = await embedFrames({
        batches: batchesOf(count),
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
      batches: batchesOf(10, [3]),
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
      batches: batchesOf(8),
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
      batches: batchesOf(8),
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
      batches: batchesOf(4),
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
      batches: batchesOf(40),
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
      batches: batchesOf(400),
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

  it('takes no batch before it has embedded the one before', async () => {
    let taken = 0;
    async function* counted() {
      for await (const batch of batchesOf(400)) {
        taken += 1;
        yield batch;
      }
    }
    let finishFirst: () => void = () => undefined;
    const blocked: ImageEncoder = {
      encodeImages: (pictures) =>
        new Promise(
          (resolve) => (finishFirst = () => resolve(new Float32Array(pictures.length * DIMENSION).fill(1))),
        ),
    };
    const cancel = new AbortController();
    const run = embedFrames({
      batches: counted(),
      encoder: blocked,
      store: new MemoryStore(),
      batchSize: 4,
      signal: cancel.signal,
    });
    run.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(taken).toBe(1);
    cancel.abort();
    finishFirst();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('passes on what made the decoder fail, after the batch in flight is stored', async () => {
    async function* failing() {
      yield* batchesOf(8);
      throw new FramesiftError('worker-lost', 'Gone.', { transient: true });
    }
    const store = new MemoryStore();
    const run = embedFrames({ batches: failing(), encoder: encoder(), store, batchSize: 4 });
    await expect(run).rejects.toMatchObject({ code: 'worker-lost', transient: true });
    expect(indexesOf(store.stored)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('embeds a picture once that answers several moments, over the border of batches too', async () => {
    const pictures = [1, 1, 2, 2, 2, 3];
    async function* repeating() {
      for (let start = 0; start < pictures.length; start += 4) {
        const frames = pictures
          .slice(start, start + 4)
          .map((picture, i) => ({ ...frame(start + i), pixels: new Uint8Array([picture]), picture }));
        yield await Promise.resolve({ frames, failures: [] });
      }
    }
    const encode = vi.fn<ImageEncoder['encodeImages']>((batch) => encoder().encodeImages(batch));
    const store = new MemoryStore();
    await embedFrames({ batches: repeating(), encoder: { encodeImages: encode }, store, batchSize: 4 });
    expect(encode.mock.calls.map(([batch]) => batch.map(([picture]) => picture))).toEqual([[1, 2], [3]]);
    expect(store.batches.flat().map(({ embedding }) => embedding[0])).toEqual(pictures);
  });
});
