import type { SelectionToExport } from '@/lib/exchange/selection-to-export';

export const CLIP_ID = 'b6f7a1f2-6b0e-4c7e-9a55-0d1f2a3b4c5d';

/** A selection with everything in it that may go wrong. */
export function makeSelection(change: Partial<SelectionToExport> = {}): SelectionToExport {
  const frame = {
    clipId: CLIP_ID,
    score: 0.31415926,
    likelihood: 0.97,
    strength: 'strong',
    isPinned: false,
  } as const;
  return {
    question: {
      text: '=cmd|"x"!A1, a "red" car\nat night',
      images: [
        {
          number: 1,
          name: '@crop.png',
          source: {
            kind: 'crop',
            clipId: CLIP_ID,
            frameIndex: 3,
            timestampMs: 1500,
            x: 0.1,
            y: 0.2,
            width: 0.5,
            height: 0.25,
          },
        },
      ],
    },
    strategy: 'auto',
    parameters: {
      count: 3,
      range: { startMs: 0, endMs: 60_000 },
      pinned: [{ clipId: CLIP_ID, frameIndex: 25 }],
      dropped: [{ clipId: CLIP_ID, frameIndex: 7 }],
    },
    modelVersion: 'framesift-clip-v2/q8/p2',
    verdict: 'moment',
    spans: [{ clipId: CLIP_ID, startMs: 10_000, endMs: 14_000 }],
    clips: [
      {
        clipId: CLIP_ID,
        fileName: "-Käfer's & Co.mp4",
        fingerprint: 'f00d',
        durationMs: 61_234,
        width: 1920,
        height: 1080,
      },
    ],
    frames: [
      {
        ...frame,
        frameIndex: 25,
        timestampMs: 12_512,
        span: { startMs: 12_000.5, endMs: 13_900 },
        rank: 1,
        isPinned: true,
      },
      {
        ...frame,
        frameIndex: 2,
        timestampMs: 1001,
        span: null,
        rank: 2,
        score: -0.02,
        strength: 'weak',
        likelihood: null,
      },
      { ...frame, frameIndex: 9, timestampMs: 4567, span: null, rank: 3, strength: 'possible' },
    ],
    ...change,
  };
}
