import type { ResizeSpec } from '@/lib/shared/frames';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { planeRows } from '@/lib/pixels/plane-rows';
import { sizeOfPlanes } from '@/lib/pixels/recover-planes';
import { resizeFrameAndThumbnail } from '@/lib/pixels/resize';
import { thumbnailSize } from './thumbnail';

const WIDTH = 1280;
const HEIGHT = 720;
const WHOLE = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
const CODING = { matrix: 'bt709', isFullRange: false } as const;

/** As the bundled model takes them. */
const RESIZE: ResizeSpec = { size: 160, fit: 'stretch', views: { count: 2, share: 0.58, size: 128 } };
const THUMBNAIL = thumbnailSize(WIDTH, HEIGHT);

/**
 * Brings made-up planes to the sizes of a model and a thumbnail for so long, which is most of what the video worker does while a clip is read.
 *
 * @returns pictures in a second
 */
export function exercisePreprocessing(budgetMs: number): number {
  const kernel = PixelKernel.create();
  const size = sizeOfPlanes(WIDTH, HEIGHT);
  const chroma = { size: (WIDTH * HEIGHT) / 4, stride: WIDTH / 2 };
  const layout = [
    { offset: 0, stride: WIDTH },
    { offset: WIDTH * HEIGHT, stride: chroma.stride },
    { offset: WIDTH * HEIGHT + chroma.size, stride: chroma.stride },
  ];
  const startedMs = performance.now();
  let pictures = 0;
  let elapsedMs = 0;
  while (elapsedMs < budgetMs) {
    // Anew each time: a kernel's memory moves as it grows.
    const at = kernel?.reserve('frame', size);
    const bytes = kernel ? new Uint8Array(kernel.buffer, at, size) : new Uint8Array(size);
    const frame = { format: 'I420', bytes, layout, copiedWidth: WIDTH, copiedHeight: HEIGHT, wanted: WHOLE };
    resizeFrameAndThumbnail(planeRows(frame, CODING, kernel), RESIZE, THUMBNAIL);
    pictures += 1;
    elapsedMs = performance.now() - startedMs;
  }
  return (pictures * 1000) / elapsedMs;
}
