import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipSession } from '@/lib/clip/clip-session';
import { readModelConfig } from '@/lib/clip/model-config';
import { normalisePixels } from '@/lib/clip/normalise-pixels';
import { resizeFrame } from '@/lib/clip/resize';
import { ClipTokenizer } from '@/lib/clip/tokenizer';
import { promptsFor } from '@/lib/query/prompts';
import { meanDirection, normaliseRows } from '@/lib/shared/vectors';
import { HEIGHT, WIDTH } from '../clip';

/** The bundled model on Node's WASM: the same steps as on the page, files read from disk. */
export class Embedder {
  readonly #session: ClipSession;
  readonly #tokenizer: ClipTokenizer;
  readonly #config: ReturnType<typeof readModelConfig>;

  private constructor(
    session: ClipSession,
    tokenizer: ClipTokenizer,
    config: ReturnType<typeof readModelConfig>,
  ) {
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#config = config;
  }

  static async open(folder: string): Promise<Embedder> {
    const readJson = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
    const config = readModelConfig(await readJson('config.json'), await readJson('preprocessor_config.json'));
    const tokenizer = new ClipTokenizer(await readJson('tokenizer.json'), config.contextLength);
    const readGraph = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
      new Uint8Array(await readFile(join(folder, 'onnx', name)));
    const [vision, text] = await Promise.all([readGraph('vision_model.onnx'), readGraph('text_model.onnx')]);
    const session = await ClipSession.create(
      { vision, text },
      { provider: 'wasm', threads: 1 },
      config.embeddingDimension,
    );
    return new Embedder(session, tokenizer, config);
  }

  get modelRevision(): string {
    return this.#config.revision;
  }

  /** Unit vector of one frame of the clip, RGBA. */
  async embedFrame(rgba: Uint8Array): Promise<Float32Array> {
    const { resize, mean, std, embeddingDimension } = this.#config;
    const pixels = normalisePixels([resizeFrame(rgba, WIDTH, HEIGHT, resize)], resize.size, mean, std);
    const vector = await this.#session.runVision(pixels, 1, resize.size);
    normaliseRows(vector, embeddingDimension);
    return vector;
  }

  /** Unit vector of a typed question. */
  async embedQuestion(text: string): Promise<Float32Array> {
    const { embeddingDimension } = this.#config;
    const prompts = promptsFor(text);
    const { ids, length } = this.#tokenizer.encodeBatch(prompts);
    const vectors = await this.#session.runText(ids, prompts.length, length);
    normaliseRows(vectors, embeddingDimension);
    return meanDirection(vectors, embeddingDimension);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
