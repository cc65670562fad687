import type { FrameFailure } from '@/lib/shared/frames';
import type { Rate } from '@/lib/shared/rate-estimator';

/** Where a clip is on its way into the database. */
type IngestStage =
  /** Behind other clips. */
  | 'waiting'
  /** The model is being fetched and started. */
  | 'loading-model'
  /** Frames are being decoded, embedded and stored. */
  | 'reading'
  | 'done'
  | 'cancelled'
  | 'failed';

/** A snapshot of one clip's progress; never changed in place. */
export interface IngestStatus {
  stage: IngestStage;
  /** Frames whose embeddings are in the database, those of an earlier run included. */
  framesStored: number;
  framesTotal: number;
  rate: Rate | null;
  failures: readonly FrameFailure[];
  /** While `loading-model`: bytes so far, `totalBytes` null where the server does not say. */
  download: { loadedBytes: number; totalBytes: number | null } | null;
  /** When `failed`: a sentence for the person. */
  error: string | null;
  /** What this session's reading took, from the decoder's opening to the last stored frame. */
  elapsedMs: number | null;
}

export const WAITING: IngestStatus = {
  stage: 'waiting',
  framesStored: 0,
  framesTotal: 0,
  rate: null,
  failures: [],
  download: null,
  error: null,
  elapsedMs: null,
};

/** True while the clip is being worked on or will be. */
export function isActive(status: IngestStatus | undefined): boolean {
  return status?.stage === 'waiting' || status?.stage === 'loading-model' || status?.stage === 'reading';
}
