import type { FrameKey } from './frame-key';

/** Where a picture that is asked with comes from. */
export type ImageSource =
  | { kind: 'picture' }
  /** A whole frame of a clip in the library: its stored embedding is taken where the model at work made it. */
  | ({ kind: 'frame'; timestampMs: number } & FrameKey)
  /** A part of a frame; position and size are shares of the frame's, 0…1. */
  | ({ kind: 'crop'; timestampMs: number; x: number; y: number; width: number; height: number } & FrameKey);
