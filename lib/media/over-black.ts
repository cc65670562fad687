import { VideoSample } from 'mediabunny';
import type { DecoderOutput, FrameDecoder, OpenDecoder } from './frame-decoder';
import { layOverBlack, LIMITED_BLACK, type AlphaPlane } from './lay-over-black';
import type { VideoPacket } from './packet-source';

/**
 * [Note: Clear parts lie over black]
 *
 * WebM keeps the transparency of VP8 and VP9 as a second picture beside each packet, whose luma is the opacity. Under
 * what is clear, any colour may hide. Players lay the picture over black, and so does everything here: pictures for
 * the model, thumbnails, stills and cuts. mediabunny 1.61.0 joins the two in workers that it starts from `blob:`
 * URLs, which our Content Security Policy forbids, so packets come to it without transparency and a second decoder
 * takes the opacity.
 */

/** A decoder whose pictures lie over black. One for a track without transparency costs nothing more than the inner one. */
export function overBlack(open: OpenDecoder): OpenDecoder {
  return async (output) => {
    const joiner = new Joiner(output);
    const colour = await open({ onFrame: joiner.takeColour, onError: output.onError });
    let alpha: FrameDecoder | null = null;
    /** Opened at the first packet that has transparency; decoding waits for it. */
    let opening: Promise<void> | null = null;
    let isClosed = false;
    let waiting: VideoPacket[] = [];

    const openAlpha = async () => {
      const opened = await open({ onFrame: joiner.takeAlpha, onError: joiner.failAlpha });
      if (isClosed) {
        opened.close();
        return;
      }
      alpha = opened;
      const packets = waiting;
      waiting = [];
      for (const packet of packets) decodeBoth(packet);
    };
    const decodeBoth = (packet: VideoPacket) => {
      if (packet.alpha) {
        joiner.expectAlpha(packet.timestampUs);
        alpha?.decode({ ...packet, data: packet.alpha });
      }
      colour.decode(packet);
    };
    return {
      get queueSize() {
        return Math.max(colour.queueSize, alpha?.queueSize ?? 0) + waiting.length;
      },
      decode: (packet) => {
        if (packet.alpha && !alpha) opening ??= openAlpha().catch(output.onError);
        if (opening && !alpha) waiting.push(packet);
        else decodeBoth(packet);
      },
      flush: async () => {
        await opening;
        await Promise.all([colour.flush(), alpha?.flush()]);
        await joiner.flush();
      },
      close: () => {
        isClosed = true;
        joiner.close();
        colour.close();
        alpha?.close();
      },
    };
  };
}

/** Joins each picture with its opacity, whichever comes first. */
class Joiner {
  readonly #output: DecoderOutput;
  /** Times whose opacity was given to the decoder and has not come out. */
  readonly #expected = new Set<number>();
  readonly #alphas = new Map<number, VideoSample>();
  readonly #colours = new Map<number, VideoSample>();
  readonly #joining = new Set<Promise<void>>();
  #isClosed = false;

  constructor(output: DecoderOutput) {
    this.#output = output;
  }

  expectAlpha(timestampUs: number): void {
    this.#expected.add(timestampUs);
  }

