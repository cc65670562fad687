import type { Calibration } from '@/lib/clip/calibration';
import type { LoadedModel } from '@/lib/clip/clip-encoder';
import type { FramesiftServices } from '@/lib/ingest/services';
import { promptsFor } from '@/lib/query/prompts';
import { withTimeout } from '@/lib/shared/async';
import { meanDirection } from '@/lib/shared/vectors';
import { backgroundVectors } from './background';

/** What a person asks: words, or a picture that the frames shall look like. */
export type Question = { kind: 'text'; text: string } | { kind: 'image'; image: Blob; name: string };

/** A question, ready to be compared with frames. */
export interface EncodedQuestion {
  modelVersion: string;
  /** Terms with unit vectors of that model version. */
  alternatives: { weight: number; vector: Float32Array<ArrayBuffer>; isPicture: boolean }[][];
  /** What tells likely matches from unlikely ones; null where nobody has measured the model for such questions. */
  calibration: Calibration | null;
  background: Float32Array<ArrayBuffer> | null;
}

/**
 * A worker that hangs is replaced long before (lib/ingest/clip-model.ts), and the question asked again
 * in the next one, which has to start the model first.
 */
const ENCODE_TIMEOUT_MS = 600_000;

/**
 * The question as a unit vector in the model's space, with what rates its matches.
 *
 * @throws FramesiftError `bad-input` for an empty question or a picture that cannot be read
 */
export async function encodeQuestion(
  services: FramesiftServices,
  model: LoadedModel,
  question: Question,
): Promise<EncodedQuestion> {
  const { modelVersion, calibration } = model;
  if (question.kind === 'image') {
    const pixels = await services.video.prepareImage(question.image, model.config.resize);
    const vector = await withTimeout(services.clip.encodeImages([pixels]), ENCODE_TIMEOUT_MS, 'The model');
    // The calibration is of words: two pictures lie much closer to each other than a picture to a text.
    const alternatives = [[{ weight: 1, vector, isPicture: true }]];
    return { modelVersion, alternatives, calibration: null, background: null };
  }
  const vectors = await withTimeout(
    services.clip.encodeTexts(promptsFor(question.text)),
    ENCODE_TIMEOUT_MS,
    'The model',
  );
  const vector = meanDirection(vectors, model.config.embeddingDimension);
  const alternatives = [[{ weight: 1, vector, isPicture: false }]];
  if (!calibration) return { modelVersion, alternatives, calibration: null, background: null };
  const background = await withTimeout(
    backgroundVectors(services, model, calibration.phrases),
    ENCODE_TIMEOUT_MS,
    'The model',
  );
  return { modelVersion, alternatives, calibration, background };
}
