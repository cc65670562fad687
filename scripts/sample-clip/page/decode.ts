import { ALL_FORMATS, BlobSource, CanvasSink, Input } from 'mediabunny';
import { HEIGHT, WIDTH } from '../clip';

function readPixels(picture: CanvasImageSource): Uint8Array {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no 2D canvas.');
  context.drawImage(picture, 0, 0);
  return new Uint8Array(context.getImageData(0, 0, WIDTH, HEIGHT).data);
}

/** The pictures that a browser decodes from `file` at `seconds`, as RGBA bytes, top row first. */
export async function decodeStills(
  file: Uint8Array<ArrayBuffer>,
  seconds: readonly number[],
): Promise<Uint8Array[]> {
  const input = new Input({ source: new BlobSource(new Blob([file])), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw new Error('The file has no picture track.');
  const stills: Uint8Array[] = [];
  for await (const frame of new CanvasSink(track).canvasesAtTimestamps([...seconds])) {
    if (!frame) throw new Error(`No frame at ${seconds[stills.length] ?? '?'} s.`);
    stills.push(readPixels(frame.canvas));
  }
  return stills;
}

/** A PNG as RGBA bytes, top row first. */
export async function decodePicture(png: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const picture = await createImageBitmap(new Blob([png], { type: 'image/png' }));
  try {
    return readPixels(picture);
  } finally {
    picture.close();
  }
}
