import type { ClipDatabase, PackedVectors, VectorPage, VectorStamp } from '@/lib/db/clip-database';
import { Mutex, withTimeout } from '@/lib/shared/async';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';

/** What the cache needs of the database worker. */
export type VectorSource = {
  [K in 'changeCounts' | 'vectorStamps' | 'readVectors']: (
    ...args: Parameters<ClipDatabase[K]>
  ) => Promise<Awaited<ReturnType<ClipDatabase[K]>>>;
};

/** Told how many rows are done, of how many. */
export type OnRows = (done: number, total: number) => void;

/** An event's vectors of one model as they were at one moment. Other rows or numbers make another object. */
export interface CachedVectors extends PackedVectors {
  readonly eventId: string;
  readonly modelVersion: string;
  /** No other object has it. */
  readonly version: number;
  stamp: VectorStamp;
  /** First rows of scenes; null until somebody asks for them. */
  sceneChanges: number[] | null;
  /** Of `firstRowsOfPictures`; null until somebody asks for them. */
  pictures: Int32Array | null;
}

/** Rows in the cache, all events together: 2 KB each, so 246 MB. A library of 100,000 frames fits whole, with room to grow. */
const MAX_CACHED_ROWS = 120_000;

/**
 * Rows of one question, 2 KB each, so 820 MB, half of what a browser gives one page at least. They must lie in memory
 * at once, whatever the cache keeps of them afterwards.
 */
export const MAX_SEARCHED_ROWS = 400_000;

/**
 * What was not announced is found out after so long: a page that closes while the library stores its last batch
 * announces nothing.
 */
const VERIFY_AFTER_MS = 60_000;

/** How often vectors are read again when others write to them all the while; each time only what is new. */
const MAX_READS = 8;

/** Room that a growing clip gets ahead of its rows, so that not every batch copies it. */
const GROWTH = 1.25;

/** The database worker replaces its connection after 30 s of silence and tries again; this is past both. */
const DATABASE_TIMEOUT_MS = 90_000;

/** What is known of one event and model; the lock lets one reader at a time bring it up to date. */
interface Slot {
  readonly lock: Mutex;
  vectors: CachedVectors | null;
  /** Changes that were known of before the vectors were last compared with the table. */
  seen: ChangeCount;
  verifiedAtMs: number;
  /** Number of the question that compared them. */
  verifiedBy: number;
}

/** Writes of this page, which its database worker counts, and changes that the page has heard of. */
interface ChangeCount {
  written: number;
  heard: number;
}

/**
 * Vectors by event and model version, packed for scoring. Rebuilt from the table and never the truth.
 *
 * [Note: Freshness] An event is compared with the table again when it may have changed:
 *  - This page has written to it. The database worker counts writes before it answers them, and is asked for the
 *    counts, which takes no query, with every question: a question asked after a write sees it.
 *  - The page has heard another tab's announcement and passed it on through `noteChange`, on the very port that
 *    questions come on: a question asked because of an announcement sees what was announced.
 *  - The caller wants it so, or a minute has passed: for changes that nobody lived to announce.
 * Counts are taken before the table is read, so what changes meanwhile counts as not seen yet. What is compared is
 * the stamp ([Note: Stamps] in lib/db/packed-vectors.ts); then only rows that came since are read.
 */
export class VectorCache {
  readonly #source: VectorSource;
  readonly #maxRows: number;
  readonly #now: () => number;
  /** Least recently used first. */
  readonly #slots = new Map<string, Slot>();
  readonly #heard = new Map<string, number>();
  #versions = 0;
  #questions = 0;

  constructor(source: VectorSource, { maxRows = MAX_CACHED_ROWS, now = () => performance.now() } = {}) {
    this.#source = source;
    this.#maxRows = maxRows;
    this.#now = now;
  }

  /** The event has changed, or may have. */
  noteChange(eventId: string): void {
    this.#heard.set(eventId, (this.#heard.get(eventId) ?? 0) + 1);
  }

