/** Names one frame of the library. */
export interface FrameKey {
  eventId: string;
  /** 0-based position of the frame in its clip. */
  frameIndex: number;
}
