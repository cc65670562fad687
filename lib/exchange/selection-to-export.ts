import type { TimeSpan } from '@/lib/ports/media';
import type { ImageSource } from '@/lib/shared/image-source';
import type { Moment } from '@/lib/shared/clip-clock';
import type { FrameKey } from '@/lib/shared/frame-key';

export interface ExportedImage {
  /** `#1` in the question's text. */
  number: number;
  name: string;
  source: ImageSource;
  /** The picture itself; left out where it is not at hand. */
  image?: Blob;
}

export interface SelectionParameters {
  /** How many frames were asked for. */
  count: number;
  /** The part of the clip that was searched; null for all of it. */
  range: TimeSpan | null;
  pinned: FrameKey[];
  dropped: FrameKey[];
}

export interface ExportedClip {
  clipId: string;
  fileName: string | null;
  /** Of lib/ingest/start-clip.ts. */
  fingerprint: string | null;
  durationMs: number | null;
  width: number | null;
  height: number | null;
}

export interface SelectedFrame extends FrameKey, Moment {
  /** Cosine with the question, or what several terms make of it. */
  score: number;
  /** 1 is the most relevant. */
  rank: number;
  likelihood: number | null;
  strength: 'strong' | 'possible' | 'weak' | 'unrated';
  isPinned: boolean;
}

/** A stretch of a clip that answers. */
interface ClipSpan extends TimeSpan {
  clipId: string;
}

/** Frames that answer a question, with everything that led to them: what every export is made from. */
export interface SelectionToExport {
  question: { text: string; images: ExportedImage[] };
  /** Id of the strategy, see lib/select. */
  strategy: string;
  parameters: SelectionParameters;
  modelVersion: string;
  /** What the question turned out to be about; null where nothing decided it. */
  verdict: 'moment' | 'several' | 'whole' | 'perhaps' | 'absent' | null;
  /** The stretches behind the verdict; empty where there are none. */
  spans: ClipSpan[];
  /** Every clip that was searched, in the order shown. */
  clips: ExportedClip[];
  frames: SelectedFrame[];
}

/** The frames in the order of their clips, and by time in each. */
export function framesInOrder(selection: SelectionToExport): SelectedFrame[] {
  const position = new Map(selection.clips.map(({ clipId }, i) => [clipId, i]));
  return [...selection.frames].sort(
    (a, b) =>
      (position.get(a.clipId) ?? Infinity) - (position.get(b.clipId) ?? Infinity) ||
      a.timestampMs - b.timestampMs ||
      a.frameIndex - b.frameIndex,
  );
}

/** How much of a clip is kept on either side of a picked frame where no span says more. */
const CONTEXT_MS = 2000;

/**
 * What is kept on either side of a span, which begins and ends at a frame that was looked at: what it shows begins
 * some time after the frame before. A span may be one frame, and without this nothing at all.
 */
const SPAN_MARGIN_MS = 1000;

/** What of a clip shows the answer: its spans, or where there are none its picked frames, each with what is around it. */
export function matchingSpans(selection: SelectionToExport, clipId: string): TimeSpan[] {
  const spans = selection.spans.filter((span) => span.clipId === clipId);
  const around =
    spans.length > 0
      ? spans.map((span) => widen(span, SPAN_MARGIN_MS))
      : selection.frames
          .filter((frame) => frame.clipId === clipId)
          .map(({ timestampMs }) => widen({ startMs: timestampMs, endMs: timestampMs }, CONTEXT_MS));
  // What a person left out of the question stays out of the cut.
  const { range } = selection.parameters;
  return range ? around.flatMap((span) => within(span, range)) : around;
}

/** The part of a span inside a range; nothing where they only touch. */
function within(span: TimeSpan, range: TimeSpan): TimeSpan[] {
  const startMs = Math.max(span.startMs, range.startMs);
  const endMs = Math.min(span.endMs, range.endMs);
  return startMs < endMs ? [{ startMs, endMs }] : [];
}

function widen({ startMs, endMs }: TimeSpan, marginMs: number): TimeSpan {
  return { startMs: startMs - marginMs, endMs: endMs + marginMs };
}
