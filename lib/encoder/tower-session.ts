import type { ExecutionProvider, ProviderChoice } from '@/lib/ports/encoder';
import type * as Ort from 'onnxruntime-web/wasm';
import { Interruption } from '@/lib/shared/async';
import { fromFloat16, toFloat16 } from '@/lib/shared/float16';
import { borrowedWords } from '@/lib/shared/lent-workers';
import { FramesiftError } from '@/lib/shared/errors';
import { timed } from '@/lib/shared/stage-timing';
import { detectCapabilities, type ProviderCapabilities } from './execution-provider';
import { withIntegerConvolutions } from './integer-convolutions';
import { deviceLost } from './run-errors';
import type { EncodedTexts } from './tokenizer';
import type { Towers, FloatType, IntegerType, TextTower, VisionTower } from './towers';

/** Both towers of a model, started. Calls must not overlap: on WebGPU two at once hang the worker. */
export interface TowerSession {
  /**
   * @param pixelValues float32 [count, 3, size, size]
   * @returns float32 [count, dimension], not normalised
   * @throws whatever the runtime throws; FramesiftError `worker-lost` when its device is gone
   */
  runVision(pixelValues: Float32Array, count: number): Promise<Float32Array<ArrayBuffer>>;
  /** @returns float32 [texts, dimension], not normalised */
  runText(texts: EncodedTexts): Promise<Float32Array<ArrayBuffer>>;
  /** Frees both towers. WASM memory does not shrink by it (onnxruntime #21673). */
  close(): Promise<void>;
}

/**
 * What runs models: onnxruntime-web in the worker, and in tests something that fails on purpose. All
 * that can be lost, hang or run out of memory is behind this interface.
 */
export interface EncoderRuntime {
  detectCapabilities(): Promise<ProviderCapabilities>;
  /**
   * Fetches and compiles the runtime for `choice`, 0.4 s on two cores, which need not wait for a model's files.
   *
   * @param onProgress called again and again for as long as it comes on
   */
  startRuntime(choice: ProviderChoice, onProgress: () => void): Promise<void>;
  /**
   * @param visionOn where the vision tower runs; another than `choice.provider` for a reference
   * @throws FramesiftError `worker-lost` when `choice` needs another worker than this one
   */
  startTowers(
    towers: Towers,
    choice: ProviderChoice,
    dimension: number,
    visionOn: ExecutionProvider,
  ): Promise<TowerSession>;
}

/** onnxruntime-web's module, whichever of its builds. */
type OrtModule = typeof Ort;

/** WASM threads of each build that has been started in this worker: they are set once and for all. */
const threadsOfBuild = new Map<'jspi' | 'wasm', number>();

/**
 * The runtime build for a provider. The JSPI build is the only one with WebGPU that stays below the
 * 25 MiB a file that some edge hosts allow (the asyncify build is larger).
 */
async function loadRuntime({ provider, threads }: ProviderChoice): Promise<OrtModule> {
  const build = provider === 'webgpu' ? 'jspi' : 'wasm';
  const started = threadsOfBuild.get(build);
  if (started !== undefined && started !== threads) {
    throw new FramesiftError('worker-lost', 'The model has to be started in a new worker.', {
      transient: true,
    });
  }
  threadsOfBuild.set(build, threads);
  const ort = build === 'jspi' ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/wasm');
  // Must stand before the first session; onnxruntime-web does not choose well by itself.
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  return ort;
}

/** A graph of one Identity node, 67 bytes. */
const IDENTITY_GRAPH =
  'CAgSADo3ChAKAXgSAXkiCElkZW50aXR5EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQEQ==';

/** onnxruntime-web fetches and compiles itself with the first session, so one of a graph that does nothing is made. */
async function startRuntime(choice: ProviderChoice, onProgress: () => void): Promise<void> {
  const startedMs = performance.now();
  const atFirst = borrowedWords();
  let known = { words: atFirst, atMs: startedMs };
  // Until its threads are spoken to it is fetched and compiled, which takes what it takes and says nothing.
  let patienceMs = Infinity;
  const timer = setInterval(() => {
    const words = borrowedWords();
    const nowMs = performance.now();
    if (words > known.words) {
      if (known.words === atFirst) patienceMs = Math.min(MAX_PATIENCE_MS, PATIENCE * (nowMs - startedMs));
      known = { words, atMs: nowMs };
    }
    if (nowMs - known.atMs < patienceMs) onProgress();
  }, PROGRESS_MS);
  try {
    const ort = await loadRuntime(choice);
    const graph = Uint8Array.from(atob(IDENTITY_GRAPH), (character) => character.charCodeAt(0));
    const session = await ort.InferenceSession.create(graph, { executionProviders: ['wasm'] });
    await session.release();
  } finally {
    clearInterval(timer);
  }
}

