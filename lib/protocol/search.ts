import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { fromFloat16, toFloat16 } from '@/lib/shared/float16';
import { normaliseRows } from '@/lib/shared/vectors';
import { describeMisfit, z } from '@/lib/shared/zod';
import { id, instant, text } from './ids';
import { MAX_FRAMES } from './limits';

/*
 * [Note: Searching on the server] The page encodes the question, the server runs no model. It names the clips that are worth a
 * look and sends of these what a page's own search works with: the score of every frame, the vectors of some of them, and how
 * the whole library scores, so that a score has its scale. Which frames answer the question the page decides as always.
 *
 * [Note: Nobody is trusted] The server checks each vector before it computes with it. The page takes an answer for what any
 * server may have sent: lengths are compared before memory is taken, and rows, times, scores and vectors are within their
 * bounds or the whole answer is refused with a sentence. What cannot be checked is whether a score is true.
 */

/** Vectors of a question, wanted and unwanted ones together. */
export const MAX_SEARCH_VECTORS = 16;

/** Clips in an answer. */
export const MAX_SEARCH_CLIPS = 64;

/** Frames of an answer that come with their vectors. */
export const MAX_SEARCH_FRAMES = 4000;

/** What a page asks for unless it has a reason. */
export const USUAL_SEARCH = { clips: 32, frames: 1000 } as const;

/** Frames of the whole library whose scores are in an answer; fewer where there are fewer. As many as `combineScores` looks at. */
export const SEARCH_SAMPLE = 4096;

/** Clips that a scope can name. */
const MAX_SCOPE_CLIPS = 10_000;

/** A vector's float32, little-endian, as base64. */
const packedVector = z.string().max(4 * Math.ceil((EMBEDDING_DIMENSION * 4) / 3));

/** What `POST …/search` is sent. */
export const searchRequest = z.strictObject({
  /** Frames that another model has looked at are not searched. */
  model: text.min(1).max(50),
  /** What is wanted, by which clips are chosen. */
  vectors: z.array(packedVector).min(1).max(MAX_SEARCH_VECTORS),
  /** What is not wanted: scored as the others, but no clip is chosen by it. */
  negatives: z.array(packedVector).max(MAX_SEARCH_VECTORS),
  clips: z.int().min(1).max(MAX_SEARCH_CLIPS),
  frames: z.int().min(0).max(MAX_SEARCH_FRAMES),
  scope: z.strictObject({
    /** Null for all. */
    clips: z.array(id).min(1).max(MAX_SCOPE_CLIPS).nullable(),
    /** Clips that were recorded from then on, and before then, as `events.timestamp` says; null for no bound. */
    from: instant.nullable(),
    to: instant.nullable(),
  }),
});
export type LibrarySearchRequest = z.infer<typeof searchRequest>;

/** How far a vector's length may be from 1. */
const LENGTH_TOLERANCE = 1e-3;

/** A vector as a request has it. */
export function packVector(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  vector.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return btoa(String.fromCharCode(...bytes));
}

/** The vectors of a request, the unwanted ones last. Throws `bad-input` with a sentence. */
export function unpackVectors({
  vectors,
  negatives,
}: Pick<LibrarySearchRequest, 'vectors' | 'negatives'>): Float32Array<ArrayBuffer>[] {
  const all = [...vectors, ...negatives];
  if (all.length > MAX_SEARCH_VECTORS)
    throw refused(`A question has at most ${MAX_SEARCH_VECTORS} vectors; this one has ${all.length}.`);
  return all.map(unpackVector);
}

