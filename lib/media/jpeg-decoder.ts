import { VideoSample } from 'mediabunny';
import type { FrameDecoder, OpenDecoder } from './frame-decoder';
import type { ColourCoding } from '@/lib/pixels/colour';
import { completeJpeg } from './demux/jpeg';

/** JFIF: BT.601 over all numbers. */
export const JPEG_COLOURS: ColourCoding = { matrix: 'bt601', isFullRange: true };

/** Stands where a codec of WebCodecs would; nothing asks a browser for it. */
export function jpegConfig(size: { width: number; height: number }): VideoDecoderConfig {
  return { codec: 'jpeg', codedWidth: size.width, codedHeight: size.height };
}

/** The codec's name, as clips carry it. */
export const MOTION_JPEG = 'Motion JPEG';

/** Whether a track's packets are whole JPEG pictures, which those of Motion JPEG B are not. */
export function isMovingJpeg(codec: string, firstPacket: Uint8Array | undefined): boolean {
  return codec === MOTION_JPEG && firstPacket?.[0] === 0xff && firstPacket[1] === 0xd8;
}

/** Whether this browser decodes JPEG pictures where no page is, in a worker. */
export function canDecodeJpeg(): boolean {
  return typeof VideoFrame !== 'undefined' && typeof createImageBitmap !== 'undefined';
}

/**
 * Decodes Motion JPEG, each packet of which is a picture, with the browser's own JPEG decoder. Of a packet that holds
 * two fields the first is shown, over the height of both.
 *
 * @param size of the whole picture
 */
export function jpegDecoder(size: { width: number; height: number }): OpenDecoder {
  return ({ onFrame, onError }) => {
    let work = Promise.resolve();
    let queueSize = 0;
    let isClosed = false;
    const isOver = (): boolean => isClosed;
    const decoder: FrameDecoder = {
      get queueSize() {
        return queueSize;
      },
      decode: ({ data, timestampUs, durationUs }) => {
        queueSize += 1;
        work = work.then(async () => {
          try {
            if (isOver()) return;
            const frame = await decodeJpeg(data, { timestamp: timestampUs, duration: durationUs }, size);
            if (isOver()) frame.close();
            else onFrame(new VideoSample(frame), timestampUs);
          } catch (error) {
            onError(error);
          } finally {
            queueSize -= 1;
          }
        });
      },
      flush: () => work,
      close: () => {
        isClosed = true;
      },
    };
    return Promise.resolve(decoder);
  };
}

type FrameTiming = Pick<VideoFrameInit, 'timestamp' | 'duration'>;

async function decodeJpeg(
  data: Uint8Array,
  timing: FrameTiming,
  size: { width: number; height: number },
): Promise<VideoFrame> {
  const image = await decodePicture(completeJpeg(data));
  try {
    const isField = size.height >= pictureHeight(image) * FIELD_RATIO;
    const shape = isField ? { displayWidth: size.width, displayHeight: size.height } : {};
    return new VideoFrame(image, { ...timing, ...shape });
  } finally {
    image.close();
  }
}

/** A picture of half the height, give or take rows that were added to fill blocks. */
const FIELD_RATIO = 1.5;

const pictureHeight = (image: VideoFrame | ImageBitmap): number =>
  'displayHeight' in image ? image.displayHeight : image.height;

/** By ImageDecoder, which gives the planes that the file holds; where a browser has none, as a bitmap. */
async function decodePicture(data: Uint8Array): Promise<VideoFrame | ImageBitmap> {
  // A view of shared memory is refused; packets never are one.
  const bytes = data as Uint8Array<ArrayBuffer>;
  if (typeof ImageDecoder === 'undefined')
    return createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
  const decoder = new ImageDecoder({ data: bytes, type: 'image/jpeg' });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}
