import type { Pool } from 'pg';
import { unpackVectors, type LibrarySearchAnswer, type LibrarySearchRequest } from '@/lib/protocol/search';
import { FramesiftError, isA, property } from '@/lib/shared/errors';
import { Problem } from '../problem';
import { IndexedLibrary } from './indexed-library';
import { LibraryIndex, type LibraryQuestion } from './library-index';
import { measureVectors } from './read-vectors';
import { ROWS_PER_BLOCK, type Segment } from './row-layout';
import { RowMemory } from './row-memory';
import { ScanThreads } from './scan-threads';
import { findVectorIndex } from './vector-index';

/** How long a search waits for its library to be read: a million frames take longer the first time. */
const LOADING_PATIENCE_MS = 10_000;

/** Libraries searched by their index of which something is kept: a list of clips and 8 MB. */
const MOST_INDEXED = 16;

/** A library that a question was asked of, with one model. */
interface Use {
  index: LibraryIndex;
  /** Searches, and readings of the library, that are under way. */
  running: number;
}

/**
 * Searches libraries in this process. What it keeps of them is disposable, is bounded, and leaves in the order in which
 * libraries were asked last.
 */
export class LibrarySearch {
  readonly #bytes: number;
  readonly #exactFrames: number;
  /** Those that were asked last come last. */
  readonly #uses = new Map<string, Use>();
  /** Those that are searched by their index, in the same order. */
  readonly #indexed = new Map<string, IndexedLibrary>();
  #memory: RowMemory | null = null;
  #threads: ScanThreads | null = null;

  /**
   * @param megabytes that the rows of all libraries together may take
   * @param exactFrames a library of more frames is searched by its index where it has one, also where there is room; null for none
   */
  constructor(megabytes: number, exactFrames: number | null = null) {
    this.#bytes = megabytes * 1024 * 1024;
    this.#exactFrames = exactFrames ?? Infinity;
  }

