import { PLANE_BYTES, roundUp, VECTOR_BYTES, type KernelRows, type PixelKernel } from './pixel-kernel';
import {
  getAxisCoefficients,
  inputSpan,
  PRECISION_BITS,
  ROUNDING,
  type AxisCoefficients,
} from './axis-coefficients';
import type { Span } from './views';

/** How a stored picture is read upright. */
export interface UprightShape {
  /** Upright size. */
  width: number;
  height: number;
  /** Whether the picture is stored on its side: upright columns are stored rows. */
  isTurned: boolean;
  /** Whether the upright axis runs against the stored one that it lies along. */
  isXReversed: boolean;
  isYReversed: boolean;
}

/** A picture to be made of a part of another. */
export interface ResizedPart {
  /** Which part of the upright picture is resized, */
  across: Span;
  down: Span;
  /** to which size, */
  outWidth: number;
  outHeight: number;
  /** and what of the result is wanted. */
  columns: Span;
  rows: Span;
}

/** Numbers of 16 bits in a vector, which is what the passes take at a time. */
const NUMBERS = VECTOR_BYTES / 2;

/** What filterAcross takes and convertRow gives at a time, in bytes of a plane. */
const CHUNK_BYTES = 2 * VECTOR_BYTES;

/** Weights are summed in two parts, of so many bits the lower one. */
const LOW_BITS = 15;
const LOW_MASK = (1 << LOW_BITS) - 1;

/** Pixels are numbers less this. */
const MIDDLE = 128;

/** The pass along stored rows: a table of pixel-kernel.wat's filterAlong. */
interface AlongPass {
  table: number;
  columns: number;
  vectors: number;
  /** Which bytes of a plane of the row it reads. */
  from: number;
  bytes: number;
}

/** The pass across stored rows, for each position of its output. */
interface AcrossPass {
  /** Tables of pixel-kernel.wat's filterAcross, and how many pairs of rows each has. */
  tables: Int32Array;
  pairs: Int32Array;
  /** The position after the last row that each takes, and the first row that any takes. */
  ends: Int32Array;
  first: number;
}

interface PartPlan {
  along: AlongPass;
  across: AcrossPass;
  /** Rows that wait for their pass across: filtered ones, and stored ones of a picture on its side. */
  ring: Ring;
  target: number;
  targetBytes: number;
}

interface Ring {
  at: number;
  rowBytes: number;
  rows: number;
}

interface Plan {
  key: string;
  isTurned: boolean;
  isRowReversed: boolean;
  /** Stored rows and columns that are read: rows in upright order. */
  rows: Span;
  storedRows: number;
  columns: Span;
  /** A converted row, of three planes; where a picture on its side has its filtered row. */
  row: number;
  parts: PartPlan[];
  /** Where the rows of a picture on its side wait. */
  ring: Ring | null;
}

const plans = new WeakMap<PixelKernel, Plan>();

/**
 * Makes several pictures of one in a single pass over its rows, with the bytes that resize.ts gives.
 *
 * Of an upright picture each row is converted, filtered along for every part, and kept until the last row that the part
 * filters across with it is there. Of a picture on its side the passes come in the other order: the pass that Pillow
 * makes first, the horizontal one of the upright picture, runs across the stored rows.
 */
export function resizeByKernel(
  source: KernelRows,
  shape: UprightShape,
  parts: readonly ResizedPart[],
): Uint8Array<ArrayBuffer>[] {
  const { kernel } = source;
  const key = JSON.stringify([shape, parts]);
  let plan = plans.get(kernel);
  if (plan?.key !== key) {
    plan = makePlan(kernel, key, shape, parts);
    plans.set(kernel, plan);
  }
  const done = plan.parts.map(() => 0);
  for (let position = plan.rows.start; position < plan.rows.start + plan.rows.length; position += 1) {
    if (!plan.parts.some(({ across }, index) => isWaitingFor(across, position, done[index]!))) continue;
    const storedRow = plan.isRowReversed ? plan.storedRows - 1 - position : position;
    const row = plan.ring ? slotOf(plan.ring, position) : plan.row;
    source.convert(storedRow, plan.columns.start, plan.columns.length, row);
    for (const [index, part] of plan.parts.entries()) {
      if (!isWaitingFor(part.across, position, done[index]!)) continue;
      if (!plan.isTurned) filterAlong(kernel, part.along, row, false, slotOf(part.ring, position), 6);
      while (part.across.ends[done[index]!] === position + 1) {
        finish(kernel, plan, part, done[index]!);
        done[index]! += 1;
      }
    }
  }
  const { buffer } = kernel;
  return plan.parts.map(({ target, targetBytes }) => new Uint8Array(buffer, target, targetBytes).slice());
}

function isWaitingFor({ first, ends }: AcrossPass, position: number, done: number): boolean {
  return position >= first && done < ends.length;
}

