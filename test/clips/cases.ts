import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StripesKind } from '../support/stripes';

/*
 * Made clips and what is right about them. `inputs` comes with its truth: an independent decode by FFmpeg
 * (test/fixtures/clips/inputs/MADE.md). `reports` and `more` have fewer clips, whose truth follows from how each is
 * made (test/fixtures/clips/reports/README.md, test/fixtures/clips/more/make.sh).
 */

export const FOLDER = join(import.meta.dirname, '../fixtures/clips');

/** Frames of a clip as [clip time in seconds, number in its stripes], rising. */
export type FrameTable = readonly (readonly [seconds: number, number: number])[];

/** What one decode of a clip shows. */
export interface Truth {
  durationSeconds: number;
  frames: FrameTable;
}

export interface ReadableClip {
  must: 'read';
  path: string;
  /** The name that the page is given. */
  name: string;
  stripes: StripesKind;
  /** Any of these is right. */
  truths: readonly Truth[];
  /** How many frames a picture may be off, where the file has no exact truth. */
  framesOff: number;
  /** Whether a plain `<video>` of Chromium shows the right pictures. */
  isPlayable: boolean;
  /** Whether part of the clip is missing, which the page has to say. */
  hasGaps: boolean;
}

export interface RefusedClip {
  must: 'refuse';
  path: string;
  name: string;
  /** What the sentence must say. */
  names: RegExp;
  /** What no sentence may recommend. */
  neverNames: RegExp | null;
}

export type ClipCase = ReadableClip | RefusedClip;

interface ExpectedFile {
  page_must: 'read' | 'refuse';
  refusal_names?: string;
  duration?: number;
  numbers?: string;
  at?: FrameTable;
  alternative?: { duration: number; at: FrameTable };
  note?: string;
  chromium_player?: { playable: boolean; wrong_seeks?: string };
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(FOLDER, path), 'utf8'));

/** What each file that nothing can decode is, in the words that a refusal needs. */
const REFUSALS: Record<string, RegExp> = {
  '01-no-moov.mp4': /table of contents/i,
  '01-empty-tracks.webm': /no frames|no pictures/i,
  '04-cover-only.mp4': /sound|cover|still picture/i,
  '04-cover-only-track.mp4': /sound|cover|still picture/i,
  '07-picture-named.mp4': /picture/i,
  '07-text-named.mp4': /web page|HTML|text/i,
  '07-empty.mp4': /empty/i,
  '07-odd-name-2.mp4': /text|not a video/i,
};

/** Clips of `inputs` whose missing stretches must be named. */
const WITH_GAPS = new Set(['01-damaged.mkv']);

/** A picture that is no clip: browser tests of the query box have it. */
const NO_CLIPS = new Set(['07-picture-still.gif']);

function inputs(): ClipCase[] {
  const { files } = readJson('inputs/expected.json') as { files: Record<string, ExpectedFile> };
  const tables = readJson('inputs/tables.json') as Record<string, FrameTable>;
  const names = readJson('inputs/names.json') as Record<string, string>;
  return Object.entries(files).flatMap(([file, expected]): ClipCase[] => {
    if (NO_CLIPS.has(file)) return [];
    const path = join(FOLDER, 'inputs', file);
    const name = names[file] ?? file;
    if (expected.page_must === 'refuse') {
      const pattern = REFUSALS[file] ?? new RegExp(expected.refusal_names ?? 'nothing says why', 'i');
      // A codec that is refused cannot be what a refusal recommends.
      return [{ must: 'refuse', path, name, names: pattern, neverNames: /for example MPEG-4 Visual/i }];
    }
    const truths: Truth[] = [{ durationSeconds: expected.duration!, frames: tables[file]! }];
    const { alternative } = expected;
    // A sparse table is right only at its own moments; the spec compares there.
    if (alternative) truths.push({ durationSeconds: alternative.duration, frames: denseTable(file, tables) });
    // FFmpeg loses the last two pictures of a stream whose container keeps no times of showing.
    if (file === '06-h264-bframes.avi') truths.push({ durationSeconds: 4, frames: steady(40, 10) });
    const player = expected.chromium_player;
    return [
      {
        must: 'read',
        path,
        name,
        stripes: 'both',
        truths,
        framesOff: expected.note === 'times in the file do not rise' ? 3 : 0,
        isPlayable: player?.playable === true && player.wrong_seeks === undefined,
        hasGaps: WITH_GAPS.has(file),
      },
    ];
  });
}

