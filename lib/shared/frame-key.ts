/** Names one frame of the library. */
export interface FrameKey {
  clipId: string;
  /** 0-based position of the frame in its clip. */
  frameIndex: number;
}