function unpackVector(packed: string, index: number): Float32Array<ArrayBuffer> {
  const which = `Vector ${index + 1} of the question`;
  let binary: string;
  try {
    binary = atob(packed);
  } catch {
    throw refused(`${which} is not base64.`);
  }
  if (binary.length !== 4 * EMBEDDING_DIMENSION)
    throw refused(
      `${which} has ${binary.length} bytes; ${EMBEDDING_DIMENSION} numbers have ${4 * EMBEDDING_DIMENSION}.`,
    );
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const vector = Float32Array.from({ length: EMBEDDING_DIMENSION }, (_, i) => view.getFloat32(4 * i, true));
  const length = lengthOf(vector);
  // Also false for what is no number.
  if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE))
    throw refused(
      `${which} should have length 1; its length is ${Number.isNaN(length) ? 'no number' : length.toPrecision(3)}.`,
    );
  return vector;
}

/** A clip that is worth a look. */
interface SearchedClip {
  clip: string;
  revision: string;
  /** Its frames that the model has looked at, all of which are scored. */
  frames: number;
}

/** How a library looks for clips. */
const SEARCH_METHODS = ['exact', 'index'] as const;
type SearchMethod = (typeof SEARCH_METHODS)[number];

/** What the library says to a question. */
export interface LibrarySearchAnswer {
  /** Frames and clips of the scope, all of which were compared with the question. */
  total: number;
  totalClips: number;
  /** The library's change up to which clips were searched. */
  change: number;
  /** `index`: clips were found by an approximate index, which may miss one that fits better. Scores are exact in either case. */
  method: SearchMethod;
  /** Those that fit best: by their best frame, for each wanted vector in turn. */
  clips: SearchedClip[];
  /** 0-based, for each frame of these clips, one clip after another. */
  frameIndexes: Int32Array<ArrayBuffer>;
  /** Clip time of each, or `NO_TIME`. */
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Two a frame: how long its picture is on screen, in clip time. Twice the same where nobody knows. */
  spansMs: Float64Array<ArrayBuffer>;
  /**
   * The cosine of each frame with the one before it in its clip, −1…1; 1 for a clip's first. By them a page finds cuts and
   * pictures that stand still as it does among vectors.
   */
  steps: Float32Array<ArrayBuffer>;
  /** For each vector of the question the cosine of each frame, −1…1. */
  scores: Float32Array<ArrayBuffer>[];
  /** Which of the frames come with their vectors: half of them those that fit best, half spread evenly. Rising. */
  rows: Int32Array<ArrayBuffer>;
  /** Row-major [rows, 512], of unit length. They travel as float16. */
  embeddings: Float32Array<ArrayBuffer>;
  /** For each vector of the question the cosines of `SEARCH_SAMPLE` frames, spread evenly over the whole scope, −1…1, to 0.01. */
  samples: Float32Array<ArrayBuffer>[];
}

/** Stands for the time of a frame that nobody knows. */
export const NO_TIME = -(2 ** 31);

const searchHeader = z.strictObject({
  total: z.int().min(0),
  totalClips: z.int().min(0),
  change: z.int().min(0),
  // Left out where it is exact: pages that are older than it take no header that has it.
  method: z.enum(SEARCH_METHODS).default('exact'),
  clips: z
    .array(z.strictObject({ clip: id, revision: id, frames: z.int().min(1).max(MAX_FRAMES) }))
    .max(MAX_SEARCH_CLIPS),
  vectors: z.int().min(1).max(MAX_SEARCH_VECTORS),
  rows: z.int().min(0).max(MAX_SEARCH_FRAMES),
  samples: z.int().min(0).max(SEARCH_SAMPLE),
});

/** The header is filled up with spaces, so that the numbers behind it lie where arrays of them can begin. */
const ALIGNMENT = 8;

/** Longest header, in bytes: 64 clips take 12,000. */
const MAX_HEADER_BYTES = 32 * 1024;

const NEWLINE = 0x0a;

/** How far a cosine may be from −1…1 by rounding. */
const COSINE_TOLERANCE = 0.01;

/** float16 moves the length of a vector by less. */
const HALF_TOLERANCE = 0.01;

