import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overview } from '@/lib/select/overview';
import { normaliseRows } from '@/lib/shared/vectors';

const DIMENSION = 16;

/** Frames of scenes, each a direction of its own with a little that is different in every frame. */
function clipOf(scenes: readonly { direction: number; frames: number }[], noise = 0.05) {
  const frames = scenes.reduce((sum, scene) => sum + scene.frames, 0);
  const embeddings = new Float32Array(frames * DIMENSION);
  let row = 0;
  for (const { direction, frames: length } of scenes) {
    for (let i = 0; i < length; i += 1, row += 1) {
      embeddings[row * DIMENSION + direction] = 1;
      // The middle of a scene is the most like the others.
      embeddings[row * DIMENSION + ((direction + 1) % DIMENSION)]! += noise * (i - (length - 1) / 2);
    }
  }
  normaliseRows(embeddings, DIMENSION);
  return { embeddings, timesMs: Float64Array.from({ length: frames }, (_, i) => i * 1000) };
}

const sumUp = ({ embeddings, timesMs }: ReturnType<typeof clipOf>, count = 8) =>
  overview(embeddings, DIMENSION, timesMs, count);

describe('overview', () => {
  it('gives the medoid of every shot, in time order, and where it changes', () => {
    const clip = clipOf([0, 3, 6].map((direction) => ({ direction, frames: 5 })));
    const { frames, changes } = sumUp(clip, 3);
    expect(frames.map(({ row }) => row)).toEqual([2, 7, 12]);
    expect(frames.map(({ firstRow, lastRow }) => [firstRow, lastRow])).toEqual([
      [0, 4],
      [5, 9],
      [10, 14],
    ]);
    expect(changes.map(({ row }) => row)).toEqual([5, 10]);
    for (const { amount } of changes) expect(amount).toBeGreaterThan(0.9);
  });

  it('leaves out a shot that another one shows again, before any that is new', () => {
    const scenes = [0, 3, 0, 6, 9].map((direction) => ({ direction, frames: 4 }));
    const { frames } = sumUp(clipOf(scenes), 4);
    const shown = frames.map(({ row }) => scenes[Math.floor(row / 4)]!.direction);
    expect(new Set(shown)).toEqual(new Set([0, 3, 6, 9]));
  });

  it('parts a long shot where it has fewer shots than frames are wanted', () => {
    const { frames } = sumUp(clipOf([{ direction: 0, frames: 40 }], 0.01), 8);
    expect(frames).toHaveLength(8);
    const gaps = frames.slice(1).map(({ row }, i) => row - frames[i]!.row);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2);
  });

  it('spreads over a picture that stands still', () => {
    const { frames, changes } = sumUp(clipOf([{ direction: 0, frames: 64 }], 0), 8);
    expect(frames.map(({ lastRow, firstRow }) => lastRow - firstRow + 1)).toEqual(Array(8).fill(8));
    expect(changes).toEqual([]);
  });

  it('tells of the greatest changes only', () => {
    const directions = [0, 3, 6, 9, 12, 0, 6];
    const { changes } = sumUp(clipOf(directions.map((direction) => ({ direction, frames: 6 }))), 4);
    expect(changes).toHaveLength(3);
  });

  it('gives nothing of nothing, and all of few frames', () => {
    expect(sumUp(clipOf([]))).toEqual({ frames: [], changes: [] });
    expect(sumUp(clipOf([{ direction: 0, frames: 3 }])).frames.map(({ row }) => row)).toEqual([0, 1, 2]);
  });

  it('gives min(count, frames) different frames in order, the same ones again, whatever the clip', () => {
    const scene = fc.record({ direction: fc.nat(DIMENSION - 1), frames: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(
        fc.array(scene, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0, 0.01, 0.2),
        (scenes, count, noise) => {
          const clip = clipOf(scenes, noise);
          const first = sumUp(clip, count);
          const rows = first.frames.map(({ row }) => row);
          expect(rows).toHaveLength(Math.min(count, clip.timesMs.length));
          expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
          for (const { row, firstRow, lastRow } of first.frames) {
            expect(row).toBeGreaterThanOrEqual(firstRow);
            expect(row).toBeLessThanOrEqual(lastRow);
          }
          expect(sumUp(clip, count)).toEqual(first);
        },
      ),
    );
  });
});
