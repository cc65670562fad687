import { describe, expect, it } from 'vitest';
import { parseManifest, toManifest } from '@/lib/exchange/manifest';
import { framesInOrder, matchingSpans } from '@/lib/exchange/selection-to-export';
import { CLIP_ID, makeSelection } from './fixtures';

const createdAt = new Date('2026-11-22T20:00:00Z');

describe('the manifest', () => {
  it('comes back as it went', () => {
    const manifest = toManifest(makeSelection(), createdAt);
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
  });

  it('has frames by time, with the size of their pictures or of their clip', () => {
    const pictures = [{ file: 'frames/a.jpg', width: 320, height: 180, isThumbnail: true }, null, null];
    const { frames } = toManifest(makeSelection(), createdAt, pictures);
    expect(frames.map(({ timestampMs, width, isThumbnail }) => [timestampMs, width, isThumbnail])).toEqual([
      [1001, 320, true],
      [4567, 1920, undefined],
      [12_512, 1920, undefined],
    ]);
  });

  it.each([
    ['{"framesift":1', /cut off or damaged/],
    ['{"framesift":2}', /newer Framesift/],
    ['{"framesift":1}', /damaged: “createdAt” is missing/],
    [
      JSON.stringify(toManifest(makeSelection(), createdAt)).replaceAll(CLIP_ID, '../../etc'),
      /damaged: “question.attachments.0.source.eventId”/,
    ],
    [
      JSON.stringify(toManifest(makeSelection(), createdAt)).replace('"rank":1', '"rank":"first"'),
      /frames\.2\.rank/,
    ],
  ])('%s is refused', (json, message) => {
    expect(() => parseManifest(json)).toThrow(message);
  });
});

describe('a selection', () => {
  it('is put in the order of its clips, then by time', () => {
    const [clip] = makeSelection().clips;
    const [frame] = makeSelection().frames;
    const selection = makeSelection({
      clips: [{ ...clip!, clipId: 'second' }, clip!],
      frames: [frame!, { ...frame!, clipId: 'second', timestampMs: 90_000 }],
    });
    expect(framesInOrder(selection).map(({ clipId }) => clipId)).toEqual(['second', CLIP_ID]);
  });

  it('is cut to its spans, or to a little around each frame where it has none', () => {
    expect(matchingSpans(makeSelection(), CLIP_ID)).toEqual([{ startMs: 9000, endMs: 15_000 }]);
    const oneFrame = [{ clipId: CLIP_ID, startMs: 500, endMs: 500 }];
    const parameters = { ...makeSelection().parameters, range: null };
    expect(matchingSpans(makeSelection({ spans: oneFrame, parameters }), CLIP_ID)).toEqual([
      { startMs: -500, endMs: 1500 },
    ]);
    expect(matchingSpans(makeSelection({ spans: [] }), CLIP_ID)).toContainEqual({
      startMs: 10_512,
      endMs: 14_512,
    });
    expect(matchingSpans(makeSelection(), 'another')).toEqual([]);
  });

  it('is cut to nothing outside the range that was searched (#19)', () => {
    const cut = (spans: { startMs: number; endMs: number }[], range: { startMs: number; endMs: number }) =>
      matchingSpans(
        makeSelection({
          spans: spans.map((span) => ({ clipId: CLIP_ID, ...span })),
          parameters: { ...makeSelection().parameters, range },
        }),
        CLIP_ID,
      );
    const range = { startMs: 10_000, endMs: 12_500 };
    expect(cut([{ startMs: 10_000, endMs: 12_000 }], range)).toEqual([range]);
    expect(cut([{ startMs: 12_500, endMs: 12_500 }], range)).toEqual([{ startMs: 11_500, endMs: 12_500 }]);
    for (const span of cut([], range)) {
      expect(span.startMs).toBeGreaterThanOrEqual(range.startMs);
      expect(span.endMs).toBeLessThanOrEqual(range.endMs);
    }
  });
});
