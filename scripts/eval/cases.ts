import type { MatchLevels } from '@/lib/ports/encoder';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { scoreFrames } from '@/lib/select/score-frames';
import { Embedder } from '../sample-clip/host/embed';
import { repositoryPath } from '../sample-clip/host/browser';
import type { ClipBrowser } from './browser';
import type { ClipFile, Question } from './clip-file';

export const CACHE = join(tmpdir(), 'framesift-eval');

/** A question with everything that a strategy is given. */
export interface Case {
  clipId: string;
  half: 'train' | 'test';
  question: Question;
  embeddings: Float32Array;
  dimension: number;
  timesMs: Float64Array;
  scores: Float32Array;
  likelihoods: Float32Array;
  levels: MatchLevels;
}

export interface EmbeddedClip {
  truth: ClipFile;
  embeddings: Float32Array;
  timesMs: Float64Array;
}

export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** What `make` gives, kept in the cache under `name`. */
export async function cached(name: string, make: () => Promise<Uint8Array>): Promise<Buffer> {
  const path = join(CACHE, name);
  try {
    return await readFile(path);
  } catch {
    const bytes = await make();
    await mkdir(dirname(path), { recursive: true });
    // Under its own name only when whole: the run may be cut short and taken up again.
    const partial = `${path}.${process.pid}`;
    await writeFile(partial, bytes);
    await rename(partial, path);
    return Buffer.from(bytes);
  }
}

/** The embeddings of a clip's candidates, one frame a second, from the cache where the same file was read before. */
export class FrameReader {
  readonly #browser: ClipBrowser;
  readonly #embedder: Embedder;

  constructor(browser: ClipBrowser, embedder: Embedder) {
    this.#browser = browser;
    this.#embedder = embedder;
  }

  async read(file: Uint8Array): Promise<{ embeddings: Float32Array; timesMs: Float64Array }> {
    const { visionDigest, resize } = this.#embedder;
    const name = `vectors/${sha256(file).slice(0, 24)}-${visionDigest.slice(0, 24)}`;
    const bytes = await cached(name, async () => {
      const { timesMs, pixels } = await this.#browser.read(file, resize);
      const pictureBytes = pixels.length / timesMs.length;
      const rows: Float32Array[] = [];
      for (let row = 0; row < timesMs.length; row += 1) {
        rows.push(
          await this.#embedder.embedPicture(pixels.subarray(row * pictureBytes, (row + 1) * pictureBytes)),
        );
      }
      const head = new Float64Array([timesMs.length, ...timesMs]);
      return Buffer.concat([asBytes(head), ...rows.map(asBytes)]);
    });
    // A copy: a Buffer's own memory need not begin at a multiple of eight.
    const memory = new Uint8Array(bytes).buffer;
    const [count = 0] = new Float64Array(memory, 0, 1);
    return {
      timesMs: new Float64Array(memory, 8, count),
      embeddings: new Float32Array(memory, 8 * (count + 1)),
    };
  }
}

function asBytes({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function openEmbedder(): Promise<Embedder> {
  return Embedder.open(repositoryPath(`public/models/${BUNDLED_MODEL_ID}`));
}

/** Every question of a clip, with its scores. */
export async function makeCases(
  { truth, embeddings, timesMs }: EmbeddedClip,
  embedder: Embedder,
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const question of truth.questions) {
    const query = await embedder.embedQuestion(question.text);
    const dimension = query.length;
    const { id: clipId, half } = truth;
    const scores = scoreFrames(embeddings, [query])[0]!;
    const likelihoods = embedder.likelihoodsOf(scores, query);
    cases.push({
      clipId,
      half,
      question,
      embeddings,
      dimension,
      timesMs,
      scores,
      likelihoods,
      levels: embedder.levels,
    });
  }
  return cases;
}
