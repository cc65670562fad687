import type { ClipFacts } from '@/lib/ports/media';
import type { InputVideoTrack } from 'mediabunny';
import type { ColourCoding, WrittenColours } from '@/lib/pixels/colour';
import type { DecodableTrack } from './decoder-run';
import type { TimelineSegment } from './packet-source';
import type { DamageFinder } from './demux/lost-places';

/** A clip that is open for decoding. `close` it, which also stops every read and decoder on it. */
export interface OpenClip {
  /** mediabunny's track; null where it does not read the container, or reads it under another clock. */
  track: InputVideoTrack | null;
  /** What decoding needs of the track; null where this browser cannot decode it. */
  video: DecodableTrack | null;
  /** What is shown of the track, and when. */
  timeline: TimelineSegment[];
  /** The usual time from one picture to the next; null for a single one. */
  rhythmMs: number | null;
  /** Whether the file is damaged between the pictures that come on at these media times; null where nobody can tell. */
  isDamagedBetween: DamageFinder | null;
  facts: ClipFacts;
  /** How the numbers of its frames are read; null where they are no luma and chroma. */
  colourCoding: ColourCoding | null;
  /** What the file says of its colours; null where no decoder of the browser's makes any of them. */
  writtenColours: WrittenColours | null;
  close: () => void;
}
