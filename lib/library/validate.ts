import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { MODEL_VERSION_MAX_LENGTH } from './schema';

/** Largest frame_index whose frame_number (one more) still fits PostgreSQL's integer. */
const MAX_FRAME_INDEX = 2 ** 31 - 2;

/**
 * How far the squared length may be from 1 for an embedding to count as unit length already. Rounding
 * 512 numbers to float32 moves it by about 1e-7; such an embedding is stored bit for bit as it came.
 */
const UNIT_LENGTH_TOLERANCE = 1e-6;

export function badInput(message: string): FramesiftError {
  return new FramesiftError('bad-input', message);
}

export function unknownClip(clipId: string): FramesiftError {
  return new FramesiftError('unknown-clip', `There is no clip ${JSON.stringify(clipId)} in the library.`);
}

function assertFrameIndex(frameIndex: number): void {
  if (!Number.isInteger(frameIndex) || frameIndex < 0 || frameIndex > MAX_FRAME_INDEX) {
    throw badInput(`A frame index is a whole number from 0 up; ${frameIndex} is not.`);
  }
}

/** Refuses a batch that names a frame twice: which of the two should win, nobody can say. */
export function assertDistinctFrames(frames: readonly { frameIndex: number }[]): void {
  const seen = new Set<number>();
  for (const { frameIndex } of frames) {
    assertFrameIndex(frameIndex);
    if (seen.has(frameIndex)) throw badInput(`Frame index ${frameIndex} is twice in one batch.`);
    seen.add(frameIndex);
  }
}

export function assertModelVersion(modelVersion: string): void {
  if (modelVersion.trim() === '') throw badInput('A model version must not be empty.');
  // PostgreSQL counts characters, JavaScript UTF-16 units.
  if (Array.from(modelVersion).length > MODEL_VERSION_MAX_LENGTH) {
    throw badInput(`A model version has at most ${MODEL_VERSION_MAX_LENGTH} characters.`);
  }
  assertText(modelVersion, 'A model version');
}

/** PostgreSQL's text takes every character but NUL. */
export function assertText(text: string | null | undefined, what: string): void {
  if (text?.includes('\u0000')) throw badInput(`${what} must not contain a NUL character.`);
}

/** The embedding as float32 of unit length; refuses a wrong length, NaN, infinity and the zero embedding. */
export function toUnitLength(embedding: Float32Array | readonly number[]): Float32Array<ArrayBuffer> {
  if (embedding.length !== EMBEDDING_DIMENSION) {
    throw badInput(`An embedding has ${EMBEDDING_DIMENSION} numbers; this one has ${embedding.length}.`);
  }
  let squares = 0;
  for (let i = 0; i < EMBEDDING_DIMENSION; i++) {
    const value = embedding[i]!;
    if (!Number.isFinite(value))
      throw badInput(`An embedding must hold finite numbers; position ${i} has ${value}.`);
    squares += value * value;
  }
  if (squares === 0) throw badInput('An embedding must not be all zeros: it has no direction to compare.');
  if (!Number.isFinite(squares)) throw badInput('The numbers of an embedding are too large to normalise.');
  const unit = Float32Array.from(embedding);
  if (Math.abs(squares - 1) <= UNIT_LENGTH_TOLERANCE) return unit;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < EMBEDDING_DIMENSION; i++) unit[i] = embedding[i]! * scale;
  return unit;
}
