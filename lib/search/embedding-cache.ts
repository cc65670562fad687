import type { EmbeddingSource, SearchedSet } from '@/lib/ports/library';
import type { CandidateClip } from '@/lib/ports/search';
import { Mutex, throwIfCancelled, withTimeout } from '@/lib/shared/async';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddingRows, KnownRows, PackedEmbeddings } from '@/lib/shared/packed-layout';

/** The files of embeddings beside the library, see [Note: Packed embeddings] in lib/shared/packed-layout.ts. */
export interface EmbeddingFiles {
  /** Null where there is no such file, or it is being made. */
  read(
    set: SetKey,
    known: KnownRows | null,
    allocate: (rows: number) => PackedEmbeddings,
    onRows: (rows: number) => void,
  ): Promise<EmbeddingRows | null>;
}

export type SetKey = Pick<SearchedSet, 'clipId' | 'state'> & {
  modelVersion: string;
  state: NonNullable<SearchedSet['state']>;
};

/** Which clips are asked about, with the revision of their embeddings that the asker has seen, where it knows one. */
export interface AskedClip {
  clipId: string;
  revision?: number | undefined;
}

/** Told how many rows are done, of how many. */
export type OnRows = (done: number, total: number) => void;

/** A clip's frames as a question is compared with them. Other rows or numbers make another object. */
export interface SearchedEmbeddings extends PackedEmbeddings {
  readonly clipId: string;
  /** No other object has it. */
  readonly version: number;
  /** What a library on a server gave of the clip, in which only some frames have a row of `embeddings`. */
  readonly given?: Pick<CandidateClip, 'vectorRows' | 'cosines' | 'steps'>;
  /** First rows of shots; null until somebody asks for them. */
  shotChanges: number[] | null;
  /** Of `firstRowsOfPictures`; null until somebody asks for them. */
  pictures: Int32Array | null;
  /** Of `stepsBetween`; null until somebody asks for them. */
  steps: Float32Array | null;
}

/** A clip's embeddings of one model as they were at one moment. */
export interface CachedEmbeddings extends SearchedEmbeddings {
  readonly modelVersion: string;
  /** Of the set that these are. */
  revision: number;
  state: SearchedSet['state'];
  /** Embeddings that the clip has of other models. */
  otherFrames: number;
  /** Where they are read from, to go on from there; null where that is no file. */
  file: KnownRows | null;
}

/** Rows in the cache, all clips together: 2 KB each, so 246 MB. A library of 100,000 frames fits whole, with room to grow. */
const MAX_CACHED_ROWS = 120_000;

/**
 * Rows of one question, 2 KB each, so 820 MB, half of what a browser gives one page at least. They must lie in memory
 * at once, whatever the cache keeps of them afterwards.
 */
export const MAX_SEARCHED_ROWS = 400_000;

/** How often embeddings are read again when others write to them all the while; each time only what is new. */
const MAX_READS = 8;

/** How often a file is made anew for one question. A table whose own rows are not of unit length makes no better one. */
const MAX_PACKS = 3;

/** Room that a growing clip gets ahead of its rows, so that not every batch copies it. */
const GROWTH = 1.25;

/** The database worker replaces its connection after 30 s of silence and tries again; this is past both. */
const DATABASE_TIMEOUT_MS = 90_000;

/** What is known of one clip and model; the lock lets one reader at a time bring it up to date. */
interface Slot {
  readonly lock: Mutex;
  embeddings: CachedEmbeddings | null;
}

/**
 * Embeddings by clip and model version, packed for scoring. Read from the library and never the truth.
 *
 * [Note: Freshness] A question names for each clip the revision of its embeddings that the asker has seen. What is
 * kept answers when it is of that revision or a later one; else the library is asked for the revision that the clip
 * has now, and what is missing is read. Where the asker knows none, the library is always asked.
 */
export class EmbeddingCache {
  readonly #source: EmbeddingSource;
  readonly #files: EmbeddingFiles | null;
  readonly #maxRows: number;
  /** Least recently used first. */
  readonly #slots = new Map<string, Slot>();
  #versions = 0;

