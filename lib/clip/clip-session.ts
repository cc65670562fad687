import type * as Ort from 'onnxruntime-web/wasm';
import { FramesiftError } from '@/lib/shared/errors';
import type { ProviderChoice } from './execution-provider';

/** onnxruntime-web's module, whichever of its builds. */
type OrtModule = typeof Ort;

/**
 * The runtime build for a provider. The JSPI build is the only one with WebGPU that stays below the
 * 25 MiB a file that some edge hosts allow (the asyncify build is larger).
 */
async function loadRuntime({ provider, threads }: ProviderChoice): Promise<OrtModule> {
  const ort =
    provider === 'webgpu' ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/wasm');
  // Must stand before the first session; onnxruntime-web does not choose well by itself.
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  return ort;
}

/** A graph of one Identity node, 67 bytes. */
const IDENTITY_GRAPH =
  'CAgSADo3ChAKAXgSAXkiCElkZW50aXR5EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==';

/**
 * Fetches and compiles the engine for a provider, 0.4 s on two cores, which need not wait for a model's
 * files. onnxruntime-web does so with the first session only, so one of a graph that does nothing is made.
 */
export async function startEngine(choice: ProviderChoice): Promise<void> {
  const ort = await loadRuntime(choice);
  const graph = Uint8Array.from(atob(IDENTITY_GRAPH), (character) => character.charCodeAt(0));
  const session = await ort.InferenceSession.create(graph, { executionProviders: ['wasm'] });
  await session.release();
}

/** The two graphs of a model as fetched. */
export interface ClipGraphs {
  vision: Uint8Array<ArrayBuffer>;
  text: Uint8Array<ArrayBuffer>;
}

/**
 * Two onnxruntime sessions, vision and text, on one execution provider. Runs one call at a time only
 * as its caller keeps to that: on WebGPU two at once hang the worker without an error.
 */
export class ClipSession {
  readonly #ort: OrtModule;
  readonly #vision: Ort.InferenceSession;
  readonly #text: Ort.InferenceSession;
  readonly #dimension: number;

  private constructor(
    ort: OrtModule,
    vision: Ort.InferenceSession,
    text: Ort.InferenceSession,
    dimension: number,
  ) {
    this.#ort = ort;
    this.#vision = vision;
    this.#text = text;
    this.#dimension = dimension;
  }

  /** @throws whatever onnxruntime throws when the graph or the provider fails */
  static async create(graphs: ClipGraphs, choice: ProviderChoice, dimension: number): Promise<ClipSession> {
    const ort = await loadRuntime(choice);
    const vision = await ort.InferenceSession.create(graphs.vision, {
      executionProviders: [choice.provider],
      graphOptimizationLevel: 'all',
    });
    try {
      // A question is a few tokens: the trip to the graphics card costs more than the sums.
      const text = await ort.InferenceSession.create(graphs.text, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
      });
      return new ClipSession(ort, vision, text, dimension);
    } catch (error) {
      await vision.release();
      throw error;
    }
  }

  /**
   * @param pixelValues float32 [count, 3, size, size]
   * @returns float32 [count, dimension], not normalised
   */
  async runVision(
    pixelValues: Float32Array,
    count: number,
    size: number,
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#run(
      this.#vision,
      'pixel_values',
      'image_embeds',
      count,
      () => new this.#ort.Tensor('float32', pixelValues, [count, 3, size, size]),
    );
  }

  /**
   * @param ids int64 [count, length]
   * @returns float32 [count, dimension], not normalised
   */
  async runText(ids: BigInt64Array, count: number, length: number): Promise<Float32Array<ArrayBuffer>> {
    return this.#run(
      this.#text,
      'input_ids',
      'text_embeds',
      count,
      () => new this.#ort.Tensor('int64', ids, [count, length]),
    );
  }

  async #run(
    session: Ort.InferenceSession,
    inputName: string,
    outputName: string,
    count: number,
    makeInput: () => Ort.Tensor,
  ): Promise<Float32Array<ArrayBuffer>> {
    const input = makeInput();
    let outputs: Ort.InferenceSession.ReturnType | undefined;
    try {
      outputs = await session.run({ [inputName]: input }, [outputName]);
      const data = await outputs[outputName]?.getData();
      if (!(data instanceof Float32Array) || data.length !== count * this.#dimension) {
        throw new FramesiftError(
          'model-mismatch',
          `The model's ${outputName} is not [${count}, ${this.#dimension}] float32.`,
        );
      }
      return Float32Array.from(data);
    } finally {
      input.dispose();
      for (const tensor of Object.values(outputs ?? {})) tensor.dispose();
    }
  }

  /** Frees both sessions. WASM memory does not shrink by it (onnxruntime #21673). */
  async close(): Promise<void> {
    await Promise.allSettled([this.#vision.release(), this.#text.release()]);
  }
}
