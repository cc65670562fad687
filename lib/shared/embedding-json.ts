import { FramesiftError } from './errors';

/** Nine significant digits tell every float32 from its neighbours (IEEE 754: ceil(1 + 24 · log10 2)). */
const MAX_DIGITS = 9;

/** Where the search for the fewest digits starts: half of the values of an embedding need exactly 8. */
const LIKELY_DIGITS = 8;

const MANTISSA_MASK = 0x7fffff;

/**
 * An embedding as a JSON array, each number with the fewest significant digits that read back to exactly
 * the same float32. A 512-long embedding takes about 6 KB, against 10.8 KB of full doubles.
 */
export function embeddingToJson(embedding: Float32Array): string {
  const bits = new Uint32Array(embedding.buffer, embedding.byteOffset, embedding.length);
  let json = '[';
  for (let i = 0; i < embedding.length; i++) {
    if (i > 0) json += ',';
    json += float32ToJson(embedding[i]!, bits[i]!);
  }
  return json + ']';
}

/**
 * The nearest decimal of n + 1 digits is at least as near as that of n digits, so once n digits read back,
 * more do too, and the search may walk down from a likely number. The one exception is a power of
 * two, whose neighbour below is twice as near as the one above: there it starts at one digit.
 */
function float32ToJson(value: number, bits: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (!Number.isFinite(value))
    throw new FramesiftError('bad-input', 'An embedding holds a value that is no number.');
  const isPowerOfTwo = (bits & MANTISSA_MASK) === 0;
  const size = Math.abs(value);
  if (!isPowerOfTwo && size >= SMALLEST_BY_INTEGERS && size < 1) return fractionToJson(value, size);
  if (isPowerOfTwo) {
    for (let digits = 1; digits < MAX_DIGITS; digits++) {
      const text = value.toPrecision(digits);
      if (Math.fround(Number(text)) === value) return text;
    }
    return value.toPrecision(MAX_DIGITS);
  }
  let shortest: string | undefined;
  for (let digits = LIKELY_DIGITS; digits > 0; digits--) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) !== value) break;
    shortest = text;
  }
  return shortest ?? value.toPrecision(MAX_DIGITS);
}

/**
 * [Note: Digits by integers] From here to 1, where nearly all numbers of an embedding lie, up to twelve decimals are wanted. A
 * float32 has 24 bits and 5¹² has 28, so that the product with 10¹² is exact in 53: rounding it to an integer gives the
 * very digits of `toPrecision`, in a fifth of its time.
 */
const SMALLEST_BY_INTEGERS = 1e-4;
const POWERS_OF_TEN = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent);

/** `float32ToJson` of what is no power of two and has a size from 0.0001 to 1. */
function fractionToJson(value: number, size: number): string {
  // Decimals that make eight digits.
  let decimals = size < 1e-3 ? 11 : size < 1e-2 ? 10 : size < 1e-1 ? 9 : 8;
  let digits = Math.round(size * POWERS_OF_TEN[decimals]!);
  if (Math.fround(digits / POWERS_OF_TEN[decimals]!) !== size) {
    decimals += 1;
    digits = Math.round(size * POWERS_OF_TEN[decimals]!);
  } else {
    for (; decimals > 1; decimals -= 1) {
      const fewer = Math.round(size * POWERS_OF_TEN[decimals - 1]!);
      if (Math.fround(fewer / POWERS_OF_TEN[decimals - 1]!) !== size) break;
      digits = fewer;
    }
  }
  return (value < 0 ? '-0.' : '0.') + String(digits).padStart(decimals, '0');
}

/** Reads what `embeddingToJson` or the server wrote. Throws `bad-input` for anything but `dimension` finite numbers. */
export function embeddingFromJson(text: string, dimension: number): Float32Array<ArrayBuffer> {
  const embedding = new Float32Array(dimension);
  readEmbeddingInto(embedding, 0, text, dimension);
  return embedding;
}

/** `embeddingFromJson` into `target` from `offset` on, for packing many rows into one array. */
export function readEmbeddingInto(
  target: Float32Array,
  offset: number,
  text: string,
  dimension: number,
): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FramesiftError('bad-input', 'A stored embedding is not valid JSON.', { cause });
  }
  if (!Array.isArray(parsed))
    throw new FramesiftError('bad-input', 'A stored embedding is not a JSON array.');
  const numbers = parsed as unknown[];
  if (numbers.length !== dimension) {
    throw new FramesiftError(
      'bad-input',
      `A stored embedding has ${numbers.length} numbers instead of ${dimension}.`,
    );
  }
  for (let i = 0; i < dimension; i++) {
    const value = numbers[i];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw new FramesiftError('bad-input', `A stored embedding has no usable number at position ${i}.`);
    }
    target[offset + i] = value;
  }
}
