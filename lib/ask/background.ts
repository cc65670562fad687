import type { QuestionModel, QuestionServices } from './question';

/** Phrases that are encoded at once: a padded batch of more takes more memory than it saves time. */
const PHRASES_PER_RUN = 64;

/** By model version; a failed run is forgotten, so that the next question tries again. */
const encoded = new Map<string, Promise<Float32Array<ArrayBuffer>>>();

/** Unit vectors of the calibration's phrases, row-major [phrases, dimension], encoded once a model. */
export function backgroundVectors(
  services: QuestionServices,
  model: QuestionModel,
  phrases: readonly string[],
): Promise<Float32Array<ArrayBuffer>> {
  const known = encoded.get(model.modelVersion);
  if (known) return known;
  const vectors = encodeAll(services, phrases, model.config.embeddingDimension);
  encoded.set(model.modelVersion, vectors);
  vectors.catch(() => encoded.delete(model.modelVersion));
  return vectors;
}

async function encodeAll(
  services: QuestionServices,
  phrases: readonly string[],
  dimension: number,
): Promise<Float32Array<ArrayBuffer>> {
  const all = new Float32Array(phrases.length * dimension);
  for (let start = 0; start < phrases.length; start += PHRASES_PER_RUN) {
    all.set(
      await services.clip.encodeTexts(phrases.slice(start, start + PHRASES_PER_RUN)),
      start * dimension,
    );
  }
  return all;
}
