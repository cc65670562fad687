import type { LoadOptions } from '@/lib/ports/encoder';
import { ImageTextEncoder, type OpenModelFiles } from '@/lib/encoder/image-text-encoder';
import { onnxRuntime, type EncoderRuntime } from '@/lib/encoder/tower-session';
import type { Golden } from '@/lib/encoder/golden';
import type { ReferenceStore } from '@/lib/encoder/reference-embeddings';
import type { ModelGraphs } from '@/lib/encoder/towers';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { DTYPE_FILE_SUFFIX } from '@/lib/models/model-files';
import { PUBLISHED_CONFIG, PUBLISHED_PREPROCESSOR, readBundledTokenizerJson } from './published-files';

/** An encoder whose model is in memory. */
export interface TestModel {
  graphs: ModelGraphs;
  config?: unknown;
  preprocessor?: unknown;
  /** The bundled model's where there is none: opening OpenAI's costs more than all else that most tests do. */
  tokenizer?: unknown;
  golden?: Golden;
  wordCounts?: unknown;
}

/** Node has WASM without threads, and neither a graphics adapter nor a `navigator` to ask for one. */
export const NODE_CAPABILITIES = {
  gpuAdapter: false,
  halfPrecision: false,
  promiseIntegration: false,
  sharedMemory: false,
  processors: 1,
};

export const nodeRuntime: EncoderRuntime = {
  ...onnxRuntime,
  detectCapabilities: () => Promise.resolve(NODE_CAPABILITIES),
};

/** Whatever is loaded, it is called the bundled model: the catalogue has nothing to say about it here. */
export const TEST_MODEL: LoadOptions = { modelId: BUNDLED_MODEL_ID };

export class MemoryReferences implements ReferenceStore {
  readonly saved = new Map<string, Golden>();

  read(modelVersion: string): Promise<Golden | undefined> {
    return Promise.resolve(this.saved.get(modelVersion));
  }

  save(modelVersion: string, golden: Golden): Promise<void> {
    this.saved.set(modelVersion, golden);
    return Promise.resolve();
  }
}

export function encoderOf(
  model: TestModel,
  runtime: EncoderRuntime = nodeRuntime,
  references: ReferenceStore = new MemoryReferences(),
): ImageTextEncoder {
  const {
    graphs,
    config = PUBLISHED_CONFIG,
    preprocessor = PUBLISHED_PREPROCESSOR,
    tokenizer = readBundledTokenizerJson(),
    golden,
    wordCounts,
  } = model;
  const openFiles: OpenModelFiles = (modelId, dtype) => {
    const suffix = DTYPE_FILE_SUFFIX[dtype];
    const files = new Map<string, Uint8Array<ArrayBuffer>>([
      ['config.json', bytesOf(config)],
      ['preprocessor_config.json', bytesOf(preprocessor)],
      ['tokenizer.json', bytesOf(tokenizer)],
      ...(golden ? [['golden.json', bytesOf(goldenJson(golden))] as const] : []),
      ...(wordCounts === undefined ? [] : [['word-counts.json', bytesOf(wordCounts)] as const]),
      ...('both' in graphs
        ? [[`onnx/model${suffix}.onnx`, graphs.both] as const]
        : [
            [`onnx/vision_model${suffix}.onnx`, graphs.vision] as const,
            [`onnx/text_model${suffix}.onnx`, graphs.text] as const,
          ]),
    ]);
    return Promise.resolve({
      modelId,
      name: 'Test model',
      dtype,
      revision: 'test',
      paths: [...files.keys()],
      read: (path) => {
        const bytes = files.get(path);
        return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`No ${path}.`));
      },
    });
  };
  return new ImageTextEncoder(openFiles, { runtime, references });
}

function goldenJson({ imageEmbedding, textEmbedding, text }: Golden) {
  return { image_embedding: [...imageEmbedding], text_embedding: [...textEmbedding], text };
}

function bytesOf(json: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(json));
}