  /** Answers a question. Throws a refusal. */
  async search(workspace: string, pool: Pool, request: LibrarySearchRequest): Promise<LibrarySearchAnswer> {
    const question = readQuestion(request);
    const key = `${workspace} ${request.model}`;
    const frames = this.#uses.get(key)?.index.rows ?? (await measureVectors(pool)).vectors;
    const isLarge = frames > Math.min(this.#exactFrames, this.#rowMemory().rows);
    const answer = isLarge ? await this.#searchByIndex(key, request.model, pool, question) : null;
    if (answer) return answer;
    try {
      return await this.#searchInMemory(key, request.model, pool, question);
    } catch (error) {
      // It has grown, or other libraries are being asked and have the memory.
      const isFull = isA(error, Problem) && error.type === 'too-large-to-search';
      const other = isFull && !isLarge ? await this.#searchByIndex(key, request.model, pool, question) : null;
      if (other) return other;
      throw error;
    }
  }

  /** An answer by the library's index; null where it has none. */
  async #searchByIndex(
    key: string,
    model: string,
    pool: Pool,
    question: LibraryQuestion,
  ): Promise<LibrarySearchAnswer | null> {
    const index = await findVectorIndex(pool);
    if (!index) return null;
    const library = this.#indexed.get(key) ?? new IndexedLibrary(model);
    this.#indexed.delete(key);
    this.#indexed.set(key, library);
    for (const first of this.#indexed.keys())
      if (this.#indexed.size > MOST_INDEXED) this.#indexed.delete(first);
    const answer = await library.answer(pool, index, question);
    if (answer.total === 0) await this.#refuseUnknownModel(model, pool);
    return answer;
  }

  async #searchInMemory(
    key: string,
    model: string,
    pool: Pool,
    question: LibraryQuestion,
  ): Promise<LibrarySearchAnswer> {
    const use = await this.#use(key, model, pool);
    try {
      await this.#follow(use, pool);
      if (use.index.rows === 0) await this.#refuseUnknownModel(model, pool);
      return await use.index.answer(question);
    } finally {
      use.running -= 1;
      // Names of models that nobody has would pile up.
      if (use.index.rows === 0 && use.running === 0) this.#forget(use);
    }
  }

  /** Blocks of memory in use, and how many there may be. */
  get blocks(): { used: number; most: number } {
    return { used: this.#memory?.used ?? 0, most: this.#memory?.blocks ?? 0 };
  }

  /** Ends its threads and gives up what it has. */
  async close(): Promise<void> {
    this.#uses.clear();
    this.#indexed.clear();
    await this.#threads?.close();
    this.#memory?.close();
    this.#threads = null;
    this.#memory = null;
  }

  /** What is known of a library, which counts as asked from then on. */
  async #use(key: string, model: string, pool: Pool): Promise<Use> {
    const known = this.#uses.get(key);
    if (known) {
      this.#uses.delete(key);
      this.#uses.set(key, known);
      known.running += 1;
      return known;
    }
    const { vectors } = await measureVectors(pool);
    const memory = this.#rowMemory();
    if (vectors > memory.rows) throw tooLarge(vectors, memory.rows);
    const threads = (this.#threads ??= new ScanThreads(memory));
    // Another search of the same may have come first while the library was measured.
    const use: Use = this.#uses.get(key) ?? {
      running: 0,
      index: new LibraryIndex(model, memory, threads, () => this.#takeBlock(use)),
    };
    this.#uses.set(key, use);
    use.running += 1;
    return use;
  }

  #rowMemory(): RowMemory {
    return (this.#memory ??= new RowMemory(this.#bytes));
  }

  /** Waits for the library to be read, but not for ever: reading goes on while the page is told to come again. */
  async #follow(use: Use, pool: Pool): Promise<void> {
    use.running += 1;
    const followed = use.index.follow(pool).finally(() => (use.running -= 1));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), LOADING_PATIENCE_MS);
    });
    try {
      const first = await Promise.race([followed, patience]);
      if (first !== 'late') return;
    } catch (error) {
      throw property(error, 'code') === 'ENOSPC' ? noRoom() : error;
    } finally {
      clearTimeout(timer);
    }
    // Who asks next is told what becomes of it.
    followed.catch(() => undefined);
    throw new Problem(
      'loading',
      `The library is being read for searching; ${Math.floor(100 * use.index.progress)} % of it is there. Try again in a moment.`,
      { retryAfter: 3 },
    );
  }

  async #refuseUnknownModel(model: string, pool: Pool): Promise<void> {
    const { models } = await measureVectors(pool);
    if (models.length === 0 || models.includes(model)) return;
    throw new Problem(
      'unknown-model',
      `No clip of this library was read with “${model}”. Its clips were read with ${models.map((one) => `“${one}”`).join(', ')}.`,
    );
  }

  /** A block for an index, if need be from the one that was asked longest ago and is not asked now. */
  #takeBlock(asking: Use): Segment {
    const memory = this.#memory;
    if (!memory)
      throw new Problem('away', 'The server is stopping. Try again in a moment.', { retryAfter: 2 });
    for (;;) {
      const block = memory.take();
      if (block) return block;
      const idle = [...this.#uses.values()].find((use) => use !== asking && use.running === 0);
      if (!idle) throw tooLarge(asking.index.rows + ROWS_PER_BLOCK, memory.rows);
      this.#forget(idle);
    }
  }

  #forget(use: Use): void {
    for (const [key, one] of this.#uses) if (one === use) this.#uses.delete(key);
    use.index.clear();
  }
}

function readQuestion(request: LibrarySearchRequest): LibraryQuestion {
  const { clips, from, to } = request.scope;
  return {
    vectors: readVectors(request),
    wanted: request.vectors.length,
    clips: request.clips,
    frames: request.frames,
    scope: {
      clips: clips && new Set(clips),
      fromMs: from === null ? -Infinity : Date.parse(from),
      toMs: to === null ? Infinity : Date.parse(to),
    },
  };
}

function readVectors(request: LibrarySearchRequest): Float32Array[] {
  try {
    return unpackVectors(request);
  } catch (error) {
    if (!isA(error, FramesiftError)) throw error;
    throw new Problem('bad-vector', `${error.message} Encode the question again.`);
  }
}

function tooLarge(rows: number, most: number): Problem {
  const count = (number: number) => number.toLocaleString('en');
  return new Problem(
    'too-large-to-search',
    `The server can search ${count(most)} frames at once, and this would be ${count(rows)} or more. Ask who runs it to raise FRAMESIFT_LIBRARY_SEARCH_MB, or to make an index (npm run library -- index).`,
    { retryAfter: 60 },
  );
}

function noRoom(): Problem {
  return new Problem(
    'too-large-to-search',
    'The server has no room on its disk to search this library. Ask who runs it to make some.',
    { retryAfter: 60 },
  );
}
