import { FramesiftError } from '@/lib/shared/errors';
import type { FrameBatch, FrameFailure, PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import type { FrameJob } from './video-service';

const BATCH_SIZE = 8;

/** What is needed of the video worker. */
interface FramePreparer {
  openFrames: (job: FrameJob) => Promise<number>;
  nextFrames: (count: number, jobId: number) => Promise<FrameBatch>;
}

/**
 * The frames on screen at rising moments of a clip, as a model gets them; nothing is stored. The video
 * worker has one job at a time: a clip that is being read is interrupted.
 *
 * @throws FramesiftError when a moment has no picture, or `cancelled` when another job began meanwhile
 */
export async function prepareMoments(
  video: FramePreparer,
  file: Blob,
  timestampsMs: readonly number[],
  resize: ResizeSpec,
): Promise<PreparedFrame[]> {
  const requests = timestampsMs.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
  const jobId = await video.openFrames({ decoder: 'webcodecs', file, requests, resize });
  const prepared: PreparedFrame[] = [];
  const failed: FrameFailure[] = [];
  // Pulled to its end, a job closes its clip by itself.
  for (let isDone = false; !isDone;) {
    const { frames, failures, done } = await video.nextFrames(BATCH_SIZE, jobId);
    prepared.push(...frames);
    failed.push(...failures);
    isDone = done;
  }
  const [failure] = failed;
  if (failure) throw new FramesiftError('unreadable-video', failure.reason);
  return prepared;
}
