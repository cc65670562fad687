import { selfHostedModel } from './self-hosted';

/** Number formats a model's graph comes in, named as transformers.js names them. */
export type ModelDtype = 'fp32' | 'fp16' | 'q8';

/** The end that each dtype's files carry in the Hugging Face layout, e.g. `vision_model_fp16.onnx`. */
export const DTYPE_FILE_SUFFIX: Readonly<Record<ModelDtype, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
};

/** One model a person can choose. Everything else about it is read from its own files. */
export interface CatalogEntry {
  /** Stable and short: it is the first part of `model_version`. */
  id: string;
  name: string;
  /** Where its Hugging Face layout begins, without a slash at the end; relative URLs are of this site. */
  baseUrl: string;
  dtypes: readonly ModelDtype[];
  licence: string;
}

export const BUNDLED_MODEL_ID = 'framesift-clip-v2';

/** Every model the page can load. */
export const MODEL_CATALOG: readonly CatalogEntry[] = [
  {
    id: BUNDLED_MODEL_ID,
    name: 'Framesift CLIP (bundled)',
    baseUrl: selfHostedModel(BUNDLED_MODEL_ID),
    // One graph a tower: 8-bit weights that are widened to fp32 when the session is made, so it
    // computes in fp32 on every provider and needs no twin.
    dtypes: ['fp32'],
    licence: 'see the model card',
  },
];

/** The entry of that id, or undefined. */
export function findModel(id: string): CatalogEntry | undefined {
  return MODEL_CATALOG.find((entry) => entry.id === id);
}
