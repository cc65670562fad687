import type { PictureArea } from '@/lib/ask/query-images';
import { FramesiftError } from '@/lib/shared/errors';

/** A part of a picture as a PNG of its own, at the picture's own resolution. */
export async function cropPicture(image: Blob, area: PictureArea): Promise<Blob> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(image, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new FramesiftError('bad-input', 'This picture cannot be read. Use a JPEG, PNG or WebP file.', {
      cause: error,
    });
  }
  try {
    const left = Math.floor(area.x * bitmap.width);
    const top = Math.floor(area.y * bitmap.height);
    const width = Math.max(1, Math.round(area.width * bitmap.width));
    const height = Math.max(1, Math.round(area.height * bitmap.height));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (!context) throw new FramesiftError('internal', 'This browser has no canvas to cut the picture with.');
    context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    bitmap.close();
  }
}
