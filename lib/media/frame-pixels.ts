import { PROBE_PATCHES } from './colour-probe';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { packedRows, type PixelRows } from '@/lib/pixels/pixel-rows';
import { timed } from '@/lib/shared/stage-timing';
import type { ColourCoding, Triple } from '@/lib/pixels/colour';
import { copyableRect, planeRows } from '@/lib/pixels/plane-rows';
import { computeColourChange, recolouredRows, type ColourChange } from '@/lib/pixels/recolour';

type MeasureColours = () => Promise<readonly Triple[] | null>;

/**
 * Reads frames as 8-bit RGB rows of the stored picture: not rotated, not stretched to square pixels.
 *
 * Frames of a decoder are copied as the planes that they are, into one buffer that is reused, and
 * converted by this project (see the note in plane-rows.ts); red, green and blue are brought to the clip's colours. A canvas, whose colours are the browser's
 * own, takes the rest: pictures of the `<video>` element and pictures that a person drops; frames whose
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
  /** What frames without planes need; undefined before the first. */
  #change: Promise<ColourChange | null> | undefined;

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
    const visible = visibleRectOf(frame);
    const rect = copyableRect(format, visible);
    const isRgb = /^(?:RGB|BGR)/.test(format);
    const isReadable = rect !== null && (this.#coding !== null || isRgb);
    if (!isReadable) return null;
    try {
      const size = frame.allocationSize({ rect });
      const bytes = this.#takeBuffer(size);
      const layout = await timed('copy', () => frame.copyTo(bytes, { rect }));
      const wanted = { ...visible, x: visible.x - rect.x, y: visible.y - rect.y };
      const [copiedWidth, copiedHeight] = [rect.width, rect.height];
      const rows = planeRows(
        { format, bytes, layout, copiedWidth, copiedHeight, wanted },
        this.#coding,
        this.#kernel,
      );
      if (!isRgb) return rows;
      this.#change ??= this.#changeOfRgb();
      const change = await this.#change;
      return change ? recolouredRows(rows, change) : rows;
    } catch (error) {
      // The frame was closed under us: no canvas helps.
      if (error instanceof DOMException && error.name === 'InvalidStateError') throw error;
      return null;
    }
  }

  async #changeOfRgb(): Promise<ColourChange | null> {
    if (!this.#coding || !this.#measureColours) return null;
    const seen = await this.#measureColours();
    return seen && computeColourChange(PROBE_PATCHES, seen, this.#coding);
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
