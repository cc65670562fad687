import type { ModelConfig } from '@/lib/ports/encoder';
import type { ModelDtype } from '@/lib/ports/models';
import { REVISION_LENGTH } from '@/lib/models/model-files';
import { FramesiftError } from '@/lib/shared/errors';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { ViewSpec } from '@/lib/shared/frames';
import { describeMisfit, z } from '@/lib/shared/zod';

/**
 * Version of everything between a decoded frame and `pixel_values`: colour conversion, resampling,
 * cropping, normalisation. Raised whenever a change in it can change an embedding.
 */
const PREPROCESSING_VERSION = 2;

/** Longest `model_version` that the server's column takes. */
const MODEL_VERSION_MAX_LENGTH = 50;

/*
 * Hugging Face writes only what differs from its defaults: the published config.json of CLIP ViT-B/32
 * exports has no context length and no vocabulary size in it. These are the defaults of CLIPConfig.
 */
const CLIP_PROJECTION_DIM = 512;
const CLIP_CONTEXT_LENGTH = 77;
const CLIP_VOCABULARY_SIZE = 49_408;

const configSchema = z.object({
  // Defaults hold for CLIP alone; another architecture's file would be read wrongly.
  model_type: z.literal('clip').optional(),
  projection_dim: z.number().int().positive().default(CLIP_PROJECTION_DIM),
  text_config: z.object({
    max_position_embeddings: z.number().int().positive().default(CLIP_CONTEXT_LENGTH),
    vocab_size: z.number().int().positive().default(CLIP_VOCABULARY_SIZE),
  }),
  framesift: z
    .object({
      revision: z.string().min(1),
      activation_ranges: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
    })
    .optional(),
});

const sizeSchema = z.union([
  z.number().int().positive(),
  z.object({ shortest_edge: z.number().int().positive() }),
  z.object({ height: z.number().int().positive(), width: z.number().int().positive() }),
]);

/** `resample` in Pillow's numbering; the one resampling filter that lib/pixels/resize.ts implements. */
const PIL_BICUBIC = 3;

/** Bytes become values of 0…1, to this precision. */
const RESCALE_FACTOR = 1 / 255;
const RESCALE_TOLERANCE = 1e-6;

/** Most views of a picture: each costs a run of the model. */
const MAX_VIEWS = 8;

const preprocessorSchema = z.object({
  size: sizeSchema,
  crop_size: sizeSchema.optional(),
  do_resize: z.literal(true).default(true),
  do_center_crop: z.boolean().default(true),
  resample: z.number().int().default(PIL_BICUBIC),
  do_rescale: z.literal(true).default(true),
  rescale_factor: z
    .number()
    .refine((factor) => Math.abs(factor - RESCALE_FACTOR) < RESCALE_TOLERANCE, 'is not 1/255')
    .default(RESCALE_FACTOR),
  do_normalize: z.boolean().default(true),
  image_mean: z.tuple([z.number(), z.number(), z.number()]).optional(),
  image_std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]).optional(),
  // Framesift's own key: models of the Hub have one view, the whole picture.
  views: z
    .object({
      count: z.number().int().min(2).max(MAX_VIEWS),
      share: z.number().gt(0).lt(1),
      size: z.number().int().positive(),
    })
    .optional(),
});

function edgeOf(size: z.infer<typeof sizeSchema>): number {
  if (typeof size === 'number') return size;
  return 'shortest_edge' in size ? size.shortest_edge : size.height;
}

/**
 * Reads the two configuration files of a model in Hugging Face layout.
 *
 * @param revision which weights these are, where the files do not say it themselves
 * @throws FramesiftError `model-mismatch` when a file is malformed or asks for what this page cannot do
 */
