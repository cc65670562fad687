import type * as Comlink from 'comlink';
import { FramesiftError } from '@/lib/shared/errors';
import type { PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import type { VideoService } from './video-service';

const BATCH_SIZE = 8;

/**
 * The frames on screen at rising moments of a clip, as a model gets them; nothing is stored. The video
 * worker has one job at a time: a clip that is being read is interrupted.
 *
 * @throws FramesiftError when a moment has no picture
 */
export async function prepareMoments(
  video: Pick<Comlink.Remote<VideoService>, 'openFrames' | 'nextFrames' | 'closeFrames'>,
  file: Blob,
  timestampsMs: readonly number[],
  resize: ResizeSpec,
): Promise<PreparedFrame[]> {
  const requests = timestampsMs.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
  const jobId = await video.openFrames({ decoder: 'webcodecs', file, requests, resize });
  try {
    const prepared: PreparedFrame[] = [];
    for (let isDone = requests.length === 0; !isDone;) {
      const { frames, failures, done } = await video.nextFrames(BATCH_SIZE, jobId);
      const [failure] = failures;
      if (failure) throw new FramesiftError('unreadable-video', failure.reason);
      prepared.push(...frames);
      isDone = done;
    }
    return prepared;
  } finally {
    await video.closeFrames();
  }
}
