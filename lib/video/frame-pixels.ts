/** The stored picture of a frame: not rotated, not stretched to square pixels. */
export interface FramePixels {
  /** RGBA, row by row. Belongs to the reader and is overwritten by its next read; may be longer than the picture. */
  rgba: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * Reads frames' pixels as 8-bit sRGB, into one buffer that is reused.
 *
 * `VideoFrame.copyTo` is the fast way (2 ms against 10 ms for 1080p) and spares a canvas; a canvas
 * takes what it refuses: frames whose `format` is null (10-bit HDR, mediabunny #256) and browsers that
 * copy in the frame's own format only.
 */
export class FramePixelReader {
  #buffer = new Uint8Array(0);
  #canvas: OffscreenCanvasRenderingContext2D | null = null;
  #canCopyRgba = true;

  async read(source: VideoFrame | ImageBitmap): Promise<FramePixels> {
    if (source instanceof ImageBitmap) return this.#draw(source, source.width, source.height);
    const { width, height } = source.visibleRect ?? { width: source.codedWidth, height: source.codedHeight };
    if (this.#canCopyRgba && source.format !== null) {
      try {
        const options: VideoFrameCopyToOptions = { format: 'RGBA', colorSpace: 'srgb' };
        const bytes = source.allocationSize(options);
        if (this.#buffer.byteLength < bytes) this.#buffer = new Uint8Array(bytes);
        const [plane] = await source.copyTo(this.#buffer, options);
        if (plane?.offset === 0 && plane.stride === width * 4) return { rgba: this.#buffer, width, height };
      } catch (error) {
        // The frame was closed under us: no canvas helps.
        if (error instanceof DOMException && error.name === 'InvalidStateError') throw error;
      }
      this.#canCopyRgba = false;
    }
    return this.#draw(source, width, height);
  }

  #draw(source: VideoFrame | ImageBitmap, width: number, height: number): FramePixels {
    let context = this.#canvas;
    if (context?.canvas.width !== width || context.canvas.height !== height) {
      context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      if (!context) throw new Error('This browser has no 2D canvas in workers.');
      this.#canvas = context;
    }
    context.globalCompositeOperation = 'copy';
    context.drawImage(source, 0, 0, width, height);
    return { rgba: context.getImageData(0, 0, width, height).data, width, height };
  }
}
