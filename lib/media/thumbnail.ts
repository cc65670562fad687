import { timed } from '@/lib/shared/stage-timing';

/** Longest side of a stored thumbnail: sharp in a grid of four on a laptop, about 7 KB. */
export const THUMBNAIL_LONGEST_SIDE = 320;

/** How a stored picture is shown. */
export interface FrameOrientation {
  /** Clockwise turn that makes the stored picture upright. */
  rotationDegrees: 0 | 90 | 180 | 270;
  /** Mirrored left to right once it has been rotated. */
  flip: boolean;
  /** Size in square pixels before rotation. */
  displayWidth: number;
  displayHeight: number;
}

/** Upright size in square pixels. */
export function uprightSize(orientation: FrameOrientation): { width: number; height: number } {
  const { rotationDegrees, displayWidth, displayHeight } = orientation;
  return rotationDegrees % 180 === 0
    ? { width: displayWidth, height: displayHeight }
    : { width: displayHeight, height: displayWidth };
}

/** Size of the thumbnail of an upright `width`×`height` picture; small pictures are not enlarged. */
export function thumbnailSize(width: number, height: number): { width: number; height: number } {
  return fitSize(width, height, THUMBNAIL_LONGEST_SIDE);
}

/** The size scaled down, where it is larger, to a longest side of `maxSide`; never less than one pixel. */
export function fitSize(width: number, height: number, maxSide: number): { width: number; height: number } {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The largest rectangle of a picture's shape in the middle of a canvas. */
export function fitInside(
  picture: { width: number; height: number },
  canvas: { width: number; height: number },
): { x: number; y: number; width: number; height: number } {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  // A pixel of rounding is no bar.
  const width = canvas.width - picture.width * scale < 2 ? canvas.width : Math.round(picture.width * scale);
  const height =
    canvas.height - picture.height * scale < 2 ? canvas.height : Math.round(picture.height * scale);
  return { x: (canvas.width - width) / 2, y: (canvas.height - height) / 2, width, height };
}

/**
 * Fills a context's canvas with a picture turned upright.
 *
 * @param area part of the canvas to fill, all of it unless told; the rest becomes black
 */
export function drawUpright(
  context: OffscreenCanvasRenderingContext2D,
  source: VideoFrame | ImageBitmap,
  orientation: FrameOrientation,
  area = { x: 0, y: 0, width: context.canvas.width, height: context.canvas.height },
): void {
  const { width, height } = area;
  const turned = orientation.rotationDegrees % 180 !== 0;
  const [drawnWidth, drawnHeight] = turned ? [height, width] : [width, height];
  context.resetTransform();
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.imageSmoothingQuality = 'high';
  context.translate(area.x + width / 2, area.y + height / 2);
  if (orientation.flip) context.scale(-1, 1);
  context.rotate((orientation.rotationDegrees * Math.PI) / 180);
  context.drawImage(source, -drawnWidth / 2, -drawnHeight / 2, drawnWidth, drawnHeight);
}

/** How thumbnails are encoded: JPEG, as WebP takes a browser six times as long for a third less (decision 056). */
export const THUMBNAIL_ENCODING = { type: 'image/jpeg', quality: 0.7 } as const;

/**
 * Makes upright thumbnails. Any number may be written at once: the browser encodes them beside this thread, each from a
 * canvas of its own, which is used again once it has been encoded.
 */
export class ThumbnailWriter {
  #free: OffscreenCanvasRenderingContext2D[] = [];

  /** Draws the picture, with the browser's colours and resampling. */
  async write(
    source: VideoFrame | ImageBitmap,
    orientation: FrameOrientation,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const upright = uprightSize(orientation);
    const { width, height } = thumbnailSize(upright.width, upright.height);
    const context = this.#takeContext(width, height);
    drawUpright(context, source, orientation);
    return this.#encode(context);
  }

  /** Takes a picture that is upright and small already. @param rgb its bytes, row by row */
  async writePixels(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
    const context = this.#takeContext(width, height);
    const image = context.createImageData(width, height);
    const { data } = image;
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
      data[to] = rgb[from]!;
      data[to + 1] = rgb[from + 1]!;
      data[to + 2] = rgb[from + 2]!;
      data[to + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return this.#encode(context);
  }

  #takeContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
    const free = this.#free.pop();
    if (free?.canvas.width === width && free.canvas.height === height) return free;
    // Pictures have another size from here on.
    this.#free = [];
    const made = new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
    if (!made) throw new Error('This browser has no 2D canvas in workers.');
    return made;
  }

  async #encode(context: OffscreenCanvasRenderingContext2D): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await timed('thumbnail', () => this.#encodeCanvas(context.canvas));
    this.#free.push(context);
    return bytes;
  }

  async #encodeCanvas(canvas: OffscreenCanvas): Promise<Uint8Array<ArrayBuffer>> {
    const blob = await canvas.convertToBlob(THUMBNAIL_ENCODING);
    return new Uint8Array(await blob.arrayBuffer());
  }
}
