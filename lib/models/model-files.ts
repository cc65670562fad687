/** Number formats a model's graph comes in, named as transformers.js names them. */
export type ModelDtype = 'fp32' | 'fp16' | 'q8';

export const MODEL_DTYPES = ['fp32', 'fp16', 'q8'] as const satisfies readonly ModelDtype[];

/** The end that each dtype's files carry in the Hugging Face layout, e.g. `vision_model_fp16.onnx`. */
export const DTYPE_FILE_SUFFIX: Readonly<Record<ModelDtype, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
};

/**
 * The files of one model in one dtype, wherever they are: on this site, in the browser's storage or in
 * memory. This is all that the encoder knows of where models come from.
 */
export interface ModelFileSource {
  readonly modelId: string;
  readonly name: string;
  readonly dtype: ModelDtype;
  /** Which weights these are, where the model's own files do not say it. */
  readonly revision: string;
  /** Every file that may be read, e.g. `config.json`, `onnx/text_model.onnx`. */
  readonly paths: readonly string[];
  /** @throws FramesiftError `model-unavailable` when the file is not there or cannot be read */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes of a model's files fetched so far; `totalBytes` is null while a server does not say. */
export interface DownloadProgress {
  loadedBytes: number;
  totalBytes: number | null;
}

/** One JSON file of a model. */
export function parseModelJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
}

/** Most digits of a revision that go into `model_version`. */
export const REVISION_LENGTH = 8;
