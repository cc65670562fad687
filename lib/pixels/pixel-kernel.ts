import { PIXEL_KERNEL_WASM } from './pixel-kernel.generated';

/**
 * [Note: Pixels in vector instructions]
 *
 * A decoded frame becomes the model's input a row at a time, in a WebAssembly memory of its own: the row's planes
 * become red, green and blue (lib/pixels/plane-rows.ts), and these go through Pillow's two passes (lib/pixels/kernel-resize.ts)
 * while they are in the processor's cache. The frame is copied straight into that memory. Every byte is the one that the
 * plain code gives (planeRows, resizeFrame), which stays for pictures that are no planes and for engines without
 * vector instructions.
 *
 * Vectors are read and written whole: what is reserved has room for one beyond its end, and rows are followed by
 * numbers that mean nothing.
 */

/** See pixel-kernel.wat. */
interface KernelFunctions {
  mixChroma: (
    near: number,
    far: number,
    count: number,
    isWide: number,
    neutral: number,
    target: number,
  ) => void;
  mixChromaPairs: (
    near: number,
    far: number,
    count: number,
    neutral: number,
    targetOfCb: number,
    targetOfCr: number,
  ) => void;
  convertRow: (
    luma: number,
    cb: number,
    cr: number,
    count: number,
    isWide: number,
    isPaired: number,
    equations: number,
    target: number,
  ) => void;
  filterAlong: (
    row: number,
    table: number,
    columns: number,
    vectors: number,
    isLast: number,
    target: number,
    step: number,
  ) => void;
  filterAcross: (
    table: number,
    pairs: number,
    from: number,
    count: number,
    isLast: number,
    target: number,
  ) => void;
}

/** What memory is reserved for: a frame as it was copied, planes made of it, what converts them, and what resizes them. */
export type KernelArea = 'frame' | 'planes' | 'conversion' | 'resize';

/** Bytes of a vector; addresses that are reserved are multiples of it. */
export const VECTOR_BYTES = 16;

/**
 * Bytes from one plane of a converted row to the next, as in pixel-kernel.wat. No multiple of 4,096: addresses that far
 * apart share a place in a processor's first cache.
 */
export const PLANE_BYTES = 16_448;

/** Pixels of a row that a plane has room for, with what vectors may read beyond its end. */
export const MAX_KERNEL_COLUMNS = 7_680;

const WASM_PAGE_BYTES = 65_536;

let compiled: WebAssembly.Module | null | undefined;

/** The compiled module; null where the engine has no vector instructions. */
function compile(): WebAssembly.Module | null {
  try {
    const bytes = Uint8Array.from(atob(PIXEL_KERNEL_WASM), (character) => character.charCodeAt(0));
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}

/** An instance of pixel-kernel.wat with a memory of its own, which is let go of with it. */
export class PixelKernel {
  readonly run: KernelFunctions;
  readonly #memory: WebAssembly.Memory;
  readonly #areas = new Map<KernelArea, { at: number; bytes: number }>();
  #end = VECTOR_BYTES;

  private constructor(module: WebAssembly.Module) {
    const { memory, ...run } = new WebAssembly.Instance(module).exports as unknown as KernelFunctions & {
      memory: WebAssembly.Memory;
    };
    this.run = run;
    this.#memory = memory;
  }

  /** Null where the engine has no vector instructions. */
  static create(): PixelKernel | null {
    compiled ??= compile();
    return compiled && new PixelKernel(compiled);
  }

  /** All of its memory. Detached when more is reserved: to be asked for again after that. */
  get buffer(): ArrayBuffer {
    return this.#memory.buffer;
  }

  /**
   * The address of an area of at least so many bytes. An area that grows moves and loses what it held; the others stay.
   * What it leaves behind is not used again, and so it grows by half at least.
   */
  reserve(area: KernelArea, bytes: number): number {
    const before = this.#areas.get(area);
    if (before && before.bytes >= bytes) return before.at;
    const wanted = before ? Math.max(bytes, Math.ceil(before.bytes * 1.5)) : bytes;
    const at = this.#end;
    this.#end = roundUp(at + wanted + 4 * VECTOR_BYTES, VECTOR_BYTES);
    const missing = this.#end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
    this.#areas.set(area, { at, bytes: wanted });
    return at;
  }
}

/** The smallest multiple of `unit` that is not below `value`. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** A picture's rows, converted by a kernel. */
export interface KernelRows {
  readonly kernel: PixelKernel;
  /**
   * Writes `count` pixels of row `y`, from `first` on, at `target`: as 16-bit numbers less 128, red, green and blue in
   * planes `PLANE_BYTES` apart. The vector before `target`, and two vectors after the row in each plane, may be
   * overwritten.
   */
  readonly convert: (y: number, first: number, count: number, target: number) => void;
}
