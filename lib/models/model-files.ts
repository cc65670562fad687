import type { ModelDtype } from '@/lib/ports/models';

export const MODEL_DTYPES = ['fp32', 'fp16', 'q8'] as const satisfies readonly ModelDtype[];

/** The end that each dtype's files carry in the Hugging Face layout, e.g. `vision_model_fp16.onnx`. */
export const DTYPE_FILE_SUFFIX: Readonly<Record<ModelDtype, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
};

/** One JSON file of a model. */
export function parseModelJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
}

/** Most digits of a revision that go into `model_version`. */
export const REVISION_LENGTH = 8;