  /**
   * The events' vectors as they are in the library now, in the order of `eventIds`; an event without any has no rows.
   *
   * @param options.fresh compares every event with the table
   * @param options.onRows told how many rows have come of those that are missing, after each page of them
   * @throws FramesiftError `bad-input` when they are more than memory holds
   */
  async read(
    modelVersion: string,
    eventIds: readonly string[],
    { fresh = false, onRows }: { fresh?: boolean; onRows?: OnRows } = {},
  ): Promise<CachedVectors[]> {
    const startedAtMs = this.#now();
    this.#questions += 1;
    const question = this.#questions;
    const heard = eventIds.map((eventId) => this.#heard.get(eventId) ?? 0);
    const written = await this.#ask((source) => source.changeCounts([...eventIds]));
    const asked = eventIds.map((eventId, i) => ({
      eventId,
      slot: this.#slotOf(eventId, modelVersion),
      counts: { written: written[i]!, heard: heard[i]! },
    }));
    const isCurrent = ({ slot, counts }: (typeof asked)[number]) =>
      slot.vectors !== null &&
      slot.seen.written >= counts.written &&
      slot.seen.heard >= counts.heard &&
      (fresh ? slot.verifiedBy >= question : slot.verifiedAtMs >= startedAtMs - VERIFY_AFTER_MS);

    const outdated = asked.filter((one) => !isCurrent(one));
    const checkedAtMs = this.#now();
    const stamps = await this.#stamps(
      modelVersion,
      outdated.map(({ eventId }) => eventId),
    );
    assertSearchable(
      asked.map(({ slot }) => slot),
      outdated.map(({ slot }) => slot),
      stamps,
    );
    const found = new Map(asked.map(({ eventId, slot }) => [eventId, slot.vectors]));
    const onPage = onRows && counter(missingRows(outdated, stamps), onRows);
    for (const [i, one] of outdated.entries()) {
      const { eventId, slot, counts } = one;
      await slot.lock.run(async () => {
        // Another question may have done it meanwhile.
        if (!isCurrent(one)) {
          slot.vectors = await this.#follow(eventId, modelVersion, slot.vectors, stamps[i]!, onPage);
          slot.seen = {
            written: Math.max(slot.seen.written, counts.written),
            heard: Math.max(slot.seen.heard, counts.heard),
          };
          slot.verifiedAtMs = checkedAtMs;
          slot.verifiedBy = question;
        }
      });
      found.set(eventId, slot.vectors);
    }
    // The first asked for are used last: of a scope that is too large, its beginning stays.
    for (const { eventId, slot } of asked.toReversed()) this.#touch(eventId, modelVersion, slot);
    this.#evict();
    return eventIds.map((eventId) => found.get(eventId)!);
  }

  /**
   * All rows of `parts`, one after another, in one array. Where they do not lie so already they are moved there, so that
   * there is one copy of each and the next question about the same finds them in place.
   */
  join(parts: readonly CachedVectors[]): Float32Array<ArrayBuffer> {
    const filled = parts.filter(({ vectors }) => vectors.length > 0);
    const [first] = filled;
    if (!first) return new Float32Array(0);
    const numbers = filled.reduce((sum, { vectors }) => sum + vectors.length, 0);
    if (isContiguous(filled))
      return new Float32Array(first.vectors.buffer, first.vectors.byteOffset, numbers);
    const joined = allocateNumbers(numbers);
    let at = 0;
    const left = new Set<ArrayBuffer>();
    for (const part of filled) {
      left.add(part.vectors.buffer);
      joined.set(part.vectors, at);
      part.vectors = joined.subarray(at, at + part.vectors.length);
      at += part.vectors.length;
    }
    // Whoever shared memory with those that moved would keep all of it alive.
    for (const { vectors } of this.#slots.values()) {
      if (vectors && left.has(vectors.vectors.buffer)) vectors.vectors = vectors.vectors.slice();
    }
    return joined;
  }

