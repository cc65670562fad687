import type { FrameRequest, ResizeSpec } from '@/lib/shared/frames';

/** What is known of one of a file's video tracks before one is chosen. */
export interface VideoTrackFacts {
  /** From 0, in the file's order. */
  index: number;
  /** The codec as people call it. */
  codec: string;
  /** Upright size in square pixels. */
  width: number;
  height: number;
  /** Whether WebCodecs of this browser decodes it. */
  isDecodable: boolean;
  /** Whether it has more than one picture: a cover or a title has one. */
  moves: boolean;
}

/** What is known of a clip before a frame of it is decoded. */
export interface ClipFacts {
  /** "MP4", "QuickTime", "WebM", "Matroska", "MPEG-TS", "AVI" or "FLV". */
  container: string;
  /** The codec as people call it: "H.264", "VP9". */
  codec: string;
  /** The codec as WebCodecs calls it: "avc1.64001f". Null for a codec that has no such name. */
  codecString: string | null;
  /** Size of the upright picture in square pixels. */
  width: number;
  height: number;
  /** Clockwise turn that makes the stored frames upright. */
  rotationDegrees: 0 | 90 | 180 | 270;
  /** From the first frame that is shown to the end of the last one. */
  durationMs: number;
  /** The container's time of the first frame that is shown, which is 0 ms in clip time. */
  startMs: number;
  /** Measured on the first frames, since containers' own claims are not to be trusted. Null for a single frame. */
  averageFrameRate: number | null;
  bytes: number;
  hasAudio: boolean;
  /** Index in `videoTracks` of the track that is read. */
  videoTrack: number;
  /** All video tracks of the file; empty where only a player knows. */
  videoTracks: VideoTrackFacts[];
  /** Whether WebCodecs of this browser decodes the clip. */
  decodable: boolean;
  /** A sentence for the person about what is wrong with the clip, which may be decodable in part. */
  problem?: string;
}

/** A clip's picture on its card. */
export interface ClipPreview {
  thumbnail: Uint8Array<ArrayBuffer>;
  timestampMs: number;
  /** Upright size of the frame in the clip. */
  width: number;
  height: number;
}

/** How pictures of frames are written. */
export interface StillOptions {
  type: 'image/jpeg' | 'image/png' | 'image/webp';
  /** 0…1; PNG has none. */
  quality: number;
  /** Longest side in pixels that larger pictures are scaled down to; the clip's full size without it. */
  maxSide?: number;
}

/** A frame as a picture file, upright and in square pixels, or why there is none. */
export type Still =
  | { blob: Blob; width: number; height: number; timestampMs: number }
  | { blob: null; reason: string; timestampMs: number };

/** A stretch of a clip, from its start on, in milliseconds. */
export interface TimeSpan {
  startMs: number;
  endMs: number;
}

/** A picture out of a player. Whoever receives the bitmap must close it. */
export interface GrabbedFrame {
  bitmap: ImageBitmap;
  /** The moment that was asked for, in whole milliseconds of clip time. */
  timestampMs: number;
}

/** Frames to decode and prepare. Timestamps rise; a job that goes on after an interruption brings what is left. */
export interface FrameJob {
  requests: FrameRequest[];
  resize: ResizeSpec;
  /** Frames in a batch. */
  batchSize: number;
  /** Gives each frame a picture of its own, however alike they are; see [Note: Pictures that did not change]. */
  embedsEveryFrame?: boolean;
}

/** A player on the page; see lib/media/element-frames.ts. */
export type GrabFrame = (timestampMs: number) => Promise<GrabbedFrame>;

/** How a clip's frames are chosen before anyone asks a question. */
export type Sampling = (
  | { kind: 'rate'; /** More than 0; a fraction is one frame every few seconds. */ framesPerSecond?: number }
  | { kind: 'count'; /** At least 1. */ count: number }
) & {
  /** Of each stretch the key frame nearest to its middle, and none where it has none (lib/media/key-frames.ts). */
  keyFramesOnly?: true;
};

/** How a clip's frames are decoded: by WebCodecs, or by a `<video>` on the page. */
export type Decoder = 'webcodecs' | 'element';

/** A stretch of a clip as a file of its own. */
interface CutFile {
  blob: Blob;
  extension: 'mp4' | 'webm';
  /** What a person should know of it; null when there is nothing. */
  note: string | null;
}

/** One open clip, in the video worker. Any number of calls at once. */
export interface OpenedClip {
  /** Throws FramesiftError `unsupported-video` or `unreadable-video` with a sentence. */
  facts(): Promise<ClipFacts>;
  /** A telling thumbnail. */
  preview(): Promise<ClipPreview>;
  /** Frames as picture files in the order asked for; `timestampsMs` in clip time. */
  readStills(
    timestampsMs: readonly number[],
    options: StillOptions,
    signal?: AbortSignal,
    onStill?: (done: number) => void,
  ): Promise<Still[]>;
  /** Clip times of the key frames, in milliseconds, rising. A file without an index is read to its end for them. */
  keyFrames(signal: AbortSignal): Promise<Float64Array<ArrayBuffer>>;
  /** A new file with only these spans. */
  cut(
    spans: readonly TimeSpan[],
    signal?: AbortSignal,
    onProgress?: (share: number) => void,
  ): Promise<CutFile>;
  /** Decodes frames and sends them over `port` in batches, for each credit one. */
  prepareFrames(job: FrameJob, port: MessagePort, signal?: AbortSignal): Promise<void>;
}

/** What the video worker does besides open clips. */
export interface Video {
  /** As `OpenedClip.prepareFrames`, with the pictures of a player on the page. */
  prepareFramesOfPlayer(
    job: FrameJob,
    port: MessagePort,
    grab: GrabFrame,
    signal?: AbortSignal,
  ): Promise<void>;
  /** A query picture as the model's input: RGB bytes, `size`² × 3. */
  prepareImage(image: Blob, resize: ResizeSpec): Promise<Uint8Array<ArrayBuffer>>;
  /** An animated picture as a clip. */
  clipOfAnimation(file: Blob, mediaType: string, name: string): Promise<Blob>;
}
