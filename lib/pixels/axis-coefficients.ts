import type { Span } from './views';

/** Pillow's PRECISION_BITS: 8 bits of picture and 2 of head room leave 22 of 32 for coefficients. */
export const PRECISION_BITS = 32 - 8 - 2;
export const ROUNDING = 1 << (PRECISION_BITS - 1);

const BICUBIC_SUPPORT = 2;

function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/** How each output position of one axis is made of input positions. */
export interface AxisCoefficients {
  /** First input position of each output position. */
  first: Int32Array;
  /** How many input positions each output position takes. */
  taps: Int32Array;
  /** `stride` fixed-point weights for each output position; those beyond `taps` are unused. */
  weights: Int32Array;
  stride: number;
}

function computeAxisCoefficients(inSize: number, outSize: number): AxisCoefficients {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = BICUBIC_SUPPORT * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const perUnit = 1 / filterScale;
  const first = new Int32Array(outSize);
  const taps = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  for (let out = 0; out < outSize; out++) {
    const centre = (out + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), inSize) - low;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = bicubic((tap + low - centre + 0.5) * perUnit);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = sum === 0 ? exact[tap]! : exact[tap]! / sum;
      const scaled = weight * (1 << PRECISION_BITS);
      weights[out * stride + tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    first[out] = low;
    taps[out] = count;
  }
  return { first, taps, weights, stride };
}

/** A clip has one size, so one pair of tables and one for thumbnails; a few more for query pictures dropped in between. */
const MAX_CACHED_TABLES = 16;
const tables = new Map<string, AxisCoefficients>();

export function getAxisCoefficients(inSize: number, outSize: number): AxisCoefficients {
  const key = `${inSize}>${outSize}`;
  let table = tables.get(key);
  if (!table) {
    table = computeAxisCoefficients(inSize, outSize);
    if (tables.size >= MAX_CACHED_TABLES) tables.delete(tables.keys().next().value!);
    tables.set(key, table);
  }
  return table;
}

/** Positions of the input that the wanted positions of the output are made of. */
export function inputSpan({ first, taps }: AxisCoefficients, wanted: Span): Span {
  const last = wanted.start + wanted.length - 1;
  const start = first[wanted.start]!;
  return { start, length: first[last]! + taps[last]! - start };
}