const PROGRESS_MS = 1_000;

/** On a busy machine threads take longer, as what came before them did: so many times that is no standstill yet. */
const PATIENCE = 3;
const MAX_PATIENCE_MS = 30_000;

/** onnxruntime-web in this worker. */
export const onnxRuntime: EncoderRuntime = {
  detectCapabilities,
  startRuntime,
  startTowers: (towers, choice, dimension, visionOn) =>
    ClipSession.start(towers, choice, dimension, visionOn),
};

/** Two onnxruntime sessions, vision and text, on one execution provider. */
class ClipSession implements TowerSession {
  readonly #ort: OrtModule;
  readonly #vision: Ort.InferenceSession;
  readonly #text: Ort.InferenceSession;
  /** Without their graphs, which can be hundreds of megabytes. */
  readonly #towers: {
    vision: Omit<VisionTower, 'graph' | 'activationRanges'>;
    text: Omit<TextTower, 'graph'>;
  };
  readonly #dimension: number;
  /** The end of the graphics device: a run that waits for it may never end by itself. */
  readonly #loss: Interruption;

  private constructor(
    ort: OrtModule,
    sessions: { vision: Ort.InferenceSession; text: Ort.InferenceSession },
    towers: Towers,
    dimension: number,
    loss: Interruption,
  ) {
    this.#ort = ort;
    this.#vision = sessions.vision;
    this.#text = sessions.text;
    const { pixels, output: imageOutput, batch: pictureBatch } = towers.vision;
    const { ids, mask, output: textOutput, batch: textBatch, length } = towers.text;
    this.#towers = {
      vision: { pixels, output: imageOutput, batch: pictureBatch },
      text: { ids, mask, output: textOutput, batch: textBatch, length },
    };
    this.#dimension = dimension;
    this.#loss = loss;
  }

  static async start(
    towers: Towers,
    choice: ProviderChoice,
    dimension: number,
    visionOn: ExecutionProvider,
  ): Promise<ClipSession> {
    const ort = await loadRuntime(choice);
    const { graph, activationRanges } = towers.vision;
    const isInteger = visionOn === 'wasm' && activationRanges !== null;
    const vision = await ort.InferenceSession.create(
      isInteger ? withIntegerConvolutions(graph, activationRanges) : graph,
      { executionProviders: [visionOn], graphOptimizationLevel: 'all' },
    );
    try {
      const loss = new Interruption();
      if (visionOn === 'webgpu') void watchDevice(ort, loss);
      // A question is a few tokens: the trip to the graphics card costs more than the sums.
      const text = await ort.InferenceSession.create(towers.text.graph, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
      });
      return new ClipSession(ort, { vision, text }, towers, dimension, loss);
    } catch (error) {
      await vision.release();
      throw error;
    }
  }

  async runVision(pixelValues: Float32Array, count: number): Promise<Float32Array<ArrayBuffer>> {
    const { pixels, output, batch } = this.#towers.vision;
    const side = Math.sqrt(pixelValues.length / count / 3);
    return this.#inRuns(count, batch, async (first, rows, padded) => {
      const one = pixelValues.length / count;
      const values = padRows(pixelValues.subarray(first * one, (first + rows) * one), padded * one);
      const feeds = { [pixels.name]: this.#floats(values, pixels.type, [padded, 3, side, side]) };
      return timed('model', () => this.#run(this.#vision, feeds, output, padded));
    });
  }

  async runText({ ids, lengths, length: width, fill }: EncodedTexts): Promise<Float32Array<ArrayBuffer>> {
    const { ids: input, mask, output, batch, length } = this.#towers.text;
    const columns = length ?? width;
    if (width > columns) {
      throw new FramesiftError('internal', `A text of ${width} ids does not fit a graph of ${columns}.`);
    }
    return this.#inRuns(lengths.length, batch, async (first, rows, padded) => {
      const block = new Int32Array(padded * columns).fill(fill);
      const attended = new Int32Array(padded * columns);
      for (let row = 0; row < rows; row += 1) {
        const from = (first + row) * width;
        block.set(ids.subarray(from, from + width), row * columns);
        attended.fill(1, row * columns, row * columns + lengths[first + row]!);
      }
      // A row that only fills the batch attends to one id: a softmax over none is not a number.
      for (let row = rows; row < padded; row += 1) attended[row * columns] = 1;
      const feeds = {
        [input.name]: this.#integers(block, input.type, [padded, columns]),
        ...(mask ? { [mask.name]: this.#integers(attended, mask.type, [padded, columns]) } : {}),
      };
      return this.#run(this.#text, feeds, output, padded);
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#vision.release(), this.#text.release()]);
  }

  /** Cuts `count` rows into runs of the size that the graph takes, the last one padded. */
  async #inRuns(
    count: number,
    batch: number | null,
    run: (first: number, rows: number, padded: number) => Promise<Float32Array<ArrayBuffer>>,
  ): Promise<Float32Array<ArrayBuffer>> {
    if (batch === null || batch === count) return run(0, count, count);
    const embeddings = new Float32Array(count * this.#dimension);
    for (let first = 0; first < count; first += batch) {
      const rows = Math.min(batch, count - first);
      const some = await run(first, rows, batch);
      embeddings.set(some.subarray(0, rows * this.#dimension), first * this.#dimension);
    }
    return embeddings;
  }

  #floats(values: Float32Array, type: FloatType, dims: number[]): Ort.Tensor {
    if (type === 'float32') return new this.#ort.Tensor('float32', values, dims);
    // onnxruntime takes the 16-bit patterns, also where there is a Float16Array.
    return new this.#ort.Tensor('float16', toFloat16(values), dims);
  }

  #integers(values: Int32Array, type: IntegerType, dims: number[]): Ort.Tensor {
    if (type === 'int32') return new this.#ort.Tensor('int32', values, dims);
    return new this.#ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  }

  async #run(
    session: Ort.InferenceSession,
    feeds: Record<string, Ort.Tensor>,
    output: { name: string },
    rows: number,
  ): Promise<Float32Array<ArrayBuffer>> {
    let outputs: Ort.InferenceSession.ReturnType | undefined;
    try {
      outputs = await this.#loss.race(session.run(feeds, [output.name]));
      const tensor = outputs[output.name];
      const data = tensor && (await this.#loss.race(tensor.getData()));
      const embeddings = asFloats(data);
      if (embeddings?.length !== rows * this.#dimension) {
        throw new FramesiftError(
          'model-mismatch',
          `This model cannot be used: its ${output.name} is not ${rows} rows of ${this.#dimension} numbers.`,
        );
      }
      return embeddings;
    } finally {
      for (const tensor of Object.values(feeds)) tensor.dispose();
      for (const tensor of Object.values(outputs ?? {})) tensor.dispose();
    }
  }
}

/** A copy of an output's numbers, which its tensor owns; undefined when they are no floats. */
function asFloats(data: unknown): Float32Array<ArrayBuffer> | undefined {
  if (data instanceof Uint16Array) return fromFloat16(data);
  const { Float16Array } = globalThis as { Float16Array?: new () => Iterable<number> & ArrayLike<number> };
  if (data instanceof Float32Array || (Float16Array && data instanceof Float16Array)) {
    return Float32Array.from(data);
  }
  return undefined;
}

function padRows(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const padded = new Float32Array(length);
  padded.set(values);
  return padded;
}

/** Ends every wait of this worker once the device that onnxruntime works on is lost. */
async function watchDevice(ort: OrtModule, loss: Interruption): Promise<void> {
  const device = (await ort.env.webgpu.device) as unknown as
    { lost: Promise<{ message: string }> } | undefined;
  const { message } = (await device?.lost) ?? {};
  if (device) loss.interrupt(deviceLost(new Error(message)));
}