function slotOf({ at, rowBytes, rows }: Ring, position: number): number {
  return at + (position % rows) * rowBytes;
}

function filterAlong(
  kernel: PixelKernel,
  { table, columns, vectors }: AlongPass,
  row: number,
  isLast: boolean,
  target: number,
  step: number,
): void {
  kernel.run.filterAlong(row, table, columns, vectors, Number(isLast), target, step);
}

/** All rows of one output position across are there. */
function finish(kernel: PixelKernel, plan: Plan, part: PartPlan, index: number): void {
  const { along, across, target } = part;
  const [table, pairs] = [across.tables[index]!, across.pairs[index]!];
  if (!plan.isTurned) {
    const numbers = along.columns * 3;
    kernel.run.filterAcross(table, pairs, 0, numbers, 1, target + index * numbers);
    return;
  }
  for (let plane = 0; plane < 3; plane += 1) {
    const from = plane * PLANE_BYTES + along.from;
    kernel.run.filterAcross(table, pairs, from, along.bytes / 2, 0, plan.row + from);
  }
  filterAlong(kernel, along, plan.row, true, target + index * 3, across.ends.length * 3);
}

// # Plans

/** An axis of a part: from where to where it is resized, how, and what of the result is wanted. */
interface PartAxis {
  span: Span;
  coefficients: AxisCoefficients;
  wanted: Span;
}

/** The axes of one part as they lie in the stored picture: along its rows and across them. */
interface StoredPart {
  along: PartAxis;
  across: PartAxis;
}

/** Hands out addresses one after another, and writes there once there is a memory to write to. */
class Arena {
  #end: number;
  readonly #kernel: PixelKernel | null;

  constructor(kernel: PixelKernel | null, start: number) {
    this.#kernel = kernel;
    this.#end = start;
  }

  get end(): number {
    return this.#end;
  }

  take(bytes: number): number {
    const taken = this.#end;
    this.#end = roundUp(taken + bytes, VECTOR_BYTES);
    return taken;
  }

  put(numbers: Int32Array): number {
    const at = this.take(numbers.byteLength);
    if (this.#kernel) new Int32Array(this.#kernel.buffer, at, numbers.length).set(numbers);
    return at;
  }
}

function makePlan(
  kernel: PixelKernel,
  key: string,
  shape: UprightShape,
  parts: readonly ResizedPart[],
): Plan {
  const measured = new Arena(null, 0);
  layOut(measured, key, shape, parts);
  return layOut(new Arena(kernel, kernel.reserve('resize', measured.end)), key, shape, parts);
}

function layOut(arena: Arena, key: string, shape: UprightShape, parts: readonly ResizedPart[]): Plan {
  const { isTurned } = shape;
  const x = { size: shape.width, isReversed: shape.isXReversed };
  const y = { size: shape.height, isReversed: shape.isYReversed };
  const [alongRows, acrossRows] = isTurned ? [y, x] : [x, y];
  const stored = parts.map((part) => storedPart(part, isTurned));
  const rows = unionOf(stored.map(({ across }) => readSpan(across)));
  const read = unionOf(stored.map(({ along }) => readSpan(along)));
  const start = alongRows.isReversed ? alongRows.size - read.start - read.length : read.start;
  const columns = { start, length: read.length };

  const tables = stored.map(({ along }) =>
    alongTable(along, start, alongRows.size, alongRows.isReversed, isTurned),
  );
  const takeRing = (rowBytes: number, ringRows: number): Ring => ({
    // A row may begin with a number too many, before its own.
    at: arena.take(VECTOR_BYTES + ringRows * rowBytes) + VECTOR_BYTES,
    rowBytes,
    rows: ringRows,
  });
  const row = takeRing(3 * PLANE_BYTES, 1).at;
  const taps = stored.map(({ across }) => mostTaps(across));
  const storedRing = isTurned ? takeRing(3 * PLANE_BYTES, Math.max(...taps)) : null;

  const partPlans = stored.map(({ along, across }, index): PartPlan => {
    const { numbers, vectors, from, end } = tables[index]!;
    const outColumns = along.wanted.length;
    const ring = storedRing ?? takeRing(roundUp(outColumns * 6, CHUNK_BYTES) + CHUNK_BYTES, taps[index]!);
    const targetBytes = outColumns * across.wanted.length * 3;
    return {
      along: { table: arena.put(numbers), columns: outColumns, vectors, from, bytes: end - from },
      across: acrossPass(across, ring, !isTurned, arena),
      ring,
      target: arena.take(targetBytes + CHUNK_BYTES),
      targetBytes,
    };
  });
  return {
    key,
    isTurned,
    isRowReversed: acrossRows.isReversed,
    rows,
    storedRows: acrossRows.size,
    columns,
    row,
    parts: partPlans,
    ring: storedRing,
  };
}

function storedPart(part: ResizedPart, isTurned: boolean): StoredPart {
  const x = {
    span: part.across,
    coefficients: getAxisCoefficients(part.across.length, part.outWidth),
    wanted: part.columns,
  };
  const y = {
    span: part.down,
    coefficients: getAxisCoefficients(part.down.length, part.outHeight),
    wanted: part.rows,
  };
  return isTurned ? { along: y, across: x } : { along: x, across: y };
}

/** Positions of the upright axis that a part reads. */
function readSpan({ span, coefficients, wanted }: PartAxis): Span {
  const { start, length } = inputSpan(coefficients, wanted);
  return { start: span.start + start, length };
}

function unionOf(spans: readonly Span[]): Span {
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.start + span.length));
  return { start, length: end - start };
}

