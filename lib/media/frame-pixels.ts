import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { packedRows, type PixelRows } from '@/lib/pixels/pixel-rows';
import { timed } from '@/lib/shared/stage-timing';
import type { ColourCoding } from '@/lib/pixels/colour';
import { copyableRect, planeRows } from '@/lib/pixels/plane-rows';

/**
 * Reads frames as 8-bit RGB rows of the stored picture: not rotated, not stretched to square pixels.
 *
 * Frames of a decoder are copied as the planes that they are, into one buffer that is reused, and
 * converted by this project (see the note in plane-rows.ts). A canvas, whose colours are the browser's
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

  /**
   * @param coding how the clip's frames are read; not needed for pictures
   * @param kernel of its own, which converts planes; null for the plain code
   */
  constructor(coding: ColourCoding | null = null, kernel: PixelKernel | null = PixelKernel.create()) {
    this.#coding = coding;
    this.#kernel = kernel;
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
    const isReadable = rect !== null && (this.#coding !== null || /^(?:RGB|BGR)/.test(format));
    if (!isReadable) return null;
    try {
      const size = frame.allocationSize({ rect });
      const bytes = this.#takeBuffer(size);
      const layout = await timed('copy', () => frame.copyTo(bytes, { rect }));
      const wanted = { ...visible, x: visible.x - rect.x, y: visible.y - rect.y };
      const [copiedWidth, copiedHeight] = [rect.width, rect.height];
      return planeRows(
        { format, bytes, layout, copiedWidth, copiedHeight, wanted },
        this.#coding,
        this.#kernel,
      );
    } catch (error) {
      // The frame was closed under us: no canvas helps.
      if (error instanceof DOMException && error.name === 'InvalidStateError') throw error;
      return null;
    }
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
