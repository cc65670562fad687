import type { EncodedQuestion } from '@/lib/ports/search';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';
import { encodeQuestion } from '@/lib/ask/question';
import { SearchService } from '@/lib/search/search-service';
import { Embedder } from '../../sample-clip/host/embed';
import { cached } from '../cases';
import type { Progress } from '../progress';
import { textServices } from '../text-services';
import { type Asker, toAsked } from './asker';
import { sampleFrames } from './ffmpeg-frames';
import { MemoryLibrary } from './memory-library';

/** What is read from clips and made of them is kept under names of this version: raise it with the frames' choice. */
const CACHE_VERSION = 1;

/**
 * Reads clips through FFmpeg and a model's folder in Node, and answers by the page's own code: questions, scores,
 * selection and verdict are those of lib/.
 *
 * @param clips folder of the files
 * @param modelFolder a model's files as it is exported
 */
export async function askByEmbeddings(
  clips: string,
  files: readonly string[],
  modelFolder: string,
  progress: Progress,
): Promise<Asker & { close: () => Promise<void> }> {
  const embedder = await Embedder.open(modelFolder);
  const library = new MemoryLibrary();
  const durations = new Map<string, number>();
  for (const file of files) {
    progress.note(file);
    const { durationMs, timesMs, embeddings } = await readClip(join(clips, file), embedder);
    library.add(file, { timesMs, embeddings });
    durations.set(file, durationMs);
    progress.add(1);
  }
  const search = new SearchService({ source: library });
  const model = {
    modelVersion: embedder.visionDigest,
    calibration: embedder.calibration,
    config: embedder.config,
  };
  const services = textServices(embedder);
  const encoded = new Map<string, EncodedQuestion>();
  return {
    model: `${embedder.modelRevision} (${modelFolder}), from embeddings`,
    close: () => embedder.close(),
    ask: async (asked, text, strategy, count) => {
      let question = encoded.get(text);
      if (!question) {
        question = await encodeQuestion(services, model, { text, images: [] });
        encoded.set(text, question);
      }
      const answer = await search.search(question, {
        clips: asked.map((file) => ({ clipId: file, durationMs: durations.get(file) ?? null })),
        range: null,
        strategy,
        count,
        pinned: [],
        dropped: [],
      });
      return toAsked(answer, (file) => file);
    },
  };
}

/** Pixels are kept by file and size, embeddings by file and model: another model reads the frames from the cache. */
async function readClip(path: string, embedder: Embedder) {
  const { size, fit, views } = embedder.resize;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const name = `${hash.digest('hex').slice(0, 24)}-${size}-${fit}${views ? `-${views.count}x${views.share}x${views.size}` : ''}-${CACHE_VERSION}`;
  const stored = await cached(`real-frames/${name}`, async () => {
    const { durationMs, timesMs, pixels } = await sampleFrames(path, embedder.resize);
    return Buffer.concat([bytesOf(new Float64Array([durationMs, timesMs.length, ...timesMs])), pixels]);
  });
  const [durationMs = 0, frames = 0] = new Float64Array(
    stored.buffer.slice(stored.byteOffset, stored.byteOffset + 16),
  );
  const headBytes = 8 * (2 + frames);
  const times = new Float64Array(stored.buffer.slice(stored.byteOffset + 16, stored.byteOffset + headBytes));
  const rows = await cached(`real-embeddings/${name}-${embedder.visionDigest.slice(0, 24)}`, async () => {
    const made: Uint8Array[] = [];
    const pictureBytes = (stored.length - headBytes) / frames;
    for (let at = headBytes; at < stored.length; at += pictureBytes) {
      made.push(bytesOf(await embedder.embedPicture(stored.subarray(at, at + pictureBytes))));
    }
    return Buffer.concat(made);
  });
  return {
    durationMs,
    timesMs: Int32Array.from(times),
    embeddings: new Float32Array(new Uint8Array(rows).buffer),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
