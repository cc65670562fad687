import type { PictureSpan } from './clip-clock';

/** The time of a frame that has an embedding but no row in event_frames. */
export const UNKNOWN_TIME = -1;

/** Frames in one run of a model: int8 and fp32 graphs are both at their best from here on; larger batches only delay the first answer. */
export const DEFAULT_BATCH_SIZE = 8;

/** How a wide or tall picture is cut into pieces along its longer edge. See [Note: Views of a frame]. */
export interface ViewSpec {
  /** Pieces, evenly spaced. */
  count: number;
  /** Of the longer edge that each piece shows, 0…1. */
  share: number;
  /** Side of the square that each piece becomes, in pixels; a graph that takes several sides must allow it. */
  size: number;
}

/** What a model wants its pictures resized to. Read from the model's `preprocessor_config.json`. */
export interface ResizeSpec {
  /** Side of the model's square input, in pixels, for a picture that is not cut into views. */
  size: number;
  /**
   * `stretch` squeezes the whole frame into the square, so nothing at the edge is lost;
   * `centre-crop` scales the shorter edge to `size` and cuts the middle out (OpenAI's CLIP).
   */
  fit: 'stretch' | 'centre-crop';
  /** Only with `stretch`; absent where a picture is encoded whole. */
  views?: ViewSpec;
}

/** One chosen frame, decoded, turned upright and resized: what travels from the video to the encoder worker. */
export interface PreparedFrame {
  /** 0-based position among the clip's chosen frames; `event_frames.frame_number` is one more. */
  frameIndex: number;
  /** The moment that was asked for, in clip time, in whole milliseconds. */
  timestampMs: number;
  /** How long the picture that is on screen then stays; left out or null where nobody knows. */
  span?: PictureSpan | null;
  /** Upright size of the frame in the clip, in pixels. */
  width: number;
  height: number;
  /** What `resizeFrame` makes of it: RGB bytes, row by row, of the whole frame or of its views one after another. */
  pixels: Uint8Array<ArrayBuffer>;
  /** A small WebP picture of the frame (JPEG where the browser cannot write WebP). */
  thumbnail: Uint8Array<ArrayBuffer>;
  /**
   * Number of the picture: frames that follow each other and have the same one are embedded once, the first of them.
   * They look the same, if not to the last bit.
   */
  picture?: number;
}

/** A chosen moment of a clip: which frame it is and when. */
export interface FrameRequest {
  frameIndex: number;
  timestampMs: number;
}

/** A moment that gave no picture, and why. */
export interface FrameFailure extends FrameRequest {
  reason: string;
  /** The stretch of the clip that gives no picture; left out or null where only the moment is known. */
  span?: PictureSpan | null;
}

/** Some of a clip's chosen frames, and the moments between them that gave none. */
export interface FrameBatch {
  frames: PreparedFrame[];
  failures: FrameFailure[];
}

/** A frame with its embedding, ready to be stored. */
export interface EmbeddedFrame {
  frameIndex: number;
  timestampMs: number;
  span?: PictureSpan | null;
  width: number;
  height: number;
  thumbnail: Uint8Array<ArrayBuffer>;
  /** Unit length, 512 long. */
  embedding: Float32Array<ArrayBuffer>;
}