export function readModelConfig(
  config: unknown,
  preprocessor: unknown,
  revision = 'unversioned',
): ModelConfig {
  const model = configSchema.safeParse(config);
  if (!model.success) {
    throw new FramesiftError(
      'model-mismatch',
      `The model's config.json is not usable: ${describeMisfit(model.error)}.`,
    );
  }
  const pixels = preprocessorSchema.safeParse(preprocessor);
  if (!pixels.success) {
    throw new FramesiftError(
      'model-mismatch',
      `The model's preprocessor_config.json is not usable: ${describeMisfit(pixels.error)}.`,
    );
  }
  if (model.data.projection_dim !== EMBEDDING_DIMENSION) {
    throw new FramesiftError(
      'model-mismatch',
      `This model makes embeddings of ${model.data.projection_dim} numbers; the database's table is made for ${EMBEDDING_DIMENSION}.`,
    );
  }
  if (pixels.data.resample !== PIL_BICUBIC) {
    throw new FramesiftError(
      'model-mismatch',
      `This model wants resampling filter ${pixels.data.resample}; only bicubic (${PIL_BICUBIC}) is supported.`,
    );
  }
  const { size, crop_size: cropSize, do_center_crop: crops, do_normalize: normalises } = pixels.data;
  const { image_mean: mean, image_std: std } = pixels.data;
  if (normalises && (!mean || !std)) {
    throw new FramesiftError(
      'model-mismatch',
      "The model's preprocessor_config.json is not usable: image_mean or image_std is missing.",
    );
  }
  if (typeof size === 'object' && 'height' in size && size.height !== size.width) {
    throw new FramesiftError(
      'model-mismatch',
      'This model wants pictures that are not square, which is not supported.',
    );
  }
  if (crops && cropSize !== undefined && edgeOf(cropSize) !== edgeOf(size)) {
    throw new FramesiftError(
      'model-mismatch',
      'This model crops to another size than it scales to, which is not supported.',
    );
  }
  // Height and width mean exactly that; a shortest edge leaves a picture's shape, which only a crop makes square.
  const squeezes = typeof size === 'object' && 'height' in size;
  if (!squeezes && !crops) {
    throw new FramesiftError(
      'model-mismatch',
      'This model wants pictures in their own shape, uncropped, which is not supported.',
    );
  }
  const { views } = pixels.data;
  if (views && !squeezes) {
    throw new FramesiftError(
      'model-mismatch',
      'This model wants views of pictures that it crops, which is not supported.',
    );
  }
  if (views && views.count * views.size ** 2 === edgeOf(size) ** 2) {
    throw new FramesiftError(
      'model-mismatch',
      "This model's views have as many pixels as a whole picture, which is not supported.",
    );
  }
  return {
    embeddingDimension: model.data.projection_dim,
    contextLength: model.data.text_config.max_position_embeddings,
    vocabularySize: model.data.text_config.vocab_size,
    resize: { size: edgeOf(size), fit: squeezes ? 'stretch' : 'centre-crop', ...(views && { views }) },
    mean: normalises && mean ? mean : [0, 0, 0],
    std: normalises && std ? std : [1, 1, 1],
    revision: model.data.framesift?.revision ?? revision,
    activationRanges: model.data.framesift?.activation_ranges ?? null,
  };
}

const percent = (share: number) => String(Math.round(share * 100)).padStart(2, '0');

/**
 * The name that is stored beside every embedding: model, weights, dtype and preprocessing with its views. Two
 * embeddings may be compared only when it is the same, letter for letter. Views are count, percentage and size (hexadecimal,
 * as an own model's long name leaves six characters).
 *
 * @throws FramesiftError `model-mismatch` when it would not fit the column's 50 characters
 */
export function modelVersionOf(
  modelId: string,
  revision: string,
  dtype: ModelDtype,
  views?: ViewSpec,
): string {
  const cut = views ? `v${views.count}${percent(views.share)}${views.size.toString(16)}` : '';
  const version = `${modelId}@${revision.slice(0, REVISION_LENGTH)}/${dtype}/p${PREPROCESSING_VERSION}${cut}`;
  if (version.length > MODEL_VERSION_MAX_LENGTH) {
    throw new FramesiftError(
      'model-mismatch',
      `The model's name is too long to be stored beside its embeddings: ${version}`,
    );
  }
  return version;
}
