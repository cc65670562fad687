import type { FrameJob } from '@/lib/ports/media';
import {
  DEFAULT_BATCH_SIZE,
  type FrameFailure,
  type PreparedFrame,
  type ResizeSpec,
} from '@/lib/shared/frames';
import { runJob } from '@/lib/rpc/job-port';
import { FramesiftError } from '@/lib/shared/errors';
import { receiveFrames } from '@/lib/encoder/receive-frames';

/** What is needed of a clip's session. */
interface FramePreparer {
  prepareFrames: (job: FrameJob, port: MessagePort, signal: AbortSignal) => Promise<void>;
}

/**
 * The frames on screen at rising moments of a clip, as a model gets them; nothing is stored. A clip that is being read
 * goes on meanwhile.
 *
 * @throws FramesiftError when a moment has no picture, once all of them have been looked at
 */
export function prepareMoments(
  clip: FramePreparer,
  timestampsMs: readonly number[],
  resize: ResizeSpec,
): Promise<PreparedFrame[]> {
  const requests = timestampsMs.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
  return runJob({
    produce: (port, signal) =>
      clip.prepareFrames({ requests, resize, batchSize: DEFAULT_BATCH_SIZE }, port, signal),
    consume: async (port, signal) => {
      const prepared: PreparedFrame[] = [];
      const failed: FrameFailure[] = [];
      for await (const { frames, failures } of receiveFrames(port, signal)) {
        prepared.push(...frames);
        failed.push(...failures);
      }
      const [failure] = failed;
      if (failure) throw new FramesiftError('unreadable-video', failure.reason);
      return prepared;
    },
  });
}
