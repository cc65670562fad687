import type { LoadOptions } from '@/lib/ports/encoder';
import type { ClipFacts, Decoder, OpenedClip, Sampling } from '@/lib/ports/media';
import { DEFAULT_FRAMES_PER_SECOND, divideClip } from '@/lib/media/choose-timestamps';
import { nearestKeyFrames } from '@/lib/media/key-frames';
import { videoTrackOf } from '@/lib/media/track-choice';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameRequest } from '@/lib/shared/frames';
import { isRecord } from '@/lib/shared/guards';
import type { IngestQueue } from './ingest-queue';
import type { Library } from '@/lib/ports/library';

/**
 * The moments of a clip that are to be read, numbered.
 *
 * @param keyFramesMs clip times of its key frames, rising; asked for where `sampling` takes them alone
 */
export function planFrames(
  durationMs: number,
  sampling: Sampling,
  keyFramesMs: ArrayLike<number> = [],
): FrameRequest[] {
  const { timestampsMs, intervalMs } = divideClip({ durationMs }, sampling);
  const chosen = sampling.keyFramesOnly
    ? nearestKeyFrames(timestampsMs, intervalMs, keyFramesMs)
    : timestampsMs;
  return chosen.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
}

/**
 * The moments of a file that are to be read, with its key frames where they are asked for.
 *
 * @throws FramesiftError `unsupported-video` when no key frame lies where one is wanted, `timed-out` when finding them
 *   takes too long
 */
export async function planClip(
  openClip: StartServices['openClip'],
  file: Blob,
  durationMs: number,
  sampling: Sampling,
): Promise<FrameRequest[]> {
  if (!sampling.keyFramesOnly) return planFrames(durationMs, sampling);
  const signal = AbortSignal.timeout(KEY_FRAMES_TIMEOUT_MS);
  const keyFramesMs = await openClip(file)
    .keyFrames(signal)
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
      throw new FramesiftError(
        'timed-out',
        'Finding this clip’s key frames took too long. Read it without “Key frames alone”.',
      );
    });
  const requests = planFrames(durationMs, sampling, keyFramesMs);
  if (requests.length === 0) {
    throw new FramesiftError(
      'unsupported-video',
      'This clip has no key frames that could be read alone. Read it without “Key frames alone”.',
    );
  }
  return requests;
}

/** Tells whether a value says how to sample a clip; `framesPerSecond` must be there. */
function isSampling(value: unknown): value is Sampling {
  if (!isRecord(value)) return false;
  const { kind, framesPerSecond, count, keyFramesOnly } = value;
  if (keyFramesOnly !== undefined && keyFramesOnly !== true) return false;
  if (kind === 'rate') return Number.isFinite(framesPerSecond) && (framesPerSecond as number) > 0;
  return kind === 'count' && Number.isSafeInteger(count) && (count as number) > 0;
}

/** The sampling that a clip's row says it was read with; one frame a second where it says nothing readable. */
export function parseSampling(json: string | null): Sampling {
  const fallback: Sampling = { kind: 'rate', framesPerSecond: DEFAULT_FRAMES_PER_SECOND };
  try {
    const sampling: unknown = JSON.parse(json ?? '');
    return isSampling(sampling) ? sampling : fallback;
  } catch {
    return fallback;
  }
}

/** What the start of a clip needs. */
export interface StartServices {
  readonly database: Pick<Library, 'createClip' | 'storeClipFile'>;
  openClip(file: Blob): Pick<OpenedClip, 'keyFrames'>;
}

export interface StartOptions {
  file: File;
  facts: Pick<ClipFacts, 'durationMs' | 'startMs' | 'width' | 'height' | 'bytes'>;
  /** Of `fingerprintFile`. */
  fingerprint: string;
  sampling: Sampling;
  decoder: Decoder;
  model: LoadOptions;
}

/** A file without an index is read to its end: 4 GB at 40 MB a second. */
const KEY_FRAMES_TIMEOUT_MS = 100_000;

/** Most of a file that is read to recognise it again: enough for headers and tables of every container. */
const FINGERPRINT_BYTES = 1024 * 1024;

/** SHA-256 of a file's length, first and last megabyte, in hex: recognises the same file when opened again. */
export async function fingerprintFile(file: Blob): Promise<string> {
  const parts = new Blob([
    String(file.size),
    file.slice(0, FINGERPRINT_BYTES),
    file.slice(Math.max(0, file.size - FINGERPRINT_BYTES)),
  ]);
  const digest = await crypto.subtle.digest('SHA-256', await parts.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Makes the clip's row, puts it into the queue and keeps a copy of its file, so that it can be played
 * and gone on with after a reload.
 *
 * @returns the id of the clip
 */
export async function startClip(
  services: StartServices,
  queue: Pick<IngestQueue, 'add'>,
  { file, facts, fingerprint, sampling, decoder, model }: StartOptions,
): Promise<string> {
  const requests = await planClip((clip) => services.openClip(clip), file, facts.durationMs, sampling);
  const { id: clipId } = await services.database.createClip({
    timestamp: new Date(file.lastModified),
    description: file.name,
    sourceType: 'upload',
    fileName: file.name,
    fileBytes: facts.bytes,
    fileFingerprint: fingerprint,
    durationMs: Math.round(facts.durationMs),
    width: facts.width,
    height: facts.height,
    framesPlanned: requests.length,
    sampling: JSON.stringify(sampling),
    playerStartMs: facts.startMs,
    videoTrack: videoTrackOf(file),
  });
  queue.add({ clipId, file, requests, decoder, model, isNew: true });
  // Playing after a reload is a comfort; a clip that does not fit is read all the same.
  void services.database.storeClipFile(clipId, file).catch(() => null);
  return clipId;
}
