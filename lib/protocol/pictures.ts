import { FramesiftError } from '@/lib/shared/errors';

/** A frame's picture as it travels: a WebP or JPEG file. */
export interface FramePicture {
  /** 1-based, as in `event_frames`. */
  frameNumber: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Before each picture: its frame's number and its length, both u32, little-endian. */
const HEADER_BYTES = 8;

/** Pictures one after the other, each behind its header. */
export function packPictures(pictures: readonly FramePicture[]): Uint8Array<ArrayBuffer> {
  const size = pictures.reduce((sum, { bytes }) => sum + HEADER_BYTES + bytes.length, 0);
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let offset = 0;
  for (const { frameNumber, bytes } of pictures) {
    view.setUint32(offset, frameNumber, true);
    view.setUint32(offset + 4, bytes.length, true);
    packed.set(bytes, offset + HEADER_BYTES);
    offset += HEADER_BYTES + bytes.length;
  }
  return packed;
}

/** Reads what `packPictures` wrote, without copying. Throws `bad-input` where it is cut off. */
export function unpackPictures(packed: Uint8Array<ArrayBuffer>): FramePicture[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const pictures: FramePicture[] = [];
  for (let offset = 0; offset < packed.length;) {
    const start = offset + HEADER_BYTES;
    const end = start <= packed.length ? start + view.getUint32(offset + 4, true) : Infinity;
    if (end > packed.length) throw new FramesiftError('bad-input', 'The pictures are cut off at their end.');
    pictures.push({ frameNumber: view.getUint32(offset, true), bytes: packed.subarray(start, end) });
    offset = end;
  }
  return pictures;
}

/** Media type of a thumbnail by its first bytes; null for what is neither WebP nor JPEG. */
export function pictureType(bytes: Uint8Array): 'image/webp' | 'image/jpeg' | null {
  const starts = (...signature: number[]) => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  const isRiff = starts(0x52, 0x49, 0x46, 0x46);
  const isWebp = [0x57, 0x45, 0x42, 0x50].every((byte, i) => bytes[8 + i] === byte);
  return isRiff && isWebp ? 'image/webp' : null;
}
