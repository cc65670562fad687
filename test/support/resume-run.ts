import type { PGlite, Transaction } from '@electric-sql/pglite';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { connectionOver } from '@/lib/library/client';
import { ClipDatabase } from '@/lib/library/clip-database';
import { ClipFiles } from '@/lib/library/clip-files';
import { embeddingPath, readEmbeddingRows } from '@/lib/shared/packed-layout';
import { scanLibrary } from '@/lib/library/library-scan';
import { migrateDatabase } from '@/lib/library/migrate';
import { gatewayNames } from '@/lib/library/stores';
import { produceBatches } from '@/lib/rpc/job-port';
import { serve } from '@/lib/rpc/remote';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { FrameBatch, FrameRequest } from '@/lib/shared/frames';
import { ChannelWorker } from './channel-worker';
import { FakeDirectory } from './fake-opfs';
import { openPreparedPglite } from './memory-database';
import { seededRandom } from './random';
import { NO_OTHERS } from './no-others';
import { closePages, openReadingPage, readClip, SIDE, type ReadingPage } from './reading-page';

/**
 * What goes wrong at the n-th time, once: a file's write, a statement, a commit, the answer after a commit, a message
 * between contexts, a decoded frame, a run of the model; or the page ends when the n-th batch is stored.
 */
