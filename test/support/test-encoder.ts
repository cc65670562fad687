import { BUNDLED_MODEL_ID } from '@/lib/clip/catalog';
import { ClipEncoder, type LoadOptions } from '@/lib/clip/clip-encoder';
import { onnxRuntime, type EncoderRuntime } from '@/lib/clip/clip-session';
import type { Golden } from '@/lib/clip/golden';
import { readModelConfig } from '@/lib/clip/model-config';
import type { ReferenceStore } from '@/lib/clip/reference-vectors';
import { ClipTokenizer } from '@/lib/clip/tokenizer';
import type { ClipGraphs } from '@/lib/clip/towers';
import { openAiTokenizerJson, PUBLISHED_CONFIG, PUBLISHED_PREPROCESSOR } from './published-files';

// Made once a test file: its vocabulary is large.
const tokenizer = new ClipTokenizer(openAiTokenizerJson(), 77);

/** An encoder whose model is in memory. */
export interface TestModel {
  graphs: ClipGraphs;
  config?: unknown;
  preprocessor?: unknown;
  golden?: Golden;
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
): ClipEncoder {
  const { graphs, config = PUBLISHED_CONFIG, preprocessor = PUBLISHED_PREPROCESSOR, golden } = model;
  return new ClipEncoder({
    runtime,
    references,
    fetchModel: () => {
      const modelConfig = readModelConfig(config, preprocessor, 'test');
      return Promise.resolve({
        config: modelConfig,
        tokenizer,
        graphs,
        golden,
        calibration: undefined,
      });
    },
  });
}
