import type { Encoder, LoadedModel } from '@/lib/ports/encoder';
import type { EncodedQuestion } from '@/lib/ports/search';
import type { Library } from '@/lib/ports/library';
import type { Video } from '@/lib/ports/media';
import { parseQuery } from '@/lib/query/parse';
import { promptsFor } from '@/lib/query/prompts';
import type { TermContent } from '@/lib/query/query';
import { withTimeout } from '@/lib/shared/async';
import type { ImageSource } from '@/lib/shared/image-source';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { meanDirection } from '@/lib/shared/vectors';

/** What a person asks, in the language of lib/query/parse.ts, with the pictures that it names. */
export interface Question {
  text: string;
  images: QueryImage[];
}

/** A picture beside a question: `#1` in its text is the queryImage of number 1. */
export interface QueryImage {
  /** ≥ 1, each once in a question. */
  number: number;
  image: Blob;
  /** As a person knows it: a file's name, or which moment of a clip. */
  name: string;
  source: ImageSource;
}

/**
 * A worker that hangs is replaced long before (lib/core/supervised-encoder.ts), and the question asked again
 * in the next one, which has to start the model first.
 */
const ENCODE_TIMEOUT_MS = 600_000;

/** One row of a library that is open already. */
const READ_TIMEOUT_MS = 30_000;

/** A picture of 50 megapixels takes a second or two to open. */
const PREPARE_TIMEOUT_MS = 30_000;

/** A question in the words of the page: its text, or a picture's name where it is nothing else. */
export function describeQuestion({ text, images }: Question): string {
  const only = images.find(({ number }) => text.trim() === `#${number}`);
  return only?.name ?? text;
}

/** What a question needs of a model that runs. */
export type QuestionModel = Pick<LoadedModel, 'modelVersion' | 'calibration' | 'config'>;

/** What a question needs. */
export interface QuestionServices {
  encoder: Pick<Encoder, 'encodeTexts' | 'encodeImages'>;
  video: Pick<Video, 'prepareImage'>;
  database: Pick<Library, 'getFrameEmbeddings'>;
}

/**
 * The question's terms as embeddings in the model's space, with what rates its matches.
 *
 * @throws QuerySyntaxError (`bad-input`) for a question that cannot be read
 * @throws FramesiftError `bad-input` for a picture that cannot be read
 */
export async function encodeQuestion(
  services: QuestionServices,
  model: QuestionModel,
  { text, images }: Question,
): Promise<EncodedQuestion> {
  const query = parseQuery(
    text,
    images.map(({ number }) => number),
  );
  const contents = query.alternatives.flatMap(({ terms }) => terms.map(({ content }) => content));
  const [textEmbeddings, pictureEmbeddings] = await Promise.all([
    encodeTexts(services, model, contents),
    encodePictures(services, model, contents, images),
  ]);
  const alternatives = query.alternatives.map(({ terms }) =>
    terms.map(({ weight, content }) =>
      content.kind === 'text'
        ? { weight, embedding: textEmbeddings.get(textKey(content))!, isPicture: false }
        : { weight, embedding: pictureEmbeddings.get(content.image)!, isPicture: true },
    ),
  );
  const calibration = textEmbeddings.size > 0 ? (model.calibration ?? null) : null;
  return { modelVersion: model.modelVersion, alternatives, calibration };
}

type TextContent = Extract<TermContent, { kind: 'text' }>;

/** What tells the sentences of one text from those of another. */
function textKey({ text, isQuoted }: TextContent): string {
  return `${isQuoted ? 'quoted' : 'plain'} ${text}`;
}

/** Embeddings of all texts by `textKey`, made in one run. */
async function encodeTexts(
  services: QuestionServices,
  model: QuestionModel,
  contents: readonly TermContent[],
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const prompts = new Map<string, string[]>();
  for (const content of contents) {
    if (content.kind !== 'text') continue;
    prompts.set(textKey(content), content.isQuoted ? [content.text] : promptsFor(content.text));
  }
  if (prompts.size === 0) return new Map();
  const rows = await withTimeout(
    services.encoder.encodeTexts([...prompts.values()].flat()),
    ENCODE_TIMEOUT_MS,
    'The model',
  );
  const dimension = model.config.embeddingDimension;
  let offset = 0;
  return new Map(
    Array.from(prompts, ([key, { length }]) => {
      const start = offset;
      offset += length * dimension;
      return [key, meanDirection(rows.subarray(start, offset), dimension)] as const;
    }),
  );
}

/** Embeddings of all pictures by their number; what is not in the library is encoded in one run. */
async function encodePictures(
  services: QuestionServices,
  model: QuestionModel,
  contents: readonly TermContent[],
  images: readonly QueryImage[],
): Promise<Map<number, Float32Array<ArrayBuffer>>> {
  const named = new Set(contents.flatMap((content) => (content.kind === 'picture' ? [content.image] : [])));
  const embeddings = new Map<number, Float32Array<ArrayBuffer>>();
  const pictures: QueryImage[] = [];
  for (const queryImage of images) {
    if (!named.has(queryImage.number)) continue;
    const stored = await storedEmbedding(services, model, queryImage);
    if (stored) embeddings.set(queryImage.number, stored);
    else pictures.push(queryImage);
  }
  if (pictures.length === 0) return embeddings;
  const pixels: Uint8Array<ArrayBuffer>[] = [];
  for (const picture of pictures) pixels.push(await preparePicture(services, model, picture));
  const dimension = model.config.embeddingDimension;
  const rows = await withTimeout(services.encoder.encodeImages(pixels), ENCODE_TIMEOUT_MS, 'The model');
  pictures.forEach(({ number }, row) =>
    embeddings.set(number, rows.slice(row * dimension, (row + 1) * dimension)),
  );
  return embeddings;
}

/** The picture as the model gets it; an error says which of the question's pictures it is about. */
async function preparePicture(
  services: QuestionServices,
  model: QuestionModel,
  { image, name }: QueryImage,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await withTimeout(
      services.video.prepareImage(image, model.config.resize),
      PREPARE_TIMEOUT_MS,
      'The worker that opens pictures',
    );
  } catch (error) {
    const { code, message, transient } = toFramesiftError(error);
    throw new FramesiftError(code, `${name}: ${message}`, { transient, cause: error });
  }
}

/** The embedding that a whole frame already has of this model; undefined for anything else. */
async function storedEmbedding(
  services: QuestionServices,
  { modelVersion }: QuestionModel,
  { source }: QueryImage,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  if (source.kind !== 'frame') return undefined;
  const { clipId, frameIndex } = source;
  // Where the library does not answer, the picture itself still can.
  const [row] = await withTimeout(
    services.database.getFrameEmbeddings(clipId, { modelVersion, frameIndex }),
    READ_TIMEOUT_MS,
    'The library',
  ).catch(() => []);
  return row?.embedding;
}