export const FAULT_KINDS = [
  'write',
  'statement',
  'commit',
  'answer',
  'message',
  'decode',
  'run',
  'end',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Rows, files and flaws of a library, without what differs from one reading of a clip to the next. */
export type LibraryContents = Record<string, unknown>;

export interface ResumedRun {
  /** False where the reading had fewer than n such things. */
  wasHit: boolean;
  /** What the page said before it was opened anew; null where it coped. */
  sentence: string | null;
  contents: LibraryContents;
}

/** Frames of the clip: three batches, the last one not full. */
export const RESUME_FRAMES = 20;

/** Reads one clip into a library, disturbed once, opens the page anew and goes on. */
export class ResumeBench {
  readonly #pg: PGlite;
  /** Counts down to the fault; what has no fault counts nothing. */
  #fault: { kind: FaultKind; left: number } | null = null;
  #disk = new FakeDirectory();

  private constructor(pg: PGlite) {
    this.#pg = pg;
  }

  static async open(): Promise<ResumeBench> {
    const pg = await openPreparedPglite();
    await migrateDatabase(connectionOver(pg, 'memory').db);
    return new ResumeBench(pg);
  }

  close(): Promise<void> {
    return this.#pg.close();
  }

  /** The reading that nothing disturbs. */
  async undisturbed(): Promise<LibraryContents> {
    await this.#begin();
    await this.#read();
    return this.#contents();
  }

  async disturbed(kind: FaultKind, n: number): Promise<ResumedRun> {
    await this.#begin();
    this.#fault = { kind, left: n };
    const sentence = await this.#read().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const wasHit = this.#fault.left <= 0;
    this.#fault = null;
    // The page is opened anew, and the clip gone on with.
    await this.#read();
    return { wasHit, sentence, contents: await this.#contents() };
  }

  async #begin(): Promise<void> {
    this.#fault = null;
    await this.#pg.exec('truncate events cascade');
    this.#disk = new FakeDirectory({ onWrite: () => this.#may('write') });
    await this.#library().createClip({
      id: 'clip',
      description: 'A clip',
      fileName: 'a.mp4',
      durationMs: RESUME_FRAMES * 1000,
      framesPlanned: RESUME_FRAMES,
    });
  }

  /** One page, from its opening to its end. */
  async #read(): Promise<void> {
    const restore = this.#watchMessages();
    const ended = new AbortController();
    const page: ReadingPage = openReadingPage({
      library: this.#library(),
      mishaps: {
        onVision: ({ rows }) =>
          rows > 1 && this.#isDue('run') ? Promise.reject(new Error('Device is lost')) : undefined,
      },
      video: () => new ChannelWorker((port) => serve(this.#video(), port)).asWorker(),
    });
    const end = new Promise<never>((_, reject) => {
      this.#onEnd = () => {
        page.services.close();
        reject(new Error('The page was closed.'));
      };
    });
    try {
      await Promise.race([readClip(page, new Blob(), ended.signal, RESUME_FRAMES), end]);
    } finally {
      restore();
      closePages();
      // What a worker had begun when it was ended is settled before the next page opens.
      await this.#pg.query('select 1');
    }
  }

  #onEnd: () => void = () => undefined;

  #library(): ClipDatabase {
    const connection = connectionOver(this.#faulty(), 'memory', { letGo: () => Promise.resolve() });
    return new ClipDatabase({
      join: () =>
        Promise.resolve({
          ports: null,
          names: gatewayNames('idb'),
          connect: () => Promise.resolve(connection),
        }),
      openFiles: () => Promise.resolve(new ClipFiles(new OpfsTree(this.#disk.asHandle()))),
      others: NO_OTHERS,
    });
  }

  #video() {
    return {
      openClip: (_file: Blob, port: MessagePort) =>
        serve(
          {
            prepareFrames: (
              { requests, batchSize }: { requests: FrameRequest[]; batchSize: number },
              job: MessagePort,
              signal: AbortSignal,
            ) => {
              const frameOf = (request: FrameRequest) => {
                this.#may('decode');
                return preparedFrame(request);
              };
              async function* batches(): AsyncGenerator<FrameBatch, void, undefined> {
                for (let at = 0; at < requests.length; at += batchSize) {
                  yield await Promise.resolve({
                    frames: requests.slice(at, at + batchSize).map(frameOf),
                    failures: [],
                  });
                }
              }
              return produceBatches(job, batches, { signal, creditMs: 5_000, consumer: 'The model' });
            },
          },
          port,
        ),
    };
  }

  /** PGlite whose statements, commits and answers may fail. */
  #faulty(): Pick<PGlite, 'transaction' | 'close'> {
    const counted = <T extends PGlite | Transaction>(client: T): T =>
      new Proxy(client, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          if (name === 'transaction') return transaction;
          const method = member.bind(target) as (...values: unknown[]) => unknown;
          if (name !== 'query') return method;
          return (...values: unknown[]) => {
            this.#may('statement');
            return method(...values);
          };
        },
      });
    const transaction = async (work: (tx: Transaction) => Promise<unknown>): Promise<unknown> => {
      const result = await this.#pg.transaction(async (tx) => {
        const inner = await work(counted(tx));
        this.#may('commit');
        return inner;
      });
      this.#may('answer');
      if (this.#isDue('end')) this.#onEnd();
      return result;
    };
    return counted(this.#pg);
  }

  #watchMessages(): () => void {
    const prototype = MessagePort.prototype as { postMessage: (...values: unknown[]) => unknown };
    const post = prototype.postMessage;
    const may = () => this.#may('message');
    prototype.postMessage = function (...values: unknown[]) {
      // Comlink sends these when the garbage collector finds a remote object gone: none of them belongs to the reading.
      if ((values[0] as { type?: unknown } | null)?.type !== 'RELEASE') may();
      // A BroadcastChannel of Node's looks at the answer.
      return post.apply(this, values);
    };
    return () => {
      prototype.postMessage = post;
    };
  }

  #isDue(kind: FaultKind): boolean {
    if (this.#fault?.kind !== kind) return false;
    this.#fault.left -= 1;
    return this.#fault.left === 0;
  }

  #may(kind: FaultKind): void {
    if (this.#isDue(kind)) throw new DOMException(`The ${kind} failed.`, 'DataCloneError');
  }

  async #contents(): Promise<LibraryContents> {
    const { db } = connectionOver(this.#pg, 'memory');
    const files = new ClipFiles(new OpfsTree(this.#disk.asHandle()));
    const rows = async (table: string, order: string) => {
      const found = await this.#pg.query<Record<string, unknown>>(`select * from ${table} order by ${order}`);
      return found.rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !VOLATILE.has(name))),
      );
    };
    const [set] = (
      await this.#pg.query<{ model_version: string }>('select model_version from embedding_sets')
    ).rows;
    const path = embeddingPath('clip', set?.model_version ?? 'none', 'current');
    // As a search does with a file that is not of its set's revision.
    const library = this.#library();
    await library.packEmbeddings('clip', set?.model_version ?? 'none', 'current');
    const packed = await files.readWhole(path);
    const read =
      packed && (await readEmbeddingRows((at, length) => packed.slice(at, at + length), null, allocate));
    return {
      events: await rows('events', 'id'),
      frames: await rows('event_frames', 'frame_number'),
      embeddings: await rows('frame_embeddings', 'frame_index'),
      drafts: await rows('frame_embedding_drafts', 'frame_index'),
      spans: await rows('frame_spans', 'frame_index'),
      sets: await rows('embedding_sets', 'model_version'),
      paths: this.#disk.paths(),
      thumbnails: [...this.#disk.files()]
        .filter(([name]) => name.startsWith('frames/'))
        .map(([name, { bytes }]) => `${name} ${bytes.join()}`)
        .sort(),
      packed: read && {
        frameIndexes: [...read.packed.frameIndexes],
        embeddings: [...read.packed.embeddings],
      },
      flaws: await scanLibrary(db, files),
      openHandles: this.#disk.disk.openHandles,
    };
  }
}

/** Columns that differ between two readings of the same clip. */
const VOLATILE = new Set(['id', 'created_at', 'timestamp', 'revision']);

function preparedFrame({ frameIndex, timestampMs }: FrameRequest) {
  const random = seededRandom(frameIndex + 1);
  return {
    frameIndex,
    timestampMs,
    span: { startMs: timestampMs, endMs: timestampMs + 40 },
    width: SIDE,
    height: SIDE,
    pixels: Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.floor(random() * 256)),
    thumbnail: Uint8Array.of(0x52, 0x49, 0x46, 0x46, frameIndex),
  };
}

function allocate(rows: number) {
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    spansMs: new Float64Array(2 * rows),
    embeddings: new Float32Array(rows * EMBEDDING_DIMENSION),
  };
}
