import { escapeLiteral, type Pool, type PoolClient } from 'pg';
import { SEARCH_SAMPLE, type LibrarySearchAnswer } from '@/lib/protocol/search';
import { Mutex } from '@/lib/shared/async';
import { dotProducts } from '@/lib/shared/dot-products';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { stepsBetween } from '@/lib/shared/vectors';
import { readCopy } from '../copy-binary';
import { withClient } from '../transaction';
import { chooseRows, rankByBest, spreadEvenly, takeInTurn } from './choose';
import type { LibraryQuestion } from './library-index';
import { readClock, readFrames, readVectors, type FrameAddress } from './read-vectors';
import { ROW_BYTES } from './row-layout';
import type { VectorIndex } from './vector-index';

/*
 * [Note: Answers by the index] The index gives the frames that are nearest by half precision, and may miss some. Of the clips that
 * they are of, the frames found are scored as they are; of the best clips all frames are. So scores, and the order of the clips
 * found, are exact; that no other clip fits better is not certain, and the answer says so. A scope of few frames is read whole
 * instead: an index would have to pass over all that is outside.
 */

/** Vectors that are read with one statement, as long as one clip has not more: 16 MB. */
const VECTORS_AT_ONCE = 8192;

/** Frames of a scope that are read whole: 40 MB, half a second. */
const MOST_READ_WHOLE = 20_000;

/** Frames that a scan gives at a time; 1,000 is the most that pgvector looks at before it goes on. */
const FRAMES_AT_ONCE = 1000;

/** Frames that a scan gives at least: by 10,000 of 100,000 made ones 99.6 % of the best clips are found, by 5,000 of them 96.7 %. */
const LEAST_CANDIDATES = 10_000;

/** Frames that a scan goes on to where those are of few clips. */
const MOST_CANDIDATES = 20_000;

/** A scan goes on until it has so many times as many clips as are asked for: some of them lose when they are scored as they are. */
const SPARE_CLIPS = 2;

/** Frames of a clip, the nearest by half precision, by which it is compared with other clips. */
const FRAMES_PER_CLIP = 4;

/** Frames that a scan may visit for them. pgvector's own 20,000 end it early: 87 % instead of 96.7. */
const MOST_VISITED = 100_000;

/** Memory of a scan, in multiples of PostgreSQL's `work_mem` of 4 MB. */
const MEMORY_MULTIPLIER = 16;

/** A sample of the library is taken anew once its frames are more or fewer by this share. */
const SAMPLE_DRIFT = 0.05;

/** A sample of a part of the library has at least as many frames, or is taken of that part. */
const LEAST_SAMPLE = 512;

/** A clip that is searched. */
interface ListedClip {
  clip: string;
  revision: string;
  recordedMs: number;
  /** Frames with vectors. */
  vectors: number;
  model: string | null;
}

/** A library as it was at one moment. Never changed. */
interface Listing {
  epoch: string;
  change: number;
  clips: ReadonlyMap<string, ListedClip>;
}

/** Vectors that stand for all. */
interface Sample {
  epoch: string;
  /** Frames of the library when it was taken. */
  total: number;
  clips: string[];
  /** Row-major. */
  vectors: Float32Array<ArrayBuffer>;
}

/** A clip of an answer: its frames but for their vectors, and what each scores for each vector of the question. */
interface ScoredClip {
  clip: string;
  revision: string;
  frameIndexes: Int32Array<ArrayBuffer>;
  timestampsMs: Int32Array<ArrayBuffer>;
  spansMs: Float64Array<ArrayBuffer>;
  steps: Float32Array<ArrayBuffer>;
  scores: Float32Array<ArrayBuffer>[];
}

/** A frame that the index gave. */
interface Candidate extends FrameAddress {
  /** By half precision; the less, the nearer. */
  distance: number;
}

/** A library that is searched by its index in PostgreSQL. Of its vectors only a sample is kept here. */
export class IndexedLibrary {
  readonly model: string;
  readonly #mostReadWhole: number;
  readonly #lock = new Mutex();
  #listing: Listing | null = null;
  #sample: Sample | null = null;

  /** @param mostReadWhole frames of a scope that is read whole rather than looked up */
  constructor(model: string, mostReadWhole = MOST_READ_WHOLE) {
    this.model = model;
    this.#mostReadWhole = mostReadWhole;
  }

