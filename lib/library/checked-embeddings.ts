import type { NewFrameEmbedding } from '@/lib/ports/library';
import { embeddingToJson } from '@/lib/shared/embedding-json';
import { assertDistinctFrames, assertModelVersion, toUnitLength } from './validate';

/** An embedding that has passed every check and is ready to be written. */
export interface CheckedEmbedding {
  frameIndex: number;
  /** Unit length. */
  unit: Float32Array<ArrayBuffer>;
  json: string;
}

/** Everything about a batch that can be refused without asking the database. */
export function checkEmbeddings(
  rows: readonly NewFrameEmbedding[],
  modelVersion: string,
): CheckedEmbedding[] {
  assertModelVersion(modelVersion);
  assertDistinctFrames(rows);
  return rows.map(({ frameIndex, embedding }) => {
    const unit = toUnitLength(embedding);
    return { frameIndex, unit, json: embeddingToJson(unit) };
  });
}
