import type { VideoTrackFacts } from '@/lib/ports/media';

/**
 * The track that is read where nobody chose: the first that is decodable and moves. Where none is, the first that
 * moves, so that its codec is named; else the first that is decodable, a clip of one picture. Null where all are
 * pictures that only look like tracks, such as the cover of a song.
 */
export function chooseTrack(tracks: readonly VideoTrackFacts[]): VideoTrackFacts | null {
  return (
    tracks.find(({ isDecodable, moves }) => isDecodable && moves) ??
    tracks.find(({ moves }) => moves) ??
    tracks.find(({ isDecodable }) => isDecodable) ??
    null
  );
}

/** "2 of 3 (H.264, 1920 × 1080)": the track as a list of tracks shows it. */
export function describeTrack(track: VideoTrackFacts, count: number): string {
  const about = track.moves ? track.codec : `${track.codec}, one picture`;
  return `${track.index + 1} of ${count} (${about}, ${track.width} × ${track.height})`;
}

/** A sentence about the tracks that were passed over; null where the first was taken or there is one only. */
export function explainTrack(taken: number, tracks: readonly VideoTrackFacts[]): string | null {
  const before = tracks.slice(0, taken);
  if (before.length === 0) return null;
  const reasons = before.map(({ index, codec, isDecodable, moves }) => {
    const reason = !moves
      ? 'is a single picture'
      : isDecodable
        ? 'was not chosen'
        : `is ${codec}, which this browser cannot decode`;
    return `track ${index + 1} ${reason}`;
  });
  const list = reasons.join('; ');
  return `Track ${taken + 1} is read: ${list}.`;
}
