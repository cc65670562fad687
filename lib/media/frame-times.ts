import type { TimeSpan } from '@/lib/ports/media';
import { isShown } from './entry-points';
import type { OpenClip } from './opened-clip';
import type { TimelineSegment } from './packet-source';
import { FrameTable } from './frame-table';
import { mediaPieces } from './timeline';

/** How far decode order and order of showing may differ, in packets. */
const MAX_REORDER = 16;

/** The clip times in a span at which its pictures are on screen: where it begins, and where each later one comes on. */
export async function listFrameTimes(clip: OpenClip, span: TimeSpan): Promise<number[]> {
  const timesMs: number[] = [];
  for (const piece of mediaPieces(clip.timeline, span)) timesMs.push(...(await listInPiece(clip, piece)));
  return timesMs;
}

async function listInPiece({ video }: OpenClip, piece: TimelineSegment): Promise<number[]> {
  const { clipStartMs, mediaStartMs, durationMs } = piece;
  const timesMs = [clipStartMs];
  if (!video) return timesMs;
  const startUs = Math.round(mediaStartMs * 1000);
  const endUs = Math.round((mediaStartMs + durationMs) * 1000);
  const table = new FrameTable();
  let packet = (await video.entries.at(startUs))?.packet ?? null;
  for (let beyond = 0; packet && beyond <= MAX_REORDER;) {
    if (isShown(packet, video.decoderConfig)) table.add(packet.timestampUs);
    if (packet.timestampUs >= endUs) beyond += 1;
    packet = await video.packets.nextPacket(packet);
  }
  for (let { nextUs } = table.at(startUs); nextUs !== null && nextUs < endUs; { nextUs } = table.at(nextUs)) {
    timesMs.push(clipStartMs + nextUs / 1000 - mediaStartMs);
  }
  return timesMs;
}