/** The other right table of the two clips that have one. */
function denseTable(file: string, tables: Record<string, FrameTable>): FrameTable {
  const frames = tables[file]!;
  // Clip time counted from the first packet, 0.6 s before the first frame that can be decoded.
  if (file === '05-start-midway.ts') return frames.map(([seconds, number]) => [seconds + 0.6, number]);
  // The gap closed: the parts one after another.
  return frames.map(([, number], index) => [index / 10, number]);
}

/** `count` frames at a constant rate, numbered from `first`. */
function steady(count: number, framesPerSecond: number, first = 0, startSeconds = 0): FrameTable {
  return Array.from({ length: count }, (_, index) => [startSeconds + index / framesPerSecond, first + index]);
}

function reports(): ClipCase[] {
  const clip = (file: string, durationSeconds: number, frames: FrameTable, isPlayable = true): ClipCase => ({
    must: 'read',
    path: join(FOLDER, 'reports', file),
    name: file,
    stripes: 'below',
    truths: [{ durationSeconds, frames }],
    framesOff: 0,
    isPlayable,
    hasGaps: false,
  });
  return [
    clip('open-gop.mp4', 12, steady(300, 25)),
    clip('open-gop-cut.ts', 10, steady(250, 25, 50), false),
    clip('intra-refresh.mkv', 12, steady(300, 25)),
    clip('240-frames-a-second.mp4', 2, steady(480, 240)),
    {
      must: 'refuse',
      path: join(FOLDER, 'reports/packed.mkv'),
      name: 'packed.mkv',
      names: /zlib/,
      neverNames: /cut off|damaged/i,
    },
    clip('cut-out-in-the-middle.mp4', 6, [...steady(30, 10), ...steady(30, 10, 60, 3)]),
  ];
}

/** Neighbours of the reports: made by test/fixtures/clips/more/make.sh, with the stripes of `reports`. */
function more(): ClipCase[] {
  const clip = (
    name: string,
    durationSeconds: number,
    frames: FrameTable,
    isPlayable = false,
  ): ReadableClip => ({
    must: 'read',
    path: join(FOLDER, 'more', name),
    name,
    stripes: 'below',
    truths: [{ durationSeconds, frames }],
    framesOff: 0,
    isPlayable,
    hasGaps: false,
  });
  const tables = readJson('inputs/tables.json') as Record<string, FrameTable>;
  const inHalves = { stripes: 'both', hasGaps: true } as const;
  return [
    // Broadcasts, which begin between IDR pictures: 250 frames from the first recovery point on.
    ...['cavlc', 'pyramid', 'interlaced'].map((name) =>
      clip(`open-gop-cut-${name}.ts`, 10, steady(250, 25, 50)),
    ),
    // Intra refresh without any I picture: from the first picture on that is whole again.
    clip('intra-refresh-cut.ts', 9.28, steady(232, 25, 68)),
    clip('intra-refresh-cut-bframes.ts', 8.6, steady(215, 25, 85)),
    clip('two-descriptions.mp4', 12, steady(300, 25), true),
    { ...clip('hole-fragments.mp4', 12, steady(300, 25)), hasGaps: true },
    { ...clip('hole.avi', 4, steady(40, 10)), ...inHalves },
    { ...clip('hole.ts', 5, tables['12-h264.ts']!), ...inHalves },
  ];
}

export const CASES: readonly ClipCase[] = [...inputs(), ...reports(), ...more()];

/** Milliseconds round a border between frames at which either of the two is right. */
const BORDER_MS = 4;

/** The numbers that a picture at `clipMs` may carry; empty before the first frame. */
export function numbersAt(frames: FrameTable, clipMs: number, framesOff: number): Set<number> {
  const indexAt = (ms: number): number => frames.findLastIndex(([seconds]) => seconds * 1000 <= ms + 1e-6);
  const numbers = new Set<number>();
  for (const ms of [clipMs - BORDER_MS, clipMs, clipMs + BORDER_MS]) {
    const index = indexAt(ms);
    for (let off = -framesOff; off <= framesOff; off += 1) {
      const frame = frames[index + off];
      if (index >= 0 && frame) numbers.add(frame[1]);
    }
  }
  return numbers;
}
