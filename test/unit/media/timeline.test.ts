import { describe, expect, it } from 'vitest';
import { clipToMedia, mediaPieces, mediaToClip, spanInClip, timelineOfEdits } from '@/lib/media/timeline';

/** Half a second of media from 3 s on, then a second from 0 on. */
const TIMELINE = [
  { clipStartMs: 0, mediaStartMs: 3000, durationMs: 500 },
  { clipStartMs: 500, mediaStartMs: 0, durationMs: 1000 },
];

describe('clipToMedia', () => {
  it.each([
    [0, 3000],
    [499, 3499],
    [500, 0],
    [1499, 999],
    [1600, 1100],
    [-10, 2990],
  ])('maps clip time %d ms to media time %d ms', (clipMs, mediaMs) => {
    expect(clipToMedia(TIMELINE, clipMs)).toBe(mediaMs);
  });
});

describe('mediaToClip', () => {
  it('gives the clip time of each segment that shows the media time', () => {
    expect(mediaToClip(TIMELINE, 3100)).toEqual([100]);
    expect(mediaToClip([...TIMELINE, { clipStartMs: 1500, mediaStartMs: 0, durationMs: 100 }], 50)).toEqual([
      550, 1550,
    ]);
  });

  it('gives nothing for what was cut out', () => {
    expect(mediaToClip(TIMELINE, 2000)).toEqual([]);
  });
});

describe('spanInClip', () => {
  it('cuts a span to its segment', () => {
    expect(spanInClip(TIMELINE[0]!, { startMs: 2900, endMs: 3100 })).toEqual({ startMs: 0, endMs: 100 });
    expect(spanInClip(TIMELINE[1]!, { startMs: 900, endMs: 4000 })).toEqual({ startMs: 1400, endMs: 1500 });
  });
});

describe('mediaPieces', () => {
  it('splits a span at the borders of segments', () => {
    expect(mediaPieces(TIMELINE, { startMs: 400, endMs: 700 })).toEqual([
      { clipStartMs: 400, mediaStartMs: 3400, durationMs: 100 },
      { clipStartMs: 500, mediaStartMs: 0, durationMs: 200 },
    ]);
  });
});

describe('timelineOfEdits', () => {
  const media = { startMs: 0, endMs: 6000 };
  const edit = (durationMs: number, mediaStartMs: number | null, rate = 1) => ({
    durationMs,
    mediaStartMs,
    rate,
  });

  it.each([
    ['one edit of the whole', [edit(6000, 0)], [[0, 0, 6000]]],
    ['an end that is cut off', [edit(2000, 0)], [[0, 0, 2000]]],
    ['a rounded end', [edit(5999.4, 0)], [[0, 0, 6000]]],
    ['an end beyond the media', [edit(9000, 1000)], [[0, 1000, 5000]]],
    [
      'two parts',
      [edit(1500, 0), edit(1500, 3000)],
      [
        [0, 0, 1500],
        [1500, 3000, 1500],
      ],
    ],
    ['an empty edit first', [edit(5000, null), edit(6000, 0)], [[0, 0, 6000]]],
    ['no length, as in fragmented files', [edit(0, 200)], [[0, 200, 5800]]],
    ['no length after an empty edit', [edit(200, null), edit(0, 200)], [[0, 200, 5800]]],
    ['double speed', [edit(1000, 0, 2)], [[0, 0, 1000]]],
    ['half speed', [edit(1000, 0, 0.5)], [[0, 0, 500]]],
    ['a picture that stands', [edit(1000, 0, 0), edit(1000, 2000)], [[0, 2000, 1000]]],
    ['nothing of this media', [edit(1000, 7000)], []],
  ])('follows %s', (_, edits, segments) => {
    expect(
      timelineOfEdits(edits, media).map((one) => [one.clipStartMs, one.mediaStartMs, one.durationMs]),
    ).toEqual(segments);
  });

  it('begins an edit that begins inside a frame with the next one', () => {
    const frameFromMs = (mediaMs: number) => Math.ceil(mediaMs / 100) * 100;
    expect(timelineOfEdits([edit(3650, 350)], media, frameFromMs)).toEqual([
      { clipStartMs: 0, mediaStartMs: 400, durationMs: 3600 },
    ]);
  });
});