function mostTaps({ coefficients: { taps }, wanted: { start, length } }: PartAxis): number {
  return taps.subarray(start, start + length).reduce((most, count) => Math.max(most, count), 1);
}

/**
 * A table of filterAlong. Where the picture is mirrored along its rows, so are weights and positions.
 *
 * @param firstColumn the stored column that a converted row begins with
 * @returns the table, and which bytes of a plane it reads, in whole chunks
 */
function alongTable(
  axis: PartAxis,
  firstColumn: number,
  storedColumns: number,
  isReversed: boolean,
  isLast: boolean,
): { numbers: Int32Array; vectors: number; from: number; end: number } {
  const { first, taps, weights, stride } = axis.coefficients;
  const vectors = Math.ceil(mostTaps(axis) / NUMBERS);
  const entry = 4 + vectors * NUMBERS;
  const numbers = new Int32Array(axis.wanted.length * entry);
  const halves = new Int16Array(numbers.buffer);
  let [from, end] = [Infinity, 0];
  for (let column = 0; column < axis.wanted.length; column += 1) {
    const out = axis.wanted.start + column;
    const count = taps[out]!;
    const begin = axis.span.start + first[out]!;
    const low = ((isReversed ? storedColumns - begin - count : begin) - firstColumn) * 2;
    from = Math.min(from, low);
    end = Math.max(end, low + vectors * VECTOR_BYTES);
    let sum = 0;
    for (let tap = 0; tap < count; tap += 1) {
      const weight = weights[out * stride + (isReversed ? count - 1 - tap : tap)]!;
      const inEmbedding = tap % NUMBERS;
      // Eight low parts and eight high ones by turns.
      const at = (column * entry + 4 + tap - inEmbedding) * 2 + inEmbedding;
      halves[at] = weight & LOW_MASK;
      halves[at + NUMBERS] = weight >> LOW_BITS;
      sum += weight;
    }
    numbers.set([low, beginOf(sum, isLast)], column * entry);
  }
  return {
    numbers,
    vectors,
    from: Math.floor(from / CHUNK_BYTES) * CHUNK_BYTES,
    end: roundUp(end, CHUNK_BYTES),
  };
}

/** Tables of filterAcross, with the addresses at which the rows wait. */
function acrossPass(axis: PartAxis, ring: Ring, isLast: boolean, arena: Arena): AcrossPass {
  const { first, taps, weights, stride } = axis.coefficients;
  const count = axis.wanted.length;
  const pass: AcrossPass = {
    tables: new Int32Array(count),
    pairs: new Int32Array(count),
    ends: new Int32Array(count),
    first: readSpan(axis).start,
  };
  for (let index = 0; index < count; index += 1) {
    const out = axis.wanted.start + index;
    const begin = axis.span.start + first[out]!;
    const pairs = (taps[out]! + 1) >> 1;
    const table = new Int32Array(4 + pairs * 4);
    let sum = 0;
    for (let pair = 0; pair < pairs; pair += 1) {
      const tap = pair * 2;
      const isWhole = tap + 1 < taps[out]!;
      const weight = weights[out * stride + tap]!;
      const next = isWhole ? weights[out * stride + tap + 1]! : 0;
      const rows = [slotOf(ring, begin + tap), slotOf(ring, begin + tap + Number(isWhole))];
      const low = (weight & LOW_MASK) | ((next & LOW_MASK) << 16);
      const high = ((weight >> LOW_BITS) & 0xffff) | ((next >> LOW_BITS) << 16);
      table.set([...rows, low, high], 4 + pair * 4);
      sum += weight + next;
    }
    table[0] = beginOf(sum, isLast);
    pass.tables[index] = arena.put(table);
    pass.pairs[index] = pairs;
    pass.ends[index] = begin + taps[out]!;
  }
  return pass;
}

/** What a sum begins with: half a unit, the 128 that each pixel lacks, and less 128 again where it is no byte yet. */
function beginOf(weightSum: number, isLast: boolean): number {
  return (ROUNDING + MIDDLE * weightSum - (isLast ? 0 : MIDDLE * 2 ** PRECISION_BITS)) | 0;
}
