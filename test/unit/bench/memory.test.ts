import { describe, expect, it } from 'vitest';
import { memoryByKind } from '@/scripts/host/memory';

const ROLLUP = `55d0-7fff ---p 00000000 00:00 0 [rollup]
Rss:                 900 kB
Pss:                 412 kB
Pss_Dirty:           300 kB
Pss_Anon:            200 kB
Pss_File:            180 kB
Pss_Shmem:            32 kB
`;

describe('memoryByKind', () => {
  it('reads the proportional sizes', () => {
    expect(memoryByKind(ROLLUP)).toEqual({
      all: 412 * 1024,
      own: 200 * 1024,
      shared: 32 * 1024,
      files: 180 * 1024,
    });
  });

  it('takes what is not told for nothing', () => {
    expect(memoryByKind('Rss:   900 kB\n')).toEqual({ all: 0, own: 0, shared: 0, files: 0 });
  });
});
