import type { Calibration, MatchLevels, MatchStrength, ModelConfig } from '@/lib/ports/encoder';
import { likelihoodsOf } from '@/lib/search/likelihoods';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCalibration } from '@/lib/encoder/calibration';
import { levelsOf, strengthOf } from '@/lib/shared/match-strength';
import { onnxRuntime, type TowerSession } from '@/lib/encoder/tower-session';
import { readModelConfig } from '@/lib/models/model-config';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { resizeFrame } from '@/lib/pixels/resize';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import { readTowers } from '@/lib/encoder/towers';
import { groupViews, meanRows } from '@/lib/pixels/views';
import { promptsFor } from '@/lib/query/prompts';
import type { ResizeSpec } from '@/lib/shared/frames';
import { packedRows } from '@/lib/pixels/pixel-rows';
import { dotAt, meanDirection, normaliseRows } from '@/lib/shared/vectors';
import { HEIGHT, WIDTH } from '../clip';

/** A model's folder on Node's WASM: the same steps as on the page, files read from disk. */
export class Embedder {
  readonly #session: TowerSession;
  readonly #tokenizer: ClipTokenizer;
  readonly #config: ModelConfig;
  readonly #calibration: Calibration | undefined;
  readonly #visionDigest: string;

  private constructor(
    session: TowerSession,
    tokenizer: ClipTokenizer,
    config: ModelConfig,
    calibration: Calibration | undefined,
    visionDigest: string,
  ) {
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#config = config;
    this.#calibration = calibration;
    this.#visionDigest = visionDigest;
  }

  static async open(folder: string): Promise<Embedder> {
    const readJson = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
    const config = readModelConfig(await readJson('config.json'), await readJson('preprocessor_config.json'));
    const tokenizer = new ClipTokenizer(await readJson('tokenizer.json'), config.contextLength);
    const readGraph = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
      new Uint8Array(await readFile(join(folder, 'onnx', name)));
    const [vision, text] = await Promise.all([readGraph('vision_model.onnx'), readGraph('text_model.onnx')]);
    const digest = createHash('sha256').update(vision).update(JSON.stringify(config)).digest('hex');
    const towers = readTowers({ vision, text }, { ...config, imageSize: config.resize.size });
    const session = await onnxRuntime.startTowers(
      towers,
      { provider: 'wasm', threads: 1 },
      config.embeddingDimension,
      'wasm',
    );
    const calibration = readCalibration(await readJson('calibration.json').catch(() => undefined));
    return new Embedder(session, tokenizer, config, calibration, digest);
  }

  get config(): ModelConfig {
    return this.#config;
  }

  /** Absent for a model that nobody has measured. */
  get calibration(): Calibration | undefined {
    return this.#calibration;
  }

  /** Another one for other weights or another preprocessing of pictures. */
  get visionDigest(): string {
    return this.#visionDigest;
  }

  get modelRevision(): string {
    return this.#config.revision;
  }

  /** How pictures must be resized. */
  get resize(): ResizeSpec {
    return this.#config.resize;
  }

  /** Unit vector of one frame of the clip, RGBA. */
  embedFrame(rgba: Uint8Array): Promise<Float32Array> {
    return this.embedPicture(resizeFrame(packedRows(rgba, WIDTH, HEIGHT), this.resize));
  }

  /** Unit vector of a picture as `resizeFrame` gives it. */
  async embedPicture(picture: Uint8Array): Promise<Float32Array> {
    const { resize, mean, std, embeddingDimension } = this.#config;
    const [group] = groupViews([picture], resize);
    const { side, views } = group!;
    const vectors = await this.#session.runVision(normalisePixels(views, side, mean, std), views.length);
    normaliseRows(vectors, embeddingDimension);
    const vector = meanRows(vectors, [views.length], embeddingDimension);
    normaliseRows(vector, embeddingDimension);
    return vector;
  }

  /** Unit vector of a typed question. */
  async embedQuestion(text: string): Promise<Float32Array> {
    return meanDirection(await this.embedTexts(promptsFor(text)), this.#config.embeddingDimension);
  }

  /** Likelihoods that separate what is said of a match. */
  get levels(): MatchLevels {
    return levelsOf(this.#calibrationOrThrow());
  }

  /** How likely frames show what a question asks for, from their cosines with it. */
  likelihoodsOf(cosines: Float32Array, question: Float32Array): Float32Array {
    return likelihoodsOf(cosines, this.#calibrationOrThrow().text, question);
  }

  /** How likely a frame shows what a question asks for, and what the page calls that. */
  rate(frame: Float32Array, question: Float32Array): { likelihood: number; strength: MatchStrength } {
    const likelihood = this.likelihoodsOf(Float32Array.of(dotAt(frame, 0, question)), question)[0]!;
    return { likelihood, strength: strengthOf(likelihood, this.#calibration) };
  }

  #calibrationOrThrow(): Calibration {
    if (!this.#calibration) throw new Error('The model has no calibration.json that is usable.');
    return this.#calibration;
  }

  /** Unit vectors of texts as they stand, row-major. */
  async embedTexts(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>> {
    const vectors = await this.#session.runText(this.#tokenizer.encodeBatch(texts));
    normaliseRows(vectors, this.#config.embeddingDimension);
    return vectors;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
