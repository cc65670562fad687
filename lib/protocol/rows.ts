import type { PictureSpan } from '@/lib/shared/clip-clock';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { embeddingFromJson } from '@/lib/shared/embedding-json';
import { describeMisfit, z } from '@/lib/shared/zod';
import { id, instant, text } from './ids';
import { MAX_FRAMES, MAX_LINE_BYTES, ROWS_PER_PAGE } from './limits';

/*
 * A frame with its vector as one line of JSON. Names are short because a page has 500 of them. A line has the frame's part
 * (f, t, w, h, b, at, and s where it is known), the vector's (v, m, e, vat), or both.
 */

/** PostgreSQL's integer. */
const int = z.int32();

const size = int.min(0).nullable();

const row = z
  .strictObject({
    i: int.min(0).max(MAX_FRAMES - 1),
    f: id.optional(),
    t: int.optional(),
    w: size.optional(),
    h: size.optional(),
    b: size.optional(),
    at: instant.optional(),
    s: z
      .tuple([z.number(), z.number()])
      .refine(([start, end]) => start < end, 'begins before it ends')
      .optional(),
    v: id.optional(),
    m: text.min(1).max(50).optional(),
    e: z.string().optional(),
    vat: instant.optional(),
  })
  .refine(
    ({ f, t, w, h, b, at }) => isAllOrNone([f, t, w, h, b, at]),
    'has a part of a frame: f, t, w, h, b and at go together',
  )
  .refine(
    ({ v, m, e, vat }) => isAllOrNone([v, m, e, vat]),
    'has a part of a vector: v, m, e and vat go together',
  )
  .refine(({ f, s }) => f !== undefined || s === undefined, 'has the span of a frame and no frame')
  .refine(({ f, v }) => f !== undefined || v !== undefined, 'has neither a frame nor a vector');

/** A frame as `event_frames` has it, without the clip's id and the picture's path, which follow from the rest. */
interface FramePart {
  id: string;
  /** Clip time. */
  timestampMs: number;
  width: number | null;
  height: number | null;
  fileSizeBytes: number | null;
  /** ISO form, as all times here. */
  createdAt: string;
  /** How long its picture is on screen, in clip time; null where nobody knows. It is no part of a digest. */
  span: PictureSpan | null;
}

/** A vector as `frame_embeddings` has it. */
interface VectorPart {
  id: string;
  modelVersion: string;
  /** The stored text, kept to the last digit. */
  json: string;
  /** What `json` says, of unit length. */
  values: Float32Array<ArrayBuffer>;
  createdAt: string;
}

/** One frame of a clip as it travels. */
export interface ClipRow {
  /** 0-based. */
  frameIndex: number;
  frame: FramePart | null;
  vector: VectorPart | null;
}

/** A row of which only the text of its vector is at hand: enough to write its line. */
export type WritableRow = Omit<ClipRow, 'vector'> & { vector: Omit<VectorPart, 'values'> | null };

/** How far a vector's length may be from 1. Rounding to float32 moves it by 1e-7. */
const LENGTH_TOLERANCE = 1e-4;

/** A row that is refused, and in which line of its page. */
export class BadLine extends Error {
  override readonly name = 'BadLine';

  constructor(
    readonly code: 'bad-row' | 'line-too-long' | 'too-many-rows',
    /** 1-based. */
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Which page of its clip a frame belongs to. */
export function pageOf(frameIndex: number): number {
  return Math.floor(frameIndex / ROWS_PER_PAGE);
}

/** The rows of a page as lines. */
export function writePage(rows: readonly WritableRow[]): string {
  return rows.map(writeRow).join('');
}

/**
 * Reads the lines of page `page`, in any order of frames, and returns them in order. Throws `BadLine` for the first that
 * is not what it has to be.
 */
export function readPage(bytes: Uint8Array, page: number): ClipRow[] {
  const rows = new Map<number, ClipRow>();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    line += 1;
    if (line > ROWS_PER_PAGE)
      throw new BadLine('too-many-rows', line, `A page has at most ${ROWS_PER_PAGE} rows.`);
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    if (end - start > MAX_LINE_BYTES)
      throw new BadLine('line-too-long', line, `A row has at most ${MAX_LINE_BYTES} bytes.`);
    const read = readRow(bytes.subarray(start, end), decoder, line);
    const { frameIndex } = read;
    if (pageOf(frameIndex) !== page)
      throw new BadLine('bad-row', line, `Frame ${frameIndex} is not of page ${page}.`);
    if (rows.has(frameIndex)) throw new BadLine('bad-row', line, `Frame ${frameIndex} is there twice.`);
    rows.set(frameIndex, read);
    start = end + 1;
  }
  return [...rows.values()].sort((a, b) => a.frameIndex - b.frameIndex);
}

const NEWLINE = 0x0a;

function writeRow({ frameIndex, frame, vector }: WritableRow): string {
  const line: z.input<typeof row> = {
    i: frameIndex,
    ...(frame && {
      f: frame.id,
      t: frame.timestampMs,
      w: frame.width,
      h: frame.height,
      b: frame.fileSizeBytes,
      at: frame.createdAt,
      ...(frame.span && { s: [frame.span.startMs, frame.span.endMs] as const }),
    }),
    ...(vector && { v: vector.id, m: vector.modelVersion, e: vector.json, vat: vector.createdAt }),
  };
  return `${JSON.stringify(line)}\n`;
}

function readRow(bytes: Uint8Array, decoder: TextDecoder, line: number): ClipRow {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new BadLine('bad-row', line, 'The line is not JSON in UTF-8.');
  }
  const result = row.safeParse(value);
  if (!result.success) throw new BadLine('bad-row', line, `In the line, ${describeMisfit(result.error)}.`);
  const { i, f, t, w = null, h = null, b = null, at, s, v, m, e, vat } = result.data;
  return {
    frameIndex: i,
    frame:
      f === undefined
        ? null
        : {
            id: f,
            timestampMs: t!,
            width: w,
            height: h,
            fileSizeBytes: b,
            createdAt: at!,
            span: s ? { startMs: s[0], endMs: s[1] } : null,
          },
    vector:
      v === undefined
        ? null
        : { id: v, modelVersion: m!, json: e!, values: readUnitVector(e!, line), createdAt: vat! },
  };
}

function readUnitVector(json: string, line: number): Float32Array<ArrayBuffer> {
  let values: Float32Array<ArrayBuffer>;
  try {
    values = embeddingFromJson(json, EMBEDDING_DIMENSION);
  } catch (error) {
    if (!(error instanceof FramesiftError)) throw error;
    throw new BadLine('bad-row', line, error.message);
  }
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE))
    throw new BadLine('bad-row', line, `A vector has length 1; this one has ${length.toPrecision(3)}.`);
  return values;
}

function isAllOrNone(values: readonly unknown[]): boolean {
  const given = values.filter((value) => value !== undefined).length;
  return given === 0 || given === values.length;
}