  /** @param files null where embeddings come from the library worker alone */
  constructor(
    source: EmbeddingSource,
    files: EmbeddingFiles | null = null,
    { maxRows = MAX_CACHED_ROWS } = {},
  ) {
    this.#source = source;
    this.#files = files;
    this.#maxRows = maxRows;
  }

  /**
   * The clips' embeddings, in the order of `clips`, of the revisions asked for or later ones; a clip without any has no rows.
   *
   * @param onRows told how many rows have come of those that are missing
   * @param signal ends reading before the next clip: one that is begun is read to its end, since the next question is
   *   nearly always about the same clips
   * @throws FramesiftError `bad-input` when they are more than memory holds; `cancelled`
   */
  async read(
    modelVersion: string,
    clips: readonly AskedClip[],
    onRows?: OnRows,
    signal?: AbortSignal,
  ): Promise<CachedEmbeddings[]> {
    const asked = clips.map(({ clipId, revision }) => ({
      clipId,
      revision,
      slot: this.#slotOf(clipId, modelVersion),
    }));
    const outdated = asked.filter(
      ({ revision, slot: { embeddings } }) =>
        !embeddings || revision === undefined || embeddings.revision < revision,
    );
    const sets =
      outdated.length === 0
        ? []
        : await this.#ask((source) =>
            source.searchedSets(
              modelVersion,
              outdated.map(({ clipId }) => clipId),
            ),
          );
    throwIfCancelled(signal);
    assertSearchable(
      asked.map(({ slot }) => slot),
      outdated.map(({ slot }) => slot),
      sets,
    );
    const found = new Map(asked.map(({ clipId, slot }) => [clipId, slot.embeddings]));
    const onPage = onRows ? counter(missingRows(outdated, sets), onRows) : () => undefined;
    const room = roomOf(outdated, sets);
    await inLanes(outdated, async ({ clipId, slot }, i) => {
      await slot.lock.run(async () => {
        if (signal?.aborted) return;
        slot.embeddings = await this.#follow(modelVersion, slot.embeddings, sets[i]!, room[i]!, onPage);
      });
      found.set(clipId, slot.embeddings);
    });
    // The first asked for are used last: of a scope that is too large, its beginning stays.
    for (const { clipId, slot } of asked.toReversed()) this.#touch(clipId, modelVersion, slot);
    this.#evict();
    if (signal?.aborted) this.#release(new Set(room.flatMap((one) => one?.buffer ?? [])));
    throwIfCancelled(signal);
    return clips.map(({ clipId }) => found.get(clipId)!);
  }

  /**
   * All rows of `parts`, one after another, in one array. Where they do not lie so already they are moved there, so that
   * there is one copy of each and the next question about the same finds them in place.
   */
  join(parts: readonly SearchedEmbeddings[]): Float32Array<ArrayBuffer> {
    const filled = parts.filter(({ embeddings }) => embeddings.length > 0);
    const [first] = filled;
    if (!first) return new Float32Array(0);
    const numbers = filled.reduce((sum, { embeddings }) => sum + embeddings.length, 0);
    if (isContiguous(filled))
      return new Float32Array(first.embeddings.buffer, first.embeddings.byteOffset, numbers);
    const joined = allocateNumbers(numbers);
    let at = 0;
    const left = new Set<ArrayBuffer>();
    for (const part of filled) {
      left.add(part.embeddings.buffer);
      joined.set(part.embeddings, at);
      part.embeddings = joined.subarray(at, at + part.embeddings.length);
      at += part.embeddings.length;
    }
    // Whoever shared memory with those that moved would keep all of it alive.
    for (const { embeddings } of this.#slots.values()) {
      if (embeddings && left.has(embeddings.embeddings.buffer))
        embeddings.embeddings = embeddings.embeddings.slice();
    }
    return joined;
  }

  /** Rows that are kept. */
  get rows(): number {
    let rows = 0;
    for (const { embeddings } of this.#slots.values()) rows += embeddings?.frameIndexes.length ?? 0;
    return rows;
  }

  /** Brings what is known to the revision of `set`, or a later one. */
  async #follow(
    modelVersion: string,
    known: CachedEmbeddings | null,
    set: SearchedSet,
    room: Float32Array<ArrayBuffer> | null,
    onRows: (rows: number) => void,
  ): Promise<CachedEmbeddings> {
    const { clipId } = set;
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      // Another question may have done it meanwhile.
      if (known?.state === set.state && known.revision >= set.revision) {
        known.otherFrames = set.otherFrames;
        return known;
      }
      const { state } = set;
      if (state === null)
        return this.#made(modelVersion, set, { packed: allocate(0), revision: 0, file: null });
      const usable = known?.state === state ? known : null;
      const read = await this.#files?.read(
        { clipId, modelVersion, state },
        usable?.file ?? null,
        (rows) => allocate(rows, room),
        onRows,
      );
      if (read && read.revision >= set.revision) {
        const { revision, epoch, fileRows } = read;
        const packed = read.isTail && usable ? merge(usable, read.packed).packed : read.packed;
        return this.#made(modelVersion, set, { packed, revision, file: { epoch, fileRows } });
      }
      const isPacked =
        this.#files &&
        reads < MAX_PACKS &&
        (await this.#ask((source) => source.packEmbeddings(clipId, modelVersion, state)));
      if (!isPacked) {
        const page = await this.#readPages(clipId, modelVersion, state, onRows);
        if (page) return this.#made(modelVersion, set, { ...page, file: null });
      }
      // The clip may have gone, or another model's embeddings may have come, meanwhile.
      [set] = (await this.#ask((source) => source.searchedSets(modelVersion, [clipId]))) as [SearchedSet];
    }
    throw new FramesiftError('timed-out', 'This clip is still being read. Ask again in a moment.', {
      transient: true,
    });
  }

  #made(
    modelVersion: string,
    { clipId, state, otherFrames }: SearchedSet,
    { packed, revision, file }: { packed: PackedEmbeddings; revision: number; file: KnownRows | null },
  ): CachedEmbeddings {
    this.#versions += 1;
    return {
      clipId,
      modelVersion,
      version: this.#versions,
      revision,
      state,
      otherFrames,
      file,
      shotChanges: null,
      pictures: null,
      steps: null,
      ...packed,
    };
  }

  /** All rows from the library worker; null where they changed between two pages. */
  async #readPages(
    clipId: string,
    modelVersion: string,
    state: SetKey['state'],
    onRows: (rows: number) => void,
  ): Promise<{ packed: PackedEmbeddings; revision: number } | null> {
    const pages: PackedEmbeddings[] = [];
    let revision: number | null = null;
    for (let after: number | null = -1; after !== null;) {
      const from: number = after;
      const page = await this.#ask((source) =>
        source.readEmbeddings(clipId, modelVersion, { state, after: from }),
      );
      if (revision !== null && page.revision !== revision) return null;
      revision = page.revision;
      pages.push(page.packed);
      onRows(rowsOf(page.packed));
      after = page.next;
    }
    return { packed: concatenate(pages), revision: revision ?? 0 };
  }

  #ask<T>(call: (source: EmbeddingSource) => Promise<T>): Promise<T> {
    return withTimeout(call(this.#source), DATABASE_TIMEOUT_MS, 'The library');
  }

  #slotOf(clipId: string, modelVersion: string): Slot {
    const key = keyOf(clipId, modelVersion);
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = { lock: new Mutex(), embeddings: null };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #touch(clipId: string, modelVersion: string, slot: Slot): void {
    const key = keyOf(clipId, modelVersion);
    this.#slots.delete(key);
    this.#slots.set(key, slot);
  }

  #evict(): void {
    let rows = this.rows;
    const gone = new Set<ArrayBuffer>();
    for (const [key, { embeddings }] of this.#slots) {
      // The newest stays whatever its size: it is what the person is asking about.
      if (rows <= this.#maxRows || this.#slots.size === 1) break;
      this.#slots.delete(key);
      rows -= embeddings?.frameIndexes.length ?? 0;
      if (embeddings) gone.add(embeddings.embeddings.buffer);
    }
    this.#release(gone);
  }

  /** Moves what is left in these out of them where it is the smaller part: one row would keep all memory alive. */
  #release(buffers: ReadonlySet<ArrayBuffer>): void {
    if (buffers.size === 0) return;
    for (const buffer of buffers) {
      const left = [...this.#slots.values()].flatMap(({ embeddings }) =>
        embeddings?.embeddings.buffer === buffer ? [embeddings] : [],
      );
      const bytes = left.reduce((sum, { embeddings }) => sum + embeddings.byteLength, 0);
      if (bytes > buffer.byteLength / 2) continue;
      for (const one of left) one.embeddings = one.embeddings.slice();
    }
  }
}