  /** Rows that are kept. */
  get rows(): number {
    let rows = 0;
    for (const { vectors } of this.#slots.values()) rows += vectors?.frameIndexes.length ?? 0;
    return rows;
  }

  /**
   * Brings what is known to the state that `stamp` tells of, or a later one.
   *
   * What was known and what is newer hold all rows that there are, and more only when some have gone. So both are
   * right when they are as many as the stamp says that was read together with the last of them.
   */
  async #follow(
    eventId: string,
    modelVersion: string,
    known: CachedVectors | null,
    stamp: VectorStamp,
    onPage?: (rows: number) => void,
  ): Promise<CachedVectors> {
    let base = known;
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      if (base && isSame(base.stamp, stamp)) {
        base.stamp = stamp;
        return base;
      }
      const canAdd =
        base !== null &&
        base.stamp.newest !== null &&
        base.stamp.source === stamp.source &&
        stamp.rows >= base.stamp.rows;
      const newer = await this.#readAll(
        eventId,
        modelVersion,
        stamp,
        canAdd ? base!.stamp.newest : null,
        onPage,
      );
      const merged = canAdd ? merge(base!, newer.packed) : { packed: newer.packed, keptRows: 0 };
      this.#versions += 1;
      const next: CachedVectors = {
        eventId,
        modelVersion,
        version: this.#versions,
        stamp: newer.first,
        sceneChanges: null,
        pictures: null,
        ...merged.packed,
      };
      const isComplete = newer.last.source === stamp.source && rowsOf(next) === newer.last.rows;
      if (isComplete && isSame(newer.first, newer.last)) return next;
      // Written to between two pages: goes on from the first. Otherwise rows went away: begins again.
      base = isSame(newer.first, newer.last) ? null : next;
      stamp = newer.last;
    }
    throw new FramesiftError(
      'timed-out',
      'This clip changes faster than it can be read. Ask again in a moment.',
      { transient: true },
    );
  }

  /** All pages of what is newer, and the stamps of the first and the last of them. */
  async #readAll(
    eventId: string,
    modelVersion: string,
    stamp: VectorStamp,
    newerThan: string | null,
    onPage?: (rows: number) => void,
  ): Promise<{ packed: PackedVectors; first: VectorStamp; last: VectorStamp }> {
    const { source, rows } = stamp;
    if (rows === 0) return { packed: allocate(0), first: stamp, last: stamp };
    const pages: PackedVectors[] = [];
    let first: VectorStamp | undefined;
    let after: number | null = null;
    // Rows of a whole clip go to their place as they come: joining pages at the end would take twice the memory.
    const whole = newerThan === null ? allocate(rows) : null;
    let filled = 0;
    for (;;) {
      const page: VectorPage = await this.#ask((database) =>
        database.readVectors(eventId, modelVersion, { source, newerThan, ...(after !== null && { after }) }),
      );
      const count = rowsOf(page.packed);
      onPage?.(count);
      if (whole && pages.length === 0 && filled + count <= rows) {
        copyRows(page.packed, 0, count, whole, filled);
        filled += count;
      } else {
        pages.push(page.packed);
      }
      first ??= page.stamp;
      after = page.next;
      if (after !== null) continue;
      const packed = concatenate(whole && filled > 0 ? [cut(whole, filled), ...pages] : pages);
      return { packed, first, last: page.stamp };
    }
  }

  #stamps(modelVersion: string, eventIds: string[]): Promise<VectorStamp[]> {
    if (eventIds.length === 0) return Promise.resolve([]);
    return this.#ask((source) => source.vectorStamps(modelVersion, eventIds));
  }

  #ask<T>(call: (source: VectorSource) => Promise<T>): Promise<T> {
    return withTimeout(call(this.#source), DATABASE_TIMEOUT_MS, 'The library');
  }

  #slotOf(eventId: string, modelVersion: string): Slot {
    const key = keyOf(eventId, modelVersion);
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = {
        lock: new Mutex(),
        vectors: null,
        seen: { written: -1, heard: -1 },
        verifiedAtMs: -Infinity,
        verifiedBy: 0,
      };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #touch(eventId: string, modelVersion: string, slot: Slot): void {
    const key = keyOf(eventId, modelVersion);
    this.#slots.delete(key);
    this.#slots.set(key, slot);
  }

  #evict(): void {
    let rows = this.rows;
    const gone = new Set<ArrayBuffer>();
    for (const [key, { vectors }] of this.#slots) {
      // The newest stays whatever its size: it is what the person is asking about.
      if (rows <= this.#maxRows || this.#slots.size === 1) break;
      this.#slots.delete(key);
      rows -= vectors?.frameIndexes.length ?? 0;
      if (vectors) gone.add(vectors.vectors.buffer);
    }
    this.#release(gone);
  }

  /** Moves what is left in these out of them where it is the smaller part: one row would keep all memory alive. */
  #release(buffers: ReadonlySet<ArrayBuffer>): void {
    if (buffers.size === 0) return;
    for (const buffer of buffers) {
      const left = [...this.#slots.values()].flatMap(({ vectors }) =>
        vectors?.vectors.buffer === buffer ? [vectors] : [],
      );
      const bytes = left.reduce((sum, { vectors }) => sum + vectors.byteLength, 0);
      if (bytes > buffer.byteLength / 2) continue;
      for (const one of left) one.vectors = one.vectors.slice();
    }
  }
}

function keyOf(eventId: string, modelVersion: string): string {
  return JSON.stringify([eventId, modelVersion]);
}

