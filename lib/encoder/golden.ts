import type { ModelDtype } from '@/lib/ports/models';
import { cosine } from '@/lib/shared/vectors';
import { z } from '@/lib/shared/zod';

/**
 * A picture and a phrase whose embeddings are stored with the model. A provider that does not reproduce
 * them computes wrong numbers, finite though they may be (onnxruntime #31626), and is not used.
 */
const embeddingsSchema = z.object({
  image_embedding: z.array(z.number()),
  text_embedding: z.array(z.number()),
});

const goldenSchema = embeddingsSchema.extend({
  text: z.string(),
  /** Embeddings of the model's other number formats, where they are not those of fp32. */
  dtypes: z.partialRecord(z.enum(['fp32', 'fp16', 'q8']), embeddingsSchema).optional(),
});

export interface Golden {
  imageEmbedding: Float32Array<ArrayBuffer>;
  text: string;
  textEmbedding: Float32Array<ArrayBuffer>;
  dtypes?: Partial<Record<ModelDtype, Pick<Golden, 'imageEmbedding' | 'textEmbedding'>>>;
}

/** What a model without stored embeddings is tested with. */
export const REFERENCE_TEXT = 'a photo of a cat';

/** Below this cosine with its golden embedding a provider is refused: fp32 kernels agree to 0.999999. */
const GOLDEN_MIN_COSINE = 0.999;

/** The parsed `golden.json` of a model, or undefined when it is not one. */
export function readGolden(json: unknown): Golden | undefined {
  const parsed = goldenSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { text, dtypes = {} } = parsed.data;
  return {
    ...readEmbeddings(parsed.data),
    text,
    dtypes: Object.fromEntries(Object.entries(dtypes).map(([dtype, one]) => [dtype, readEmbeddings(one)])),
  };
}

function readEmbeddings(embeddings: z.infer<typeof embeddingsSchema>) {
  return {
    imageEmbedding: Float32Array.from(embeddings.image_embedding),
    textEmbedding: Float32Array.from(embeddings.text_embedding),
  };
}

/**
 * The embeddings that a model in that number format must reproduce. Half precision must reproduce those of
 * fp32; 8-bit weights give embeddings of their own, and have none unless they are stored.
 */
export function goldenOf(golden: Golden | undefined, dtype: ModelDtype): Golden | undefined {
  if (!golden) return undefined;
  const own = golden.dtypes?.[dtype];
  if (own) return { text: golden.text, ...own };
  return dtype === 'q8' ? undefined : golden;
}

/**
 * The golden picture: a red ramp to the right, a green ramp downwards and blue 16-pixel blocks. Made by
 * formula, so that no decoder or resampler stands between it and the model.
 *
 * @returns RGB bytes, `size * size * 3`
 */
export function goldenPicture(size: number): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const at = (y * size + x) * 3;
      pixels[at] = Math.trunc((x * 255) / (size - 1));
      pixels[at + 1] = Math.trunc((y * 255) / (size - 1));
      pixels[at + 2] = (((x >> 4) + (y >> 4)) & 1) * 255;
    }
  }
  return pixels;
}

/** A sentence on why the embeddings are not the golden ones, or undefined when they are. */
export function goldenMismatch(golden: Golden, image: Float32Array, text: Float32Array): string | undefined {
  const imageCosine = cosine(golden.imageEmbedding, image);
  const textCosine = cosine(golden.textEmbedding, text);
  // Written so that NaN fails too.
  if (imageCosine >= GOLDEN_MIN_COSINE && textCosine >= GOLDEN_MIN_COSINE) return undefined;
  return `its self-test gave wrong embeddings (cosine ${imageCosine.toFixed(4)} for the picture, ${textCosine.toFixed(4)} for the text)`;
}