function keyOf(clipId: string, modelVersion: string): string {
  return JSON.stringify([clipId, modelVersion]);
}

function rowsOf({ frameIndexes }: PackedEmbeddings): number {
  return frameIndexes.length;
}

function assertSearchable(asked: Slot[], outdated: Slot[], sets: SearchedSet[]): void {
  const isOutdated = new Set(outdated);
  let rows = sets.reduce((sum, { frames }) => sum + frames, 0);
  for (const slot of asked) if (!isOutdated.has(slot)) rows += slot.embeddings ? rowsOf(slot.embeddings) : 0;
  if (rows <= MAX_SEARCHED_ROWS) return;
  throw new FramesiftError(
    'bad-input',
    `These clips have ${rows} frames, and at most ${MAX_SEARCHED_ROWS} can be searched at once. Choose fewer clips.`,
  );
}

/** Clips read at a time: opening a file waits for the browser, not for this worker. */
const LANES = 8;

async function inLanes<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(LANES, items.length) }, async () => {
      for (let i = next++; i < items.length; i = next++) await work(items[i]!, i);
    }),
  );
}

/**
 * For each clip that is not known at all, its place in one array for all of these: clips that are read together
 * are asked about together, and need not be moved then.
 */
function roomOf(
  outdated: readonly { slot: Slot }[],
  sets: readonly SearchedSet[],
): (Float32Array<ArrayBuffer> | null)[] {
  const lengths = outdated.map(({ slot }, i) =>
    slot.embeddings === null ? sets[i]!.frames * EMBEDDING_DIMENSION : 0,
  );
  const all = allocateNumbers(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  return lengths.map((length) => {
    const start = at;
    at += length;
    return length === 0 ? null : all.subarray(start, at);
  });
}

/** Rows of the outdated that are in the library and not in the cache. */
function missingRows(outdated: readonly { slot: Slot }[], sets: readonly SearchedSet[]): number {
  return outdated.reduce((sum, { slot }, i) => {
    const known = slot.embeddings ? rowsOf(slot.embeddings) : 0;
    return sum + Math.max(0, sets[i]!.frames - known);
  }, 0);
}

/** Adds up pages; what is read twice, because it changed meanwhile, does not count beyond the total. */
function counter(total: number, onRows: OnRows): (rows: number) => void {
  let done = 0;
  return (rows) => {
    done = Math.min(total, done + rows);
    if (total > 0) onRows(done, total);
  };
}

/** Whether the parts lie in one buffer, each where the one before it ends. */
function isContiguous(parts: readonly SearchedEmbeddings[]): boolean {
  return parts.every(({ embeddings }, i) => {
    const before = parts[i - 1]?.embeddings;
    return (
      !before ||
      (before.buffer === embeddings.buffer && before.byteOffset + before.byteLength === embeddings.byteOffset)
    );
  });
}

/** @throws FramesiftError `out-of-memory` */
export function allocateNumbers(length: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length);
  } catch (cause) {
    throw new FramesiftError(
      'out-of-memory',
      'There is too little memory for the embeddings of these clips. Choose fewer clips, or close other tabs.',
      { cause },
    );
  }
}

