import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, rankRows } from '@/lib/select/edits';
import { topK } from '@/lib/select/top-k';
import { at, inputOf } from './support';

const scores = [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6];

describe('applyEdits', () => {
  it.each([
    { name: 'nothing', pinned: [], dropped: [], rows: [1, 3, 5], replaced: [] },
    {
      name: 'a dropped pick, for the next best',
      pinned: [],
      dropped: [3],
      rows: [1, 5, 7],
      replaced: [[3, 7]],
    },
    {
      name: 'its replacement, dropped too',
      pinned: [],
      dropped: [3, 7],
      rows: [1, 5, 6],
      replaced: [[3, 6]],
    },
    {
      name: 'two, in the order of dropping',
      pinned: [],
      dropped: [5, 1],
      rows: [3, 6, 7],
      replaced: [
        [5, 7],
        [1, 6],
      ],
    },
    { name: 'a dropped frame that was no pick', pinned: [], dropped: [7], rows: [1, 3, 5], replaced: [] },
    { name: 'a pinned pick', pinned: [5], dropped: [], rows: [1, 3, 5], replaced: [] },
    {
      name: 'a pin, in the place of the worst pick',
      pinned: [0],
      dropped: [],
      rows: [0, 1, 3],
      replaced: [],
    },
    { name: 'a pin, sparing the pinned', pinned: [0, 5], dropped: [], rows: [0, 1, 5], replaced: [] },
    {
      name: 'a pin in the place of a dropped pick',
      pinned: [0],
      dropped: [1],
      rows: [0, 3, 5],
      replaced: [],
    },
    { name: 'more pins than places', pinned: [0, 2, 4, 6], dropped: [], rows: [0, 2, 4, 6], replaced: [] },
    { name: 'a pin that is named twice', pinned: [0, 0], dropped: [], rows: [0, 1, 3], replaced: [] },
    {
      name: 'nearly all dropped',
      pinned: [],
      dropped: [1, 2, 3, 4, 5, 6],
      rows: [0, 7],
      replaced: [
        [1, 7],
        [3, 0],
      ],
    },
    { name: 'all dropped', pinned: [], dropped: [0, 1, 2, 3, 4, 5, 6, 7], rows: [], replaced: [] },
  ])('changes $name', ({ pinned, dropped, rows, replaced }) => {
    const input = inputOf(scores);
    const edited = applyEdits(topK.select(input, 3), input, 3, { pinned, dropped });
    expect(edited.rows).toEqual(rows);
    expect(Array.from(edited.replacedBy)).toEqual(replaced);
  });

  it('replaces by a frame that looks unlike the others and fits, and by the best there is otherwise', () => {
    const embeddings = [at(0), at(40), at(5), at(80)];
    const rowsFor = (likelihoods: number[] | undefined, dropped: number[]) => {
      const input = inputOf([0.9, 0.8, 0.7, 0.4], { embeddings, ...(likelihoods && { likelihoods }) });
      return applyEdits(topK.select(input, 2), input, 2, { pinned: [], dropped }).rows;
    };
    expect(rowsFor([0.9, 0.8, 0.7, 0.25], [1])).toEqual([0, 3]);
    expect(rowsFor([0.9, 0.8, 0.7, 0.24], [1])).toEqual([0, 2]);
    expect(rowsFor([0.9, 0.8, 0.7, 0.25], [1, 3])).toEqual([0, 2]);
    // Without likelihoods nobody knows what fits; what scores less than every pick is not taken for being new.
    expect(rowsFor(undefined, [1])).toEqual([0, 2]);
  });

  it('pushes out the later of two equally bad picks', () => {
    const input = inputOf([0.5, 0.5, 0.5, 0.1]);
    const selection = { rows: [0, 1, 2], verdict: null };
    expect(applyEdits(selection, input, 3, { pinned: [3], dropped: [] }).rows).toEqual([0, 1, 3]);
  });

  it('refuses rows that are not there, or both pinned and dropped', () => {
    const input = inputOf(scores);
    const selection = topK.select(input, 3);
    expect(() => applyEdits(selection, input, 3, { pinned: [8], dropped: [] })).toThrow(RangeError);
    expect(() => applyEdits(selection, input, 3, { pinned: [], dropped: [-1] })).toThrow(RangeError);
    expect(() => applyEdits(selection, input, 3, { pinned: [0.5], dropped: [] })).toThrow(RangeError);
    expect(() => applyEdits(selection, input, 3, { pinned: [2], dropped: [2] })).toThrow(
      'both pinned and dropped',
    );
    expect(() => applyEdits(selection, input, -1, { pinned: [], dropped: [] })).toThrow(RangeError);
  });

  it('keeps what it promises whatever was pinned and dropped', () => {
    const row = fc.nat({ max: 29 });
    fc.assert(
      fc.property(
        fc.uniqueArray(row),
        fc.uniqueArray(row),
        fc.nat({ max: 35 }),
        fc.nat(4),
        (pins, drops, count, turns) => {
          const dropped = drops.filter((one) => !pins.includes(one));
          const input = inputOf(
            Array.from({ length: 30 }, (_, index) => (index * 7) % 11),
            { embeddings: Array.from({ length: 30 }, (_, index) => at(index * turns)) },
          );
          const selection = topK.select(input, count);
          const { rows, replacedBy } = applyEdits(selection, input, count, { pinned: pins, dropped });
          expect(rows).toHaveLength(Math.max(pins.length, Math.min(count, 30 - dropped.length)));
          expect(rows).toEqual(Array.from(new Set(rows)).sort((a, b) => a - b));
          expect(pins.every((one) => rows.includes(one))).toBe(true);
          expect(dropped.some((one) => rows.includes(one))).toBe(false);
          for (const [before, after] of replacedBy) {
            expect(selection.rows).toContain(before);
            expect(selection.rows).not.toContain(after);
            expect(rows).toContain(after);
          }
          if (pins.length === 0) {
            expect(
              selection.rows.filter((one) => !dropped.includes(one)).every((one) => rows.includes(one)),
            ).toBe(true);
          }
        },
      ),
    );
  });
});

describe('rankRows', () => {
  it.each([
    { name: 'the best first', rows: [0, 1, 3], ranks: [3, 1, 2] },
    { name: 'nothing', rows: [], ranks: [] },
    { name: 'rows in any order', rows: [7, 1], ranks: [2, 1] },
  ])('ranks $name', ({ rows, ranks }) => {
    expect(rankRows(rows, Float32Array.from(scores))).toEqual(ranks);
  });

  it('ranks the earlier of equals first', () => {
    expect(rankRows([0, 1, 2], Float32Array.of(1, 2, 1))).toEqual([2, 1, 3]);
  });
});
