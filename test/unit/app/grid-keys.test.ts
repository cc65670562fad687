import { describe, expect, it } from 'vitest';
import { nextPosition } from '@/app/_components/ui/grid-keys';

describe('nextPosition', () => {
  // Ten cards in rows of four: 0…3, 4…7, 8 and 9.
  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowRight', 3, 4],
    ['ArrowRight', 9, 9],
    ['ArrowLeft', 4, 3],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 5, 9],
    ['ArrowDown', 6, 9],
    ['ArrowDown', 8, 8],
    ['ArrowUp', 9, 5],
    ['ArrowUp', 2, 2],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['a', 2, null],
    ['Tab', 2, null],
  ])('%s at %i goes to %s', (key, position, expected) => {
    expect(nextPosition(key, position, 10, 4)).toBe(expected);
  });

  it('goes up and down in a single column', () => {
    expect(nextPosition('ArrowDown', 0, 3, 1)).toBe(1);
    expect(nextPosition('ArrowUp', 2, 3, 1)).toBe(1);
    expect(nextPosition('ArrowDown', 2, 3, 1)).toBe(2);
  });
});