/** @param room used where it is of that size */
function allocate(rows: number, room: Float32Array<ArrayBuffer> | null = null): PackedEmbeddings {
  const numbers = rows * EMBEDDING_DIMENSION;
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    spansMs: new Float64Array(2 * rows),
    embeddings: room?.length === numbers ? room : allocateNumbers(numbers),
  };
}

/** The first `rows` rows, in the same memory. */
function cut(
  { frameIndexes, timestampsMs, spansMs, embeddings }: PackedEmbeddings,
  rows: number,
): PackedEmbeddings {
  return {
    frameIndexes: frameIndexes.subarray(0, rows),
    timestampsMs: timestampsMs.subarray(0, rows),
    spansMs: spansMs.subarray(0, 2 * rows),
    embeddings: embeddings.subarray(0, rows * EMBEDDING_DIMENSION),
  };
}

function copyRows(
  from: PackedEmbeddings,
  start: number,
  end: number,
  to: PackedEmbeddings,
  at: number,
): void {
  to.frameIndexes.set(from.frameIndexes.subarray(start, end), at);
  to.timestampsMs.set(from.timestampsMs.subarray(start, end), at);
  to.spansMs.set(from.spansMs.subarray(2 * start, 2 * end), 2 * at);
  to.embeddings.set(
    from.embeddings.subarray(start * EMBEDDING_DIMENSION, end * EMBEDDING_DIMENSION),
    at * EMBEDDING_DIMENSION,
  );
}