  /** Answers a question from the library as it is now. */
  answer(pool: Pool, index: VectorIndex, question: LibraryQuestion): Promise<LibrarySearchAnswer> {
    return withClient(pool, async (client) => {
      // One moment for all that is read, and moments in the order of the lists.
      const listing = await this.#lock.run(() => this.#list(client));
      const answer = await this.#search(client, listing, index, question);
      await client.query('commit');
      return answer;
    });
  }

  /** Begins a transaction, and reads which clips there are at its moment. */
  async #list(client: PoolClient): Promise<Listing> {
    await client.query('begin transaction isolation level repeatable read read only');
    const { epoch, change } = await readClock(client);
    const known = this.#listing;
    if (known?.epoch === epoch && known.change === change) return known;
    const isSame = known?.epoch === epoch && known.change < change;
    const clips = new Map(isSame ? known.clips : []);
    for (const { clip, listed } of await readListing(client, isSame ? known.change : 0)) {
      if (listed) clips.set(clip, listed);
      else clips.delete(clip);
    }
    return (this.#listing = { epoch, change, clips });
  }

  async #search(
    client: PoolClient,
    listing: Listing,
    index: VectorIndex,
    { vectors, wanted, clips: count, frames, scope }: LibraryQuestion,
  ): Promise<LibrarySearchAnswer> {
    const clips = [...listing.clips.values()].filter(
      ({ clip, recordedMs }) =>
        (scope.clips?.has(clip) ?? true) && recordedMs >= scope.fromMs && recordedMs < scope.toMs,
    );
    const searched = clips.filter(({ model }) => model === this.model);
    const total = framesOf(searched);
    const isReadWhole = framesOf(clips) <= this.#mostReadWhole;
    const found = isReadWhole
      ? clips
      : await this.#findClips(client, index, new Map(clips.map((one) => [one.clip, one])), {
          vectors: vectors.slice(0, wanted),
          count,
        });
    const queries = join(vectors);
    const scored: ScoredClip[] = [];
    for (const group of groupsOf(found))
      scored.push(...(await this.#scoreClips(client, group, queries, vectors.length)));
    const rankings = vectors
      .slice(0, wanted)
      .map((_, q) =>
        rankByBest(new Map(scored.map((one) => [one, one.scores[q]!])), ({ clip }) => clip).slice(0, count),
      );
    const chosen = takeInTurn(rankings, count);

    const addresses = chosen.flatMap(({ clip, frameIndexes }) =>
      Array.from(frameIndexes, (frameIndex) => ({ clip, frameIndex })),
    );
    const scores = vectors.map((_, q) => join(chosen.map((one) => one.scores[q]!)));
    const rows = chooseRows(scores.slice(0, wanted), frames);
    const embeddings = await readVectors(
      client,
      rows.map((row) => addresses[row]!),
    );
    const sample = await this.#takeSample(client, listing, searched);
    const products = dotProducts(sample, queries, EMBEDDING_DIMENSION);
    return {
      // Frames of another model’s clips may be among those found.
      total: Math.max(total, addresses.length),
      totalClips: Math.max(searched.length, chosen.length),
      change: listing.change,
      method: isReadWhole ? 'exact' : 'index',
      clips: chosen.map(({ clip, revision, frameIndexes }) => ({
        clip,
        revision,
        frames: frameIndexes.length,
      })),
      frameIndexes: Int32Array.from(chosen.flatMap(({ frameIndexes }) => [...frameIndexes])),
      timestampsMs: Int32Array.from(chosen.flatMap(({ timestampsMs }) => [...timestampsMs])),
      spansMs: Float64Array.from(chosen.flatMap(({ spansMs }) => [...spansMs])),
      steps: join(chosen.map(({ steps }) => steps)),
      scores,
      rows: Int32Array.from(rows),
      embeddings,
      samples: vectors.map((_, q) =>
        Float32Array.from(
          { length: sample.length / EMBEDDING_DIMENSION },
          (_row, row) => products[row * vectors.length + q]!,
        ),
      ),
    };
  }

  /** The clips of a scope whose frames the index names, the `count` best for each vector; see [Note: Answers by the index]. */
  async #findClips(
    client: PoolClient,
    index: VectorIndex,
    scope: ReadonlyMap<string, ListedClip>,
    { vectors, count }: { vectors: readonly Float32Array[]; count: number },
  ): Promise<ListedClip[]> {
    await client.query(
      `set local hnsw.ef_search = ${FRAMES_AT_ONCE};
       set local hnsw.iterative_scan = relaxed_order;
       set local hnsw.max_scan_tuples = ${MOST_VISITED};
       set local hnsw.scan_mem_multiplier = ${MEMORY_MULTIPLIER};
       set local enable_seqscan = off;
       set local enable_sort = off`,
    );
    const rankings: string[][] = [];
    for (const vector of vectors) {
      const nearest = await this.#scanIndex(client, index, scope, vector, SPARE_CLIPS * count);
      const rows = await readVectors(client, nearest);
      const products = dotProducts(rows, vector, EMBEDDING_DIMENSION);
      const best = new Map<string, number[]>();
      nearest.forEach(({ clip }, i) => best.set(clip, [...(best.get(clip) ?? []), products[i]!]));
      rankings.push(rankByBest(best, (clip) => clip).slice(0, count));
    }
    return takeInTurn(rankings, count).map((clip) => scope.get(clip)!);
  }

  /**
   * Frames of the scope that are nearest to a vector, of each clip the nearest few. They come in order only as far as the index
   * knew at the time: a scan that goes on may find nearer ones.
   */
  async #scanIndex(
    client: PoolClient,
    { schema }: VectorIndex,
    scope: ReadonlyMap<string, ListedClip>,
    vector: Float32Array,
    clipsWanted: number,
  ): Promise<FrameAddress[]> {
    const found = new Map<string, Candidate[]>();
    const literal = `${escapeLiteral(`[${vector.join()}]`)}::${schema}.halfvec(${EMBEDDING_DIMENSION})`;
    await client.query(
      `declare nearest no scroll cursor for
       select event_id as clip, frame_index as "frameIndex", model_version as model, distance
       from (select *, vector operator(${schema}.<#>) ${literal} as distance from frame_half_vectors) h
       order by distance limit ${MOST_CANDIDATES}`,
    );
    const isEnough = (scanned: number) =>
      scanned >= MOST_CANDIDATES || (scanned >= LEAST_CANDIDATES && found.size >= clipsWanted);
    for (let scanned = 0; !isEnough(scanned);) {
      const { rows } = await client.query<Candidate & { model: string }>(
        `fetch ${FRAMES_AT_ONCE} from nearest`,
      );
      for (const { model, ...candidate } of rows) {
        if (model !== this.model || !scope.has(candidate.clip)) continue;
        const own = found.get(candidate.clip);
        if (own) own.push(candidate);
        else found.set(candidate.clip, [candidate]);
      }
      scanned += rows.length;
      if (rows.length < FRAMES_AT_ONCE) break;
    }
    await client.query('close nearest');
    return [...found.values()].flatMap((own) =>
      own.sort((a, b) => a.distance - b.distance).slice(0, FRAMES_PER_CLIP),
    );
  }

  /** Scores all frames of clips. Those are left out of which the model has looked at none. */
  async #scoreClips(
    client: PoolClient,
    clips: readonly ListedClip[],
    queries: Float32Array,
    count: number,
  ): Promise<ScoredClip[]> {
    const framesOfClip = await readFrames(
      client,
      this.model,
      clips.map(({ clip }) => clip),
    );
    return clips.flatMap(({ clip, revision }) => {
      const { vectors, ...rest } = framesOfClip.get(clip)!;
      if (rest.frameIndexes.length === 0) return [];
      const products = dotProducts(vectors, queries, EMBEDDING_DIMENSION);
      const scores = Array.from({ length: count }, (_, q) =>
        Float32Array.from(rest.frameIndexes, (_frame, row) => products[row * count + q]!),
      );
      return [{ clip, revision, ...rest, steps: stepsBetween(vectors, EMBEDDING_DIMENSION), scores }];
    });
  }

  /** Vectors of frames that are spread evenly over clips, row-major. */
  async #takeSample(
    client: PoolClient,
    listing: Listing,
    searched: readonly ListedClip[],
  ): Promise<Float32Array> {
    const all = [...listing.clips.values()].filter(({ model }) => model === this.model);
    const total = framesOf(all);
    let whole = this.#sample;
    const isOld =
      whole?.epoch !== listing.epoch || Math.abs(total - whole.total) > SAMPLE_DRIFT * whole.total;
    if (!whole || isOld) {
      const { epoch } = listing;
      whole = this.#sample = { epoch, total, ...(await readSample(client, this.model, all)) };
    }
    const { clips, vectors } = whole;
    const within = new Set(searched.map(({ clip }) => clip));
    const frames = framesOf(searched);
    // A clip that was read again may have fewer frames than were taken of it.
    const rows = [...clips.keys()].filter((row) => within.has(clips[row]!)).slice(0, frames);
    if (rows.length >= Math.min(LEAST_SAMPLE, frames))
      return join(
        rows.map((row) => vectors.subarray(row * EMBEDDING_DIMENSION, (row + 1) * EMBEDDING_DIMENSION)),
      );
    return (await readSample(client, this.model, searched)).vectors;
  }
}