/** The most bytes that an answer to this question can have. A reader stops there. */
export function longestSearchAnswer({
  vectors,
  negatives,
  clips,
  frames,
}: Pick<LibrarySearchRequest, 'vectors' | 'negatives' | 'clips' | 'frames'>): number {
  const asked = vectors.length + negatives.length;
  return MAX_HEADER_BYTES + sizeOf(clips * MAX_FRAMES, asked, frames, SEARCH_SAMPLE).end;
}

/** An answer as it travels: a line of JSON, and behind it little-endian numbers in the order of `sizeOf`. */
export function packSearchAnswer(answer: LibrarySearchAnswer): Uint8Array<ArrayBuffer> {
  const { total, totalClips, change, method, clips, frameIndexes, scores, rows, samples } = answer;
  const header = JSON.stringify({
    total,
    totalClips,
    change,
    ...(method !== 'exact' && { method }),
    clips,
    vectors: scores.length,
    rows: rows.length,
    samples: samples[0]?.length ?? 0,
  } satisfies z.input<typeof searchHeader>);
  const line = new TextEncoder().encode(
    `${header.padEnd(Math.ceil((header.length + 1) / ALIGNMENT) * ALIGNMENT - 1)}\n`,
  );
  const sizes = sizeOf(frameIndexes.length, scores.length, rows.length, samples[0]?.length ?? 0);
  const bytes = new Uint8Array(line.length + sizes.end);
  bytes.set(line);
  const put = (at: number, array: ArrayBufferView) =>
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), line.length + at);
  put(sizes.spans, answer.spansMs);
  put(sizes.steps, answer.steps);
  scores.forEach((values, i) => put(sizes.scores + i * values.byteLength, values));
  samples.forEach((values, i) => put(sizes.samples + i * values.byteLength, values));
  put(sizes.frameIndexes, frameIndexes);
  put(sizes.timestamps, answer.timestampsMs);
  put(sizes.rows, rows);
  put(sizes.embeddings, toFloat16(answer.embeddings));
  return bytes;
}

/**
 * Reads what `packSearchAnswer` wrote, as an answer to `request`. Throws `bad-input` with a sentence; see
 * [Note: Nobody is trusted].
 */
export function unpackSearchAnswer(
  bytes: Uint8Array<ArrayBuffer>,
  request: Pick<LibrarySearchRequest, 'vectors' | 'negatives' | 'clips' | 'frames'>,
): LibrarySearchAnswer {
  const { header, start } = readHeader(bytes);
  const frames = header.clips.reduce((sum, clip) => sum + clip.frames, 0);
  const asked = request.vectors.length + request.negatives.length;
  if (header.vectors !== asked)
    throw unusable(`it has scores for ${header.vectors} vectors and was asked for ${asked}`);
  if (header.clips.length > request.clips) throw unusable('it has more clips than were asked for');
  if (header.rows > Math.min(request.frames, frames))
    throw unusable('it has more frames than were asked for');
  if (new Set(header.clips.map(({ clip }) => clip)).size < header.clips.length)
    throw unusable('it has a clip twice');
  if (frames > header.total || header.clips.length > header.totalClips || header.samples > header.total)
    throw unusable('it has more frames than the library');
  const sizes = sizeOf(frames, header.vectors, header.rows, header.samples);
  if (bytes.length - start !== sizes.end)
    throw unusable(`it has ${bytes.length} bytes instead of ${start + sizes.end}`);

  // A copy begins where an array of any numbers can.
  const numbers = bytes.slice(start).buffer;
  const arrays = <T>(first: number, count: number, size: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, i) => make(first + i * size));
  const scores = arrays(
    sizes.scores,
    header.vectors,
    4 * frames,
    (at) => new Float32Array(numbers, at, frames),
  );
  const samples = arrays(
    sizes.samples,
    header.vectors,
    4 * header.samples,
    (at) => new Float32Array(numbers, at, header.samples),
  );
  const spansMs = new Float64Array(numbers, sizes.spans, 2 * frames);
  const steps = new Float32Array(numbers, sizes.steps, frames);
  const frameIndexes = new Int32Array(numbers, sizes.frameIndexes, frames);
  const timestampsMs = new Int32Array(numbers, sizes.timestamps, frames);
  const rows = new Int32Array(numbers, sizes.rows, header.rows);
  const embeddings = fromFloat16(
    new Uint16Array(numbers, sizes.embeddings, header.rows * EMBEDDING_DIMENSION),
  );

  if (![steps, ...scores, ...samples].every((values) => values.every(isCosine)))
    throw unusable('it has a score that is none');
  checkFrames(header.clips, frameIndexes);
  checkSpans(spansMs);
  if (!rows.every((row, i) => row > (rows[i - 1] ?? -1) && row < frames))
    throw unusable('it has vectors of frames that it does not have');
  checkEmbeddings(embeddings);
  const { total, totalClips, change, method, clips } = header;
  return {
    total,
    totalClips,
    change,
    method,
    clips,
    frameIndexes,
    timestampsMs,
    spansMs,
    steps,
    scores,
    rows,
    embeddings,
    samples,
  };
}

