import { receiveBatches } from '@/lib/rpc/job-port';
import type { FrameBatch } from '@/lib/shared/frames';

/** Batches that are decoded or wait while one is embedded and one is written, in whichever worker they are. */
const BATCHES_AHEAD = 2;

/** Decoding a batch takes seconds at worst; longer means that the video worker is stuck. */
const BATCH_TIMEOUT_MS = 90_000;

/** A clip's frames as the video worker sends them, see [Note: A job is one port] in lib/rpc/job-port.ts. */
export function receiveFrames(
  port: MessagePort,
  signal?: AbortSignal,
): AsyncGenerator<FrameBatch, void, undefined> {
  return receiveBatches<FrameBatch>(port, {
    ahead: BATCHES_AHEAD,
    batchMs: BATCH_TIMEOUT_MS,
    producer: 'The video decoder',
    signal,
  });
}
