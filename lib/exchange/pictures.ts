import type { StillOptions } from '@/lib/ports/media';
import type { ExchangeServices } from './exchange-services';
import { throwIfCancelled } from '@/lib/shared/async';
import { aimAt } from '@/lib/shared/clip-clock';
import { isCancelled } from '@/lib/shared/errors';
import { framesInOrder, type SelectedFrame, type SelectionToExport } from './selection-to-export';

/** A frame's picture for an export. */
export interface ExportPicture {
  blob: Blob;
  width: number;
  height: number;
  /** The small stored one, because the clip's file is gone or cannot be decoded here. */
  isThumbnail: boolean;
}

/** How an export is watched and ended. */
export interface ExportTask {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** Where a clip's file is: the one just opened, or the copy that was kept; null when it is gone. */
export type FindClipFile = (clipId: string) => Promise<Blob | null>;

/**
 * Pictures of a selection's frames, one for each of `framesInOrder(selection)`, from the clips' files; the stored
 * thumbnail where that does not work; null where there is not even one.
 *
 * @throws FramesiftError `cancelled`
 */
export async function collectPictures(
  services: ExchangeServices,
  selection: SelectionToExport,
  findFile: FindClipFile,
  options: StillOptions,
  { signal, onProgress }: ExportTask,
): Promise<(ExportPicture | null)[]> {
  const frames = framesInOrder(selection);
  const pictures = new Map<SelectedFrame, ExportPicture>();
  let doneBefore = 0;
  for (const clipId of new Set(frames.map((frame) => frame.clipId))) {
    throwIfCancelled(signal);
    const ofClip = frames.filter((frame) => frame.clipId === clipId);
    const base = doneBefore;
    const decoded = await decodePictures(services, clipId, ofClip, findFile, options, {
      signal,
      onProgress: (done) => onProgress(base + done, frames.length),
    });
    decoded.forEach((picture, i) => {
      if (picture) pictures.set(ofClip[i]!, picture);
    });
    const missing = ofClip.filter((frame) => !pictures.has(frame));
    const stored = await services.database.readThumbnails(
      clipId,
      missing.map(({ frameIndex }) => frameIndex),
    );
    for (const [i, blob] of stored.entries()) {
      const picture = blob && (await readThumbnail(blob, options));
      if (picture) pictures.set(missing[i]!, picture);
    }
    doneBefore += ofClip.length;
    onProgress(doneBefore, frames.length);
  }
  throwIfCancelled(signal);
  return frames.map((frame) => pictures.get(frame) ?? null);
}

async function decodePictures(
  services: ExchangeServices,
  clipId: string,
  frames: readonly SelectedFrame[],
  findFile: FindClipFile,
  options: StillOptions,
  task: { signal: AbortSignal; onProgress: (done: number) => void },
): Promise<(ExportPicture | null)[]> {
  const none = frames.map(() => null);
  const file = await findFile(clipId).catch(() => null);
  if (!file) return none;
  try {
    const clip = services.openClip(file);
    const pictures = await clip.readStills(frames.map(aimAt), options, task.signal, task.onProgress);
    return pictures.map((picture) =>
      picture.blob
        ? { blob: picture.blob, width: picture.width, height: picture.height, isThumbnail: false }
        : null,
    );
  } catch (error) {
    if (isCancelled(error)) throw error;
    // A clip that a player alone can play, or whose file has been moved: its small pictures are there.
    return none;
  }
}

/** A thumbnail in the type that is asked for; null when it cannot be read. */
async function readThumbnail(stored: Blob, options: StillOptions): Promise<ExportPicture | null> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(stored);
  } catch {
    return null;
  }
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
    if (!context) return null;
    context.drawImage(bitmap, 0, 0);
    const blob = await context.canvas.convertToBlob({ type: options.type, quality: options.quality });
    return { blob, width, height, isThumbnail: true };
  } finally {
    bitmap.close();
  }
}
