import { promptsFor } from '@/lib/query/prompts';
import { meanDirection } from '@/lib/shared/vectors';
import type { LoadedModel } from '@/lib/clip/clip-encoder';
import type { FramesiftServices } from '@/lib/ingest/services';
import { withTimeout } from '@/lib/shared/async';

/** What a person asks: words, or a picture that the frames shall look like. */
export type Question = { kind: 'text'; text: string } | { kind: 'image'; image: Blob; name: string };

/** A question waits for at most one batch of frames; a worker that takes longer hangs. */
const ENCODE_TIMEOUT_MS = 120_000;

/**
 * The question as a unit vector in the model's space.
 *
 * @throws FramesiftError `bad-input` for an empty question or a picture that cannot be read
 */
export async function encodeQuestion(
  services: FramesiftServices,
  model: LoadedModel,
  question: Question,
): Promise<Float32Array<ArrayBuffer>> {
  if (question.kind === 'image') {
    const pixels = await services.video.prepareImage(question.image, model.config.resize);
    return withTimeout(services.clip.encodeImages([pixels]), ENCODE_TIMEOUT_MS, 'The model');
  }
  const vectors = await withTimeout(
    services.clip.encodeTexts(promptsFor(question.text)),
    ENCODE_TIMEOUT_MS,
    'The model',
  );
  return meanDirection(vectors, model.config.embeddingDimension);
}
