import type { VideoCodec } from 'mediabunny';
import type { PacketSource } from '../packet-source';
import type { DamageFinder } from './lost-places';

/** How a track's packets become pictures: by WebCodecs, or each by the browser's JPEG decoder. */
export type Decoding =
  | { by: 'webcodecs'; codec: VideoCodec; config: VideoDecoderConfig }
  /** Size of the upright picture; a packet of two fields holds two pictures of half the height. */
  | { by: 'jpeg'; width: number; height: number };

/** The video track of a file in a container that mediabunny does not read. It holds no resource but the file. */
export interface DemuxedClip {
  /** "AVI" or "FLV". */
  container: string;
  /** The codec as people call it. */
  codec: string;
  /** Null where no decoder of browsers takes the codec. */
  decoding: Decoding | null;
  /** As the container says, for a clip that is not decoded; 0 where it says nothing. */
  width: number;
  height: number;
  hasAudio: boolean;
  /** When the first picture is shown, and when the last one ends, on the track's clock. */
  startUs: number;
  endUs: number;
  /** The usual time from one picture to the next; null for a single one. */
  stepUs: number | null;
  packets: PacketSource;
  /** Whether the file is damaged between the pictures that come on at these times; null where nobody can tell. */
  isDamagedBetween: DamageFinder | null;
  /** A sentence for the person about what is wrong with the file. */
  problem: string | null;
}
