import { describe, expect, it } from 'vitest';
import { pssOf } from '@/scripts/host/memory';

describe('pssOf', () => {
  it.each([
    { what: 'the whole', rollup: 'Rss:   900 kB\nPss:            412 kB\nPss_Dirty:  300 kB\n', kB: 412 },
    { what: 'nothing where it is not told', rollup: 'Rss:   900 kB\n', kB: 0 },
  ])('reads $what', ({ rollup, kB }) => {
    expect(pssOf(rollup)).toBe(kB);
  });
});
