import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installRpc } from '@/lib/rpc/remote';
import {
  FAULT_KINDS,
  RESUME_FRAMES,
  ResumeBench,
  type FaultKind,
  type LibraryContents,
} from '../../support/resume-run';

/*
 * A share of `npm run torture:resume`, which does every n: one clip is read into PGlite in memory and files over a fake
 * of the browser's private ones, with the page's own services, workers' services and jobs over real message channels.
 */

vi.setConfig({ testTimeout: 120_000 });

const SHARE: Record<FaultKind, number[]> = {
  write: [3, 14],
  statement: [5, 16],
  commit: [3],
  answer: [3],
  message: [3, 30],
  decode: [2, 15],
  run: [2],
  end: [2],
};

let bench: ResumeBench;
let whole: LibraryContents;

beforeAll(async () => {
  installRpc();
  bench = await ResumeBench.open();
  whole = await bench.undisturbed();
});
afterAll(() => bench.close());

describe('a reading that was disturbed and gone on with', () => {
  it('is compared with one that has every frame and no flaw', () => {
    expect(whole.frames).toHaveLength(RESUME_FRAMES);
    expect(whole.embeddings).toHaveLength(RESUME_FRAMES);
    expect(whole.thumbnails).toHaveLength(RESUME_FRAMES);
    expect(whole.paths).toHaveLength(RESUME_FRAMES + 1);
    expect(whole.flaws).toEqual({ orphanFiles: [], missingFiles: [], wrongRows: [] });
  });

  it.each(FAULT_KINDS.flatMap((kind) => SHARE[kind].map((n) => [kind, n] as const)))(
    'ends with the same rows, files and thumbnails: %s %i',
    async (kind, n) => {
      const { wasHit, contents } = await bench.disturbed(kind, n);
      expect(wasHit).toBe(true);
      expect(contents).toEqual(whole);
    },
  );
});