function concatenate(pages: readonly PackedEmbeddings[]): PackedEmbeddings {
  if (pages.length === 1) return pages[0]!;
  const all = allocate(pages.reduce((sum, page) => sum + rowsOf(page), 0));
  let row = 0;
  for (const page of pages) {
    copyRows(page, 0, rowsOf(page), all, row);
    row += rowsOf(page);
  }
  return all;
}

/**
 * Two packs in one, both in frame order; where both have a frame, the newer one's row counts. Rows that all come after
 * the last are appended, in place where there is room.
 */
function merge(
  older: PackedEmbeddings,
  newer: PackedEmbeddings,
): { packed: PackedEmbeddings; keptRows: number } {
  const before = rowsOf(older);
  const added = rowsOf(newer);
  if (added === 0) return { packed: older, keptRows: before };
  if (before === 0 || newer.frameIndexes[0]! > older.frameIndexes[before - 1]!) {
    const packed = cut(withRoom(older, before + added), before + added);
    copyRows(newer, 0, added, packed, before);
    return { packed, keptRows: before };
  }
  const sources: [PackedEmbeddings, number][] = [];
  let keptRows = -1;
  for (let i = 0, j = 0; i < before || j < added;) {
    const a = older.frameIndexes[i] ?? Infinity;
    const b = newer.frameIndexes[j] ?? Infinity;
    if (b <= a) {
      if (keptRows < 0) keptRows = sources.length;
      sources.push([newer, j++]);
    } else sources.push([older, i]);
    if (a <= b) i++;
  }
  const packed = allocate(sources.length);
  sources.forEach(([source, at], row) => copyRows(source, at, at + 1, packed, row));
  return { packed, keptRows: Math.max(0, keptRows) };
}

/** The same rows with room for `rows`, in the same memory where that has it and nobody else uses what follows. */
function withRoom(packed: PackedEmbeddings, rows: number): PackedEmbeddings {
  const { frameIndexes, timestampsMs, spansMs, embeddings } = packed;
  const roomy = roomFor.get(embeddings.buffer);
  if (roomy?.usedRows === rowsOf(packed) && roomy.packed.frameIndexes.length >= rows) {
    roomy.usedRows = rows;
    return roomy.packed;
  }
  const grown = allocate(Math.ceil(rows * GROWTH));
  grown.frameIndexes.set(frameIndexes);
  grown.timestampsMs.set(timestampsMs);
  grown.spansMs.set(spansMs);
  grown.embeddings.set(embeddings);
  roomFor.set(grown.embeddings.buffer, { packed: grown, usedRows: rows });
  return grown;
}

/** Memory that was allocated with room to grow, and how much of it is taken. */
const roomFor = new WeakMap<ArrayBuffer, { packed: PackedEmbeddings; usedRows: number }>();