/** Clips that changed after `after`; `listed` is null for those that are gone or have no vectors. */
async function readListing(
  client: PoolClient,
  after: number,
): Promise<{ clip: string; listed: ListedClip | null }[]> {
  const { rows } = await client.query<{
    event_id: string;
    revision: string;
    vectors: number;
    model_version: string | null;
    recorded_at: Date | null;
  }>(
    `select c.event_id, c.revision, c.vectors, c.model_version, e.timestamp as recorded_at
     from clips c left join events e on e.id = c.event_id and c.state = 'live'
     where c.change_seq > $1 order by c.change_seq`,
    [after],
  );
  return rows.map(({ event_id: clip, revision, vectors, model_version: model, recorded_at }) => ({
    clip,
    listed:
      recorded_at === null || vectors === 0
        ? null
        : { clip, revision, recordedMs: recorded_at.getTime(), vectors, model },
  }));
}

/** Frames spread evenly over clips that lie one behind the other. */
async function readSample(
  client: PoolClient,
  model: string,
  clips: readonly ListedClip[],
): Promise<Pick<Sample, 'clips' | 'vectors'>> {
  const wanted: FrameAddress[] = [];
  let [at, first] = [0, 0];
  for (const row of spreadEvenly(framesOf(clips), SEARCH_SAMPLE)) {
    while (row >= first + clips[at]!.vectors) {
      first += clips[at]!.vectors;
      at += 1;
    }
    wanted.push({ clip: clips[at]!.clip, frameIndex: row - first });
  }
  if (wanted.length === 0) return { clips: [], vectors: new Float32Array() };
  const names = wanted.map(({ clip }) => escapeLiteral(clip)).join();
  const indexes = wanted.map(({ frameIndex }) => frameIndex).join();
  // The n-th frame of a clip has at least the index n: the first from there on is in the clip.
  const query = `select w.place::integer, v.vector
    from unnest(array[${names}], array[${indexes}]) with ordinality as w (clip, frame_index, place)
    cross join lateral (
      select vector from frame_vectors
      where event_id = w.clip and frame_index >= w.frame_index and model_version = ${escapeLiteral(model)}
      order by frame_index limit 1) v`;
  const found: { clip: string; vector: Buffer }[] = [];
  for await (const [place, vector] of readCopy(client, query))
    found.push({ clip: wanted[place!.readInt32BE() - 1]!.clip, vector: vector! });
  const vectors = new Float32Array(found.length * EMBEDDING_DIMENSION);
  const bytes = new Uint8Array(vectors.buffer);
  found.forEach(({ vector }, row) => bytes.set(vector, row * ROW_BYTES));
  return { clips: found.map(({ clip }) => clip), vectors };
}

/** Clips in groups whose vectors are read with one statement. */
function groupsOf(clips: readonly ListedClip[]): ListedClip[][] {
  const groups: ListedClip[][] = [];
  let vectors = Infinity;
  for (const clip of clips) {
    vectors += clip.vectors;
    if (vectors > VECTORS_AT_ONCE) {
      groups.push([]);
      vectors = clip.vectors;
    }
    groups.at(-1)!.push(clip);
  }
  return groups;
}

function framesOf(clips: readonly ListedClip[]): number {
  return clips.reduce((sum, { vectors }) => sum + vectors, 0);
}

function join(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
