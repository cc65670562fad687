import { API_PATH } from '@/lib/protocol/limits';
import {
  packVector,
  unpackSearchAnswer,
  USUAL_SEARCH,
  type LibrarySearchRequest,
} from '@/lib/protocol/search';
import { dotProducts } from '@/lib/shared/dot-products';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { normaliseRows } from '@/lib/shared/vectors';
import type { Workspace } from '@/lib/server/administration';
import { MODEL, type TestServer } from '@/test/support/library-server';
import { seededRandom } from '@/test/support/random';
import { addSearchedClips } from '@/test/support/searched-library';
import { readFileSync } from 'node:fs';
import { startServerProcess } from './server-process';

/** Frames of a clip, and of a scene within it. */
const CLIP_FRAMES = 500;
const SCENE_FRAMES = 10;

/**
 * Searches a library of so many made frames over HTTP, and prints how long that takes, what the server's process uses for it, and
 * how many of the answers are not those of a scan of all vectors. Half of the questions are near a scene, half near none.
 *
 * @param isIndexed has the library searched by pgvector's index, and tells what making it costs
 */
export async function measureSearch(
  test: TestServer,
  frames: number,
  questions: number,
  isIndexed: boolean,
): Promise<void> {
  const workspace = await test.makeWorkspace('Search');
  const { token } = await test.makeDevice(workspace);
  const clips = Math.ceil(frames / CLIP_FRAMES);
  await addSearchedClips(test, workspace, madeClips(clips));
  if (isIndexed) await buildIndex(test, workspace);
  const server = await startServerProcess(test, {
    FRAMESIFT_LIBRARY_SEARCH_MB: '1024',
    ...(isIndexed && { FRAMESIFT_LIBRARY_EXACT_FRAMES: '1' }),
  });
  const ask = async (question: LibrarySearchRequest) => {
    const start = performance.now();
    const response = await fetch(`${server.address}${API_PATH}/w/${workspace.id}/search`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify(question),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { ms: performance.now() - start, status: response.status, bytes };
  };
  try {
    const made = Array.from({ length: questions }, (_, n) => questionNear(n % 2 ? n * 13 : null, n, clips));
    const began = performance.now();
    for (let { status } = await ask(questionOf(made[0]!)); status !== 200;)
      ({ status } = await ask(questionOf(made[0]!)));
    console.log(
      `first answer, with the library read: ${seconds(performance.now() - began)}, ${memoryOf(server.pid)}`,
    );

    const before = cpuMs(server.pid);
    const times: number[] = [];
    const found: string[][] = [];
    let length = 0;
    for (const vector of made) {
      const question = questionOf(vector);
      const { ms, bytes } = await ask(question);
      times.push(ms);
      length = bytes.length;
      found.push(unpackSearchAnswer(bytes, question).clips.map(({ clip }) => clip));
    }
    const cpu = (cpuMs(server.pid) - before) / questions;
    times.sort((a, b) => a - b);
    const at = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toFixed(0);
    console.log(
      `${clips * CLIP_FRAMES} frames, ${questions} questions: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, ` +
        `${cpu.toFixed(0)} ms of the server's processor each, answers of ${(length / 1e6).toFixed(1)} MB`,
    );
    const scanned = scanAll(clips, made);
    const same = found.filter((list, n) => list.join() === scanned[n]!.join()).length;
    console.log(`the same clips in the same order as a scan of all vectors: ${same} of ${questions}`);
    for (const best of [1, 20, USUAL_SEARCH.clips]) {
      const kept = found.reduce(
        (sum, list, n) =>
          sum +
          scanned[n]!.slice(0, best).filter((clip) => list.includes(clip)).length /
            Math.min(best, scanned[n]!.length),
        0,
      );
      console.log(
        `of the ${best} best clips of a scan ${((100 * kept) / questions).toFixed(1)} % are in the answer`,
      );
    }
  } finally {
    await server.kill();
  }
}

async function buildIndex(test: TestServer, workspace: Workspace): Promise<void> {
  const began = performance.now();
  const vectors = await test.administer((administration) =>
    administration.index(workspace, { megabytes: 2048 }),
  );
  const [sizes] = await test.queryAsOwner(
    workspace,
    `select pg_table_size('frame_half_vectors')::integer as rows,
       pg_relation_size('frame_half_vectors_hnsw')::integer as index`,
  );
  const { rows, index } = sizes as { rows: number; index: number };
  console.log(
    `index of ${vectors} vectors: ${seconds(performance.now() - began)}, ` +
      `${Math.round(rows / vectors)} bytes a vector for the rows and ${Math.round(index / vectors)} for the index`,
  );
}

function questionOf(vector: Float32Array): LibrarySearchRequest {
  return {
    model: MODEL,
    vectors: [packVector(vector)],
    negatives: [],
    ...USUAL_SEARCH,
    scope: { clips: null, from: null, to: null },
  };
}

/** A question near a scene of the library, or near none. */
function questionNear(scene: number | null, seed: number, clips: number): Float32Array {
  const query = new Float32Array(EMBEDDING_DIMENSION);
  if (scene !== null) {
    const clip = scene % clips;
    query.set(vectorsOf(clip).subarray(0, EMBEDDING_DIMENSION));
  }
  addNoise(query, 0, scene === null ? 1 : 2, seededRandom(77_777 + seed));
  normaliseRows(query, EMBEDDING_DIMENSION);
  return query;
}

function* madeClips(count: number): Generator<{ clip: string; vectors: Float32Array }> {
  for (let n = 0; n < count; n += 1) yield { clip: nameOf(n), vectors: vectorsOf(n) };
}

function nameOf(clip: number): string {
  return `clip-${String(clip).padStart(6, '0')}`;
}

/** As CLIP's: a part that all have, two large numbers in it, scenes within a clip, and frames of a scene that are much alike. */
function vectorsOf(clip: number): Float32Array {
  const random = seededRandom(clip + 1);
  const vectors = new Float32Array(CLIP_FRAMES * EMBEDDING_DIMENSION);
  let scene = new Float32Array(EMBEDDING_DIMENSION);
  for (let frame = 0; frame < CLIP_FRAMES; frame += 1) {
    if (frame % SCENE_FRAMES === 0) {
      scene = new Float32Array(EMBEDDING_DIMENSION);
      addNoise(scene, 0, 0.6, seededRandom(424_242));
      scene[92]! += 0.5;
      scene[133]! -= 0.4;
      addNoise(scene, 0, 0.6, random);
    }
    vectors.set(scene, frame * EMBEDDING_DIMENSION);
    addNoise(vectors, frame * EMBEDDING_DIMENSION, 0.25, random);
  }
  normaliseRows(vectors, EMBEDDING_DIMENSION);
  return vectors;
}

/** Adds a random vector of about this length. */
function addNoise(vector: Float32Array, start: number, length: number, random: () => number): void {
  const width = length * Math.sqrt(12 / EMBEDDING_DIMENSION);
  for (let i = start; i < start + EMBEDDING_DIMENSION; i += 1) vector[i]! += width * (random() - 0.5);
}

/** The clips of each question that a scan of all vectors as they are finds. */
function scanAll(clips: number, questions: readonly Float32Array[]): string[][] {
  const matrix = new Float32Array(questions.length * EMBEDDING_DIMENSION);
  questions.forEach((question, i) => matrix.set(question, i * EMBEDDING_DIMENSION));
  const best = questions.map(() => new Float32Array(clips));
  for (let clip = 0; clip < clips; clip += 1) {
    const products = dotProducts(vectorsOf(clip), matrix, EMBEDDING_DIMENSION);
    best.forEach((scores, q) => {
      let most = -Infinity;
      for (let row = 0; row < CLIP_FRAMES; row += 1)
        most = Math.max(most, products[row * questions.length + q]!);
      scores[clip] = most;
    });
  }
  return best.map((scores) =>
    [...scores.keys()]
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, USUAL_SEARCH.clips)
      .map(nameOf),
  );
}

/** Clock ticks of Linux are hundredths of a second. */
const TICK_MS = 10;

/** Time on the processor that a process has used, all of its threads together. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function memoryOf(pid: number): string {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return `${Math.round(Number(kilobytes) / 1024)} MB of memory`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