function isSame(a: VectorStamp, b: VectorStamp): boolean {
  return a.source === b.source && a.rows === b.rows && a.newest === b.newest;
}

function rowsOf({ frameIndexes }: PackedVectors): number {
  return frameIndexes.length;
}

function assertSearchable(asked: Slot[], outdated: Slot[], stamps: VectorStamp[]): void {
  const isOutdated = new Set(outdated);
  let rows = stamps.reduce((sum, stamp) => sum + stamp.rows, 0);
  for (const slot of asked) if (!isOutdated.has(slot)) rows += slot.vectors ? rowsOf(slot.vectors) : 0;
  if (rows <= MAX_SEARCHED_ROWS) return;
  throw new FramesiftError(
    'bad-input',
    `These clips have ${rows} frames, and at most ${MAX_SEARCHED_ROWS} can be searched at once. Choose fewer clips.`,
  );
}

/** Rows of the outdated that are in the table and not in the cache. */
function missingRows(outdated: readonly { slot: Slot }[], stamps: readonly VectorStamp[]): number {
  return outdated.reduce((sum, { slot }, i) => {
    const known = slot.vectors ? rowsOf(slot.vectors) : 0;
    return sum + Math.max(0, stamps[i]!.rows - known);
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
function isContiguous(parts: readonly CachedVectors[]): boolean {
  return parts.every(({ vectors }, i) => {
    const before = parts[i - 1]?.vectors;
    return (
      !before ||
      (before.buffer === vectors.buffer && before.byteOffset + before.byteLength === vectors.byteOffset)
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
      'There is too little memory for the vectors of these clips. Choose fewer clips, or close other tabs.',
      { cause },
    );
  }
}

function allocate(rows: number): PackedVectors {
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    spansMs: new Float64Array(2 * rows),
    vectors: allocateNumbers(rows * EMBEDDING_DIMENSION),
  };
}

/** The first `rows` rows, in the same memory. */
function cut({ frameIndexes, timestampsMs, spansMs, vectors }: PackedVectors, rows: number): PackedVectors {
  return {
    frameIndexes: frameIndexes.subarray(0, rows),
    timestampsMs: timestampsMs.subarray(0, rows),
    spansMs: spansMs.subarray(0, 2 * rows),
    vectors: vectors.subarray(0, rows * EMBEDDING_DIMENSION),
  };
}

function copyRows(from: PackedVectors, start: number, end: number, to: PackedVectors, at: number): void {
  to.frameIndexes.set(from.frameIndexes.subarray(start, end), at);
  to.timestampsMs.set(from.timestampsMs.subarray(start, end), at);
  to.spansMs.set(from.spansMs.subarray(2 * start, 2 * end), 2 * at);
  to.vectors.set(
    from.vectors.subarray(start * EMBEDDING_DIMENSION, end * EMBEDDING_DIMENSION),
    at * EMBEDDING_DIMENSION,
  );
}

function concatenate(pages: readonly PackedVectors[]): PackedVectors {
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
function merge(older: PackedVectors, newer: PackedVectors): { packed: PackedVectors; keptRows: number } {
  const before = rowsOf(older);
  const added = rowsOf(newer);
  if (added === 0) return { packed: older, keptRows: before };
  if (before === 0 || newer.frameIndexes[0]! > older.frameIndexes[before - 1]!) {
    const packed = cut(withRoom(older, before + added), before + added);
    copyRows(newer, 0, added, packed, before);
    return { packed, keptRows: before };
  }
  const sources: [PackedVectors, number][] = [];
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
function withRoom(packed: PackedVectors, rows: number): PackedVectors {
  const { frameIndexes, timestampsMs, spansMs, vectors } = packed;
  const roomy = roomFor.get(vectors.buffer);
  if (roomy?.usedRows === rowsOf(packed) && roomy.packed.frameIndexes.length >= rows) {
    roomy.usedRows = rows;
    return roomy.packed;
  }
  const grown = allocate(Math.ceil(rows * GROWTH));
  grown.frameIndexes.set(frameIndexes);
  grown.timestampsMs.set(timestampsMs);
  grown.spansMs.set(spansMs);
  grown.vectors.set(vectors);
  roomFor.set(grown.vectors.buffer, { packed: grown, usedRows: rows });
  return grown;
}

/** Memory that was allocated with room to grow, and how much of it is taken. */
const roomFor = new WeakMap<ArrayBuffer, { packed: PackedVectors; usedRows: number }>();
