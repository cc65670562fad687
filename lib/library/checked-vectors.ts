import type { FrameVector } from '@/lib/ports/library';
import { vectorToJson } from '@/lib/shared/vector-json';
import { assertDistinctFrames, assertModelVersion, toUnitVector } from './validate';

/** A vector that has passed every check and is ready to be written. */
export interface CheckedFrameVector {
  frameIndex: number;
  /** Unit length. */
  vector: Float32Array<ArrayBuffer>;
  json: string;
}

/** Everything about a batch that can be refused without asking the database. */
export function checkFrameVectors(rows: readonly FrameVector[], modelVersion: string): CheckedFrameVector[] {
  assertModelVersion(modelVersion);
  assertDistinctFrames(rows);
  return rows.map(({ frameIndex, embedding }) => {
    const vector = toUnitVector(embedding);
    return { frameIndex, vector, json: vectorToJson(vector) };
  });
}
