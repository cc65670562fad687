import { PROBE_PATCHES } from './colour-probe';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { packedRows, type PixelRows } from '@/lib/pixels/pixel-rows';
import { timed } from '@/lib/shared/stage-timing';
import type { ColourCoding, Triple } from '@/lib/pixels/colour';
import { copyableRect, planeRows, type CopiedFrame, type PixelRect } from '@/lib/pixels/plane-rows';
import {
  computeColourChange,
  fitColourMaking,
  recolouredRows,
  type ColourChange,
} from '@/lib/pixels/recolour';
import { recoverPlanes, sizeOfPlanes } from '@/lib/pixels/recover-planes';

type MeasureColours = () => Promise<readonly Triple[] | null>;

/** How the browser makes red, green and blue of a clip's planes, and what makes them the clip's. */
interface RgbMaking {
  making: ColourChange;
  /** Null where they are the clip's. */
  change: ColourChange | null;
}

/**
 * Reads frames as 8-bit RGB rows of the stored picture: not rotated, not stretched to square pixels.
 *
 * Frames of a decoder are copied as the planes that they are, into one buffer that is reused, and
 * converted by this project (see the note in plane-rows.ts); of red, green and blue, the planes are made again, or else
 * they are brought to the clip's colours. A canvas, whose colours are the browser's own, takes the rest: pictures of the `<video>` element and pictures that a person drops; frames whose
 * `format` is null (10-bit HDR in some browsers, mediabunny #256) or is not known here; and frames that
 * the browser will not copy.
 */
export class FramePixelReader {
  readonly #coding: ColourCoding | null;
  readonly #kernel: PixelKernel | null;
  /** Where planes are copied to, unless they lie in the kernel's memory. */
  #buffer = new Uint8Array(0);
  #canvas: OffscreenCanvasRenderingContext2D | null = null;
  readonly #measureColours: MeasureColours | null;
  /** Of frames in red, green and blue; undefined before the first. */
  #making: Promise<RgbMaking | null> | undefined;
  /** Whether they were all made of planes that come back. */
  #hasPlanes = true;

  /**
   * @param coding how the clip's frames are read; not needed for pictures
   * @param kernel of its own, which converts planes; null for the plain code
   * @param measureColours tells what this browser makes of `PROBE_PATCHES` where it hands out red, green and blue; see
   *   [Note: What colours a browser makes] in browser-colours.ts
   */
  constructor(
    coding: ColourCoding | null = null,
    kernel: PixelKernel | null = PixelKernel.create(),
    measureColours: MeasureColours | null = null,
  ) {
    this.#coding = coding;
    this.#kernel = kernel;
    this.#measureColours = measureColours;
  }

  /** The picture's rows, which are good until the next call; `source` may be closed meanwhile. */
  async read(source: VideoFrame | ImageBitmap): Promise<PixelRows> {
    if (source instanceof ImageBitmap) return this.#draw(source, source.width, source.height);
    const copied = await this.#copyPlanes(source);
    if (copied) return copied;
    const { width, height } = visibleRectOf(source);
    return this.#draw(source, width, height);
  }

  async #copyPlanes(frame: VideoFrame): Promise<PixelRows | null> {
    // The type knows fewer formats than browsers do.
    const format: string | null = frame.format;
    if (format === null) return null;
    const isRgb = /^(?:RGB|BGR)/.test(format);
    if (!isRgb && !this.#coding) return null;
    const making = isRgb ? await (this.#making ??= this.#measureMaking()) : null;
    const visible = visibleRectOf(frame);
    // Planes begin with a whole block.
    const rect = copyableRect(making ? 'I420' : format, visible);
    if (!rect) return null;
    try {
      const size = frame.allocationSize({ rect });
      if (making) this.#reservePlanes(rect);
      const bytes = this.#takeBuffer(size);
      const layout = await timed('copy', () => frame.copyTo(bytes, { rect }));
      const wanted = { ...visible, x: visible.x - rect.x, y: visible.y - rect.y };
      const copy = { format, bytes, layout, copiedWidth: rect.width, copiedHeight: rect.height, wanted };
      return making ? this.#remake(copy, making) : planeRows(copy, this.#coding, this.#kernel);
    } catch (error) {
      // The frame was closed under us: no canvas helps.
      if (error instanceof DOMException && error.name === 'InvalidStateError') throw error;
      return null;
    }
  }

  /** A frame in red, green and blue as the clip's coding has it. */
  #remake(copy: CopiedFrame, { making, change }: RgbMaking): PixelRows {
    const { copiedWidth: width, copiedHeight: height } = copy;
    if (this.#hasPlanes) {
      const whole = planeRows({ ...copy, wanted: { x: 0, y: 0, width, height } }, null);
      const planes = recoverPlanes(whole, making, this.#coding!, this.#reservePlanes({ width, height }));
      if (planes) return planeRows({ ...copy, ...planes, format: 'I420' }, this.#coding, this.#kernel);
      this.#hasPlanes = false;
    }
    const rows = planeRows(copy, null);
    return change ? recolouredRows(rows, change) : rows;
  }

  async #measureMaking(): Promise<RgbMaking | null> {
    if (!this.#coding || !this.#measureColours) return null;
    const seen = await this.#measureColours();
    const making = seen && fitColourMaking(PROBE_PATCHES, seen);
    return making && { making, change: computeColourChange(PROBE_PATCHES, making, this.#coding) };
  }

  /** Where planes are recovered to. To be called before a frame is copied, too: the kernel's memory moves as it grows. */
  #reservePlanes({ width, height }: Pick<PixelRect, 'width' | 'height'>): Uint8Array<ArrayBuffer> {
    const size = sizeOfPlanes(width, height);
    if (!this.#kernel) return new Uint8Array(size);
    const at = this.#kernel.reserve('planes', size);
    return new Uint8Array(this.#kernel.buffer, at, size);
  }

  #takeBuffer(size: number): Uint8Array<ArrayBuffer> {
    if (this.#kernel) {
      const at = this.#kernel.reserve('frame', size);
      return new Uint8Array(this.#kernel.buffer, at, size);
    }
    if (this.#buffer.byteLength < size) this.#buffer = new Uint8Array(size);
    return this.#buffer;
  }

  #draw(source: VideoFrame | ImageBitmap, width: number, height: number): PixelRows {
    let context = this.#canvas;
    if (context?.canvas.width !== width || context.canvas.height !== height) {
      context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      if (!context) throw new Error('This browser has no 2D canvas in workers.');
      this.#canvas = context;
    }
    context.globalCompositeOperation = 'copy';
    context.drawImage(source, 0, 0, width, height);
    return packedRows(context.getImageData(0, 0, width, height).data, width, height);
  }
}

function visibleRectOf({ visibleRect, codedWidth, codedHeight }: VideoFrame) {
  const { x, y, width, height } = visibleRect ?? { x: 0, y: 0, width: codedWidth, height: codedHeight };
  return { x, y, width, height };
}
