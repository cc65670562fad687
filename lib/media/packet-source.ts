/*
 * What decoding needs of a container. lib/media implements it over mediabunny; engines for other containers
 * implement it over their own demuxers. Times are microseconds of the track's own clock, as WebCodecs takes them.
 */

/** One compressed picture of a video track. */
export interface VideoPacket {
  /** Position in decode order; rises by at least one from packet to packet. */
  sequence: number;
  /** Presentation time on the track's clock; may be negative. */
  timestampUs: number;
  /** 0 where the container does not say. */
  durationUs: number;
  /** Whether the container calls it a key frame; it need not be an IDR picture. */
  isKey: boolean;
  data: Uint8Array;
  /** The picture's transparency, compressed as a picture of its own (WebM's BlockAdditional 1). */
  alpha?: Uint8Array;
}

/** The video track of a file, packet by packet in decode order. Calls may overlap. */
export interface PacketSource {
  /** The first packet of the track; null for a track without packets. */
  firstPacket: () => Promise<VideoPacket | null>;
  /**
   * The last key packet whose timestamp is at or before `timestampUs`, as far as an index or a scan can tell; the
   * track's first key packet where none is. Null for a track without key packets.
   */
  keyPacketAt: (timestampUs: number) => Promise<VideoPacket | null>;
  /** The packet that follows in decode order; null after the last. */
  nextPacket: (packet: VideoPacket) => Promise<VideoPacket | null>;
  /** Presentation times of all key packets, in decode order, without their data where the container has an index. */
  keyTimesUs(): AsyncIterable<number>;
  close: () => void;
}

/**
 * A stretch that is shown: clip time from `clipStartMs` on is media time (the track's clock) from `mediaStartMs` on.
 * An edit list of several parts gives several (ISO/IEC 14496-12, 8.6.6).
 */
export interface TimelineSegment {
  clipStartMs: number;
  mediaStartMs: number;
  durationMs: number;
}
