import type { FrameJob, GrabFrame } from '@/lib/ports/media';
import { resizeFrame } from '@/lib/pixels/resize';
import { serve, transfer } from '@/lib/rpc/remote';
import { FramesiftError } from '@/lib/shared/errors';
import type { ResizeSpec } from '@/lib/shared/frames';
import { clipOfAnimation } from './animation-clip';
import { FramePixelReader } from './frame-pixels';
import { tellPictureKind } from './picture-kind';
import { ClipSession } from './clip-session';
import { exercisePreprocessing } from './exercise-preprocessing';
import { picturesOfPlayer, preparedBatches, sendFrames } from './prepare-frames';

/** The first picture takes as long or longer; the next ones have the engine compile what runs often. */
const WARM_UP_MS = 200;

/** What the video worker does: clips and pictures in, small upright frames out. */
export class VideoService {
  /** Serves a session of a clip on a port. */
  openClip(file: Blob, port: MessagePort): void {
    serve(new ClipSession(file), port);
  }

  /** Answers at once, unless the worker stands in a loop. */
  pulse(): void {
    return;
  }

  /** Runs the code that every frame goes through once, so that it is compiled before a frame comes. */
  warmUp(): void {
    exercisePreprocessing(WARM_UP_MS);
  }

  /** Brings made-up pictures to the size of a model for so long, and tells how many it did in a second. */
  exercise(budgetMs: number): number {
    return exercisePreprocessing(budgetMs);
  }

  /** As `ClipSession.prepareFrames`, with the pictures of a player on the page. */
  prepareFramesOfPlayer(
    job: FrameJob,
    port: MessagePort,
    grab: GrabFrame,
    signal?: AbortSignal,
  ): Promise<void> {
    return sendFrames(port, signal, (ended) =>
      preparedBatches(picturesOfPlayer(grab, job, ended), job, ended),
    );
  }

  /** An animated picture as a clip, see [Note: Animations become clips] in lib/media/animation-clip.ts. */
  clipOfAnimation(file: Blob, mediaType: string, name: string): Promise<Blob> {
    return clipOfAnimation(file, mediaType, name);
  }

  /** A query picture as the model's input: RGB bytes, `size`² × 3. */
  async prepareImage(image: Blob, resize: ResizeSpec): Promise<Uint8Array<ArrayBuffer>> {
    const bitmap = await openImage(image);
    try {
      const pixels = resizeFrame(await new FramePixelReader().read(bitmap), resize);
      return transfer(pixels, [pixels.buffer]);
    } finally {
      bitmap.close();
    }
  }
}

/**
 * A query picture is converted and resized on this thread, 25 ms a megapixel; the browser scales one that is larger
 * down beside it. No phone's picture is touched.
 */
const MOST_IMAGE_PIXELS = 12_500_000;

/** Decodes a picture upright; a very large one is scaled down on the way. */
async function openImage(image: Blob): Promise<ImageBitmap> {
  const told = await tellPictureKind(image);
  if (told?.kind === 'animation') {
    throw new FramesiftError(
      'bad-input',
      `This is an animation (${told.name}), not one picture. Drop it on the page outside of a question to read it as a clip, or search with one of its pictures saved as PNG.`,
    );
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(image, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new FramesiftError(
      'bad-input',
      told?.kind === 'picture'
        ? `This picture (${told.name}) cannot be read by this browser. Use a JPEG, PNG or WebP file.`
        : 'This file is no picture that this browser can read. Use a JPEG, PNG or WebP file.',
      { cause: error },
    );
  }
  const excess = Math.sqrt((bitmap.width * bitmap.height) / MOST_IMAGE_PIXELS);
  if (excess <= 1) return bitmap;
  try {
    const resizeWidth = Math.floor(bitmap.width / excess);
    return await createImageBitmap(bitmap, { resizeWidth, resizeQuality: 'high' });
  } finally {
    bitmap.close();
  }
}