  takeColour = (sample: VideoSample, timestampUs: number): void => {
    if (this.#isClosed) sample.close();
    else if (this.#alphas.has(timestampUs)) this.#join(sample, timestampUs);
    else if (this.#expected.has(timestampUs)) this.#colours.set(timestampUs, sample);
    else this.#output.onFrame(sample, timestampUs);
  };

  takeAlpha = (sample: VideoSample, timestampUs: number): void => {
    this.#expected.delete(timestampUs);
    if (this.#isClosed) {
      sample.close();
      return;
    }
    this.#alphas.get(timestampUs)?.close();
    this.#alphas.set(timestampUs, sample);
    const colour = this.#colours.get(timestampUs);
    if (colour) this.#join(colour, timestampUs);
  };

  /** Pictures are shown without their opacity rather than not at all. */
  failAlpha = (): void => {
    this.#expected.clear();
    for (const [timestampUs, colour] of this.#colours) this.#output.onFrame(colour, timestampUs);
    this.#colours.clear();
  };

  /** Ends when all pictures are out; those whose opacity did not come are given as they are. */
  async flush(): Promise<void> {
    this.failAlpha();
    for (const alpha of this.#alphas.values()) alpha.close();
    this.#alphas.clear();
    while (this.#joining.size > 0) await Promise.all(this.#joining);
  }

  close(): void {
    this.#isClosed = true;
    for (const sample of [...this.#colours.values(), ...this.#alphas.values()]) sample.close();
    this.#colours.clear();
    this.#alphas.clear();
  }

  #join(colour: VideoSample, timestampUs: number): void {
    const alpha = this.#alphas.get(timestampUs)!;
    this.#alphas.delete(timestampUs);
    this.#colours.delete(timestampUs);
    const joining = joinSamples(colour, alpha)
      .then((joined) => {
        if (this.#isClosed) joined.close();
        else this.#output.onFrame(joined, timestampUs);
      })
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#output.onError(error);
      })
      .finally(() => this.#joining.delete(joining));
    this.#joining.add(joining);
  }
}

/** Closes both. */
async function joinSamples(colour: VideoSample, alpha: VideoSample): Promise<VideoSample> {
  const [picture, opacity] = [colour.toVideoFrame(), alpha.toVideoFrame()];
  try {
    const joined = new VideoSample(await overBlackFrame(picture, opacity));
    joined.setRotation(colour.rotation);
    joined.setFlip(colour.flip);
    return joined;
  } finally {
    for (const one of [picture, opacity, colour, alpha]) one.close();
  }
}

async function overBlackFrame(picture: VideoFrame, opacity: VideoFrame): Promise<VideoFrame> {
  const plane = await readOpacity(opacity);
  const { format, displayWidth, displayHeight, timestamp, visibleRect } = picture;
  if (format !== 'I420' || !visibleRect) return drawOverBlack(picture, plane);
  const bytes = new Uint8Array(picture.allocationSize({ rect: visibleRect }));
  const layout = await picture.copyTo(bytes, { rect: visibleRect });
  const { width: codedWidth, height: codedHeight } = visibleRect;
  layOverBlack(
    bytes,
    layout,
    { width: codedWidth, height: codedHeight },
    picture.colorSpace.fullRange === true,
    plane,
  );
  return new VideoFrame(bytes, {
    format,
    layout,
    codedWidth,
    codedHeight,
    displayWidth,
    displayHeight,
    timestamp,
    ...(picture.duration === null ? {} : { duration: picture.duration }),
    colorSpace: picture.colorSpace.toJSON(),
  });
}

/** The luma of a frame, which is its first plane in every format that decoders give but red, green and blue. */
async function readOpacity(frame: VideoFrame): Promise<AlphaPlane> {
  const rect = frame.visibleRect!;
  const bytes = new Uint8Array(frame.allocationSize({ rect }));
  const [plane] = await frame.copyTo(bytes, { rect });
  const { width, height } = rect;
  const format = frame.format ?? '';
  if (plane && /^(?:RGB|BGR)[AX]$/.test(format)) {
    return {
      bytes: lumaOfGrey(bytes.subarray(plane.offset), plane.stride, rect),
      stride: width,
      width,
      height,
    };
  }
  if (!plane || !/^(?:I4\d\d|NV12)$/.test(format)) {
    throw new Error(`Opacity in the format ${frame.format} cannot be read.`);
  }
  return { bytes: bytes.subarray(plane.offset), stride: plane.stride, width, height };
}

/**
 * Luma that a browser made grey of, in the limited range as for every clip that says nothing. What it cut off was next to
 * clear or next to whole, and is taken for that.
 */
function lumaOfGrey(
  bytes: Uint8Array,
  stride: number,
  { width, height }: Pick<DOMRectReadOnly, 'width' | 'height'>,
): Uint8Array {
  const luma = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const green = bytes[y * stride + x * 4 + 1]!;
      const isCutOff = green === 0 || green === 255;
      luma[y * width + x] = isCutOff ? green : LIMITED_BLACK + Math.round((green * LIMITED_RANGE) / 255);
    }
  }
  return luma;
}

const LIMITED_RANGE = 219;

/** For formats whose planes are not known here; the colours are the browser's own. */
function drawOverBlack(picture: VideoFrame, opacity: AlphaPlane): VideoFrame {
  const { displayWidth: width, displayHeight: height, timestamp } = picture;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new Error('This browser has no 2D canvas in workers.');
  context.drawImage(picture, 0, 0, width, height);
  const image = context.getImageData(0, 0, width, height);
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = Math.floor((y * opacity.height) / height) * opacity.stride;
    for (let x = 0; x < width; x += 1, at += 4) {
      const share = opacity.bytes[row + Math.floor((x * opacity.width) / width)]! / 255;
      for (let channel = 0; channel < 3; channel += 1) image.data[at + channel]! *= share;
    }
  }
  context.putImageData(image, 0, 0);
  return new VideoFrame(context.canvas, { timestamp, alpha: 'discard' });
}