/** Where each part of the numbers begins, counted from the header's end, and where the last ends. The widest come first. */
function sizeOf(frames: number, vectors: number, rows: number, samples: number) {
  const spans = 0;
  const steps = spans + 16 * frames;
  const scores = steps + 4 * frames;
  const sampleScores = scores + 4 * vectors * frames;
  const frameIndexes = sampleScores + 4 * vectors * samples;
  const timestamps = frameIndexes + 4 * frames;
  const rowNumbers = timestamps + 4 * frames;
  const embeddings = rowNumbers + 4 * rows;
  const end = embeddings + 2 * EMBEDDING_DIMENSION * rows;
  return {
    spans,
    steps,
    scores,
    samples: sampleScores,
    frameIndexes,
    timestamps,
    rows: rowNumbers,
    embeddings,
    end,
  };
}

function readHeader(bytes: Uint8Array): { header: z.infer<typeof searchHeader>; start: number } {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE);
  if (end === -1) throw unusable('it has no header');
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end)));
  } catch {
    throw unusable('its header is not JSON');
  }
  const result = searchHeader.safeParse(value);
  if (!result.success) throw unusable(`in its header, ${describeMisfit(result.error)}`);
  return { header: result.data, start: end + 1 };
}

function checkFrames(clips: readonly SearchedClip[], frameIndexes: Int32Array): void {
  let first = 0;
  for (const { frames } of clips) {
    let before = -1;
    for (let row = first; row < first + frames; row += 1) {
      const index = frameIndexes[row]!;
      if (index <= before || index >= MAX_FRAMES) throw unusable('the frames of a clip are not in order');
      before = index;
    }
    first += frames;
  }
}

function checkSpans(spansMs: Float64Array): void {
  for (let i = 0; i < spansMs.length; i += 2) {
    // Also false for what is no number.
    if (!(spansMs[i]! <= spansMs[i + 1]!) || !Number.isFinite(spansMs[i]! - spansMs[i + 1]!))
      throw unusable('a picture in it ends before it begins');
  }
}

/** Checks that rows have length 1, but for what float16 moves it by, and takes that out. */
function checkEmbeddings(embeddings: Float32Array): void {
  for (let at = 0; at < embeddings.length; at += EMBEDDING_DIMENSION) {
    const length = lengthOf(embeddings.subarray(at, at + EMBEDDING_DIMENSION));
    if (!(Math.abs(length - 1) <= HALF_TOLERANCE)) throw unusable('a vector in it is none');
  }
  normaliseRows(embeddings, EMBEDDING_DIMENSION);
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

function isCosine(value: number): boolean {
  return Math.abs(value) <= 1 + COSINE_TOLERANCE;
}

function refused(message: string): FramesiftError {
  return new FramesiftError('bad-input', message);
}

function unusable(what: string): FramesiftError {
  return refused(
    `The library’s answer cannot be used: ${what}. Try again; if it fails again, ask who runs the library.`,
  );
}
