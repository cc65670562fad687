import { randomUUID } from 'node:crypto';
import type { ClipChange, EventColumns } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { pageOf, writePage, type ClipRow } from '@/lib/protocol/rows';
import { addChange } from '@/lib/sync/outbox';
import type { LibraryClient } from '@/lib/sync/library-client';
import type { Notice } from '@/lib/sync/notices';
import type { PulledPage } from '@/lib/sync/pull-clip';
import { syncLibrary } from '@/lib/sync/sync-library';
import type { LocalClip, PendingChange, Position, SyncStore } from '@/lib/sync/sync-store';
import { madeEvent, madeRow } from './library-server';

/** A clip with its rows, in memory. */
interface StoredClip extends LocalClip {
  rows: readonly ClipRow[];
}

/** What is equal on all devices once they have heard of each other. */
export interface SharedState {
  clip: string;
  event: EventColumns;
  model: string | null;
  rows: string;
  digest: string;
  revision: string | undefined;
}

/** A device as a person has it. */
export interface SyncDevice {
  /** What was told, in order. */
  readonly notices: Notice[];
  /** Goes through the library once. */
  sync(client?: LibraryClient): Promise<void>;
  /** Reads a clip and shares it. */
  add(description: string, clip?: string, frames?: number): Promise<string>;
  /** Sets columns of a clip. */
  edit(
    clip: string,
    columns: Partial<Pick<EventColumns, 'description' | 'smart_detection_type'>>,
  ): Promise<void>;
  /** Has the video of a clip. */
  keepVideo(clip: string): Promise<void>;
  /** Reads a clip again, with a model. */
  readAgain(clip: string, model: string): Promise<void>;
  /** Deletes a clip, or stops sharing it: the library hears of it later. */
  end(clip: string, kind: 'delete' | 'unshare'): Promise<void>;
  /** Loses what it has, as if it had never heard of it. */
  lose(): Promise<void>;
  /** The shared clips that a person sees here. */
  visible(): Promise<string[]>;
  pending(): Promise<PendingChange[]>;
  find(clip: string): Promise<LocalClip | null>;
  /** All shared clips, by id. */
  state(): Promise<SharedState[]>;
  /** Clips of this device alone. */
  own(): Promise<{ clip: string; event: EventColumns }[]>;
}

/** A device with its library in memory. */
export class MemoryDevice implements SyncDevice, SyncStore {
  readonly shared = new Map<string, StoredClip>();
  readonly #own = new Map<string, StoredClip>();
  readonly notices: Notice[] = [];
  readonly #outbox = new Map<string, PendingChange>();
  /** By revision and page. */
  readonly #kept = new Map<string, Map<number, ClipRow[]>>();
  #position: Position = { after: 0, epoch: null };

  constructor(
    private readonly client: LibraryClient,
    private readonly model: string | null = null,
  ) {}

  sync(client = this.client): Promise<void> {
    return syncLibrary({
      client,
      store: this,
      model: this.model,
      newRevision: randomUUID,
      tell: (notice) => {
        this.notices.push(notice);
        return Promise.resolve();
      },
    });
  }

  async add(description: string, clip = randomUUID(), frames = 2): Promise<string> {
    const rows = Array.from({ length: frames }, (_, i) => madeRow(i, Math.floor(Math.random() * 1e6)));
    const { event, details } = madeEvent(clip, description);
    const digest = await digestOf(rows);
    this.shared.set(clip, {
      clip,
      event,
      details,
      rows,
      frames,
      digest,
      hasVideo: false,
      isAway: false,
      known: null,
    });
    this.#change(clip, 'rows');
    return clip;
  }

  edit(clip: string, columns: Partial<EventColumns>): Promise<void> {
    const stored = this.shared.get(clip)!;
    this.shared.set(clip, { ...stored, event: { ...stored.event, ...columns } });
    this.#change(clip, 'edit');
    return Promise.resolve();
  }

  keepVideo(clip: string): Promise<void> {
    const stored = this.shared.get(clip)!;
    this.shared.set(clip, { ...stored, hasVideo: true });
    return Promise.resolve();
  }

  async readAgain(clip: string, model: string): Promise<void> {
    const stored = this.shared.get(clip)!;
    const seed = Math.floor(Math.random() * 1e6);
    const rows = stored.rows.map(({ frameIndex }) => madeRow(frameIndex, seed));
    const details = { ...stored.details, model_version: model };
    this.shared.set(clip, { ...stored, details, rows, digest: await digestOf(rows) });
    this.#change(clip, 'rows');
  }

  end(clip: string, kind: 'delete' | 'unshare'): Promise<void> {
    this.#change(clip, kind);
    if (!this.#outbox.has(clip)) this.shared.delete(clip);
    return Promise.resolve();
  }

  lose(): Promise<void> {
    this.shared.clear();
    return Promise.resolve();
  }

  visible(): Promise<string[]> {
    const isEnding = (clip: string) => ['delete', 'unshare'].includes(this.#outbox.get(clip)?.kind ?? '');
    return Promise.resolve([...this.shared.keys()].filter((clip) => !isEnding(clip)));
  }

  state(): Promise<SharedState[]> {
    const state = [...this.shared.values()].map(({ clip, event, details, rows, digest, known }) => ({
      clip,
      event,
      model: details.model_version,
      rows: writePage(rows),
      digest,
      revision: known?.revision,
    }));
    return Promise.resolve(state.sort((a, b) => (a.clip < b.clip ? -1 : 1)));
  }

  own = () => Promise.resolve([...this.#own.values()]);

  #change(clip: string, kind: PendingChange['kind']): void {
    const waiting = this.#outbox.get(clip) ?? null;
    const isKnown = this.shared.get(clip)?.known != null;
    const next = addChange(waiting, { clip, kind, revision: randomUUID() }, isKnown);
    if (next) this.#outbox.set(clip, next);
    else this.#outbox.delete(clip);
  }

  position = () => Promise.resolve(this.#position);
  known = () =>
    Promise.resolve(
      [...this.shared.values()].flatMap(({ clip, known }) =>
        known ? [{ clip, revision: known.revision }] : [],
      ),
    );
  find = (clip: string) => Promise.resolve(this.shared.get(clip) ?? null);
  pending = () => Promise.resolve([...this.#outbox.values()]);
  pendingOf = (clip: string) => Promise.resolve(this.#outbox.get(clip) ?? null);

  moveTo(position: Position): Promise<void> {
    this.#position = position;
    return Promise.resolve();
  }

  pages(clip: string): ReturnType<SyncStore['pages']> {
    const { rows } = this.shared.get(clip)!;
    return Promise.resolve({
      frames: rows.length,
      pictures: 0,
      pages: [...new Set(rows.map(({ frameIndex }) => pageOf(frameIndex)))],
      readRows: (page: number) =>
        Promise.resolve(rows.filter(({ frameIndex }) => pageOf(frameIndex) === page)),
      picturePages: 0,
      readPictures: () => Promise.resolve([]),
    });
  }

  markSent({ clip, revision }: PendingChange, known: LocalClip['known']): Promise<void> {
    const stored = this.shared.get(clip)!;
    const isLast = this.#outbox.get(clip)?.revision === revision;
    if (isLast) this.#outbox.delete(clip);
    if (known) this.shared.set(clip, { ...stored, known });
    else this.shared.delete(clip);
    return Promise.resolve();
  }

  keepPage({ revision }: Pick<ClipChange, 'revision'>, { page, rows }: PulledPage): Promise<void> {
    const pages = this.#kept.get(revision) ?? new Map<number, ClipRow[]>();
    this.#kept.set(revision, pages.set(page, rows));
    return Promise.resolve();
  }

  #rowsOf(revision: string, pages: readonly number[] | null): ClipRow[] | null {
    return pages?.flatMap((page) => this.#kept.get(revision)!.get(page)!) ?? null;
  }

  adopt(change: ClipChange, pages: readonly number[] | null, position: Position | null): Promise<void> {
    const rows = this.#rowsOf(change.revision, pages);
    this.#outbox.delete(change.clip);
    if (change.event && change.details) this.#take(change, { ...change, rows });
    else {
      const stored = this.shared.get(change.clip);
      if (stored?.hasVideo) this.#own.set(change.clip, { ...stored, known: null });
      this.shared.delete(change.clip);
    }
    this.#position = position ?? this.#position;
    return Promise.resolve();
  }

  list(): Promise<void> {
    throw new Error('This device copies its library.');
  }

  rebase(
    change: ClipChange,
    onto: Parameters<SyncStore['rebase']>[1],
    pending: PendingChange,
    position: Position | null,
  ): Promise<void> {
    this.#take(change, { ...onto, rows: this.#rowsOf(change.revision, onto.pages) });
    this.#outbox.set(change.clip, pending);
    this.#position = position ?? this.#position;
    return Promise.resolve();
  }

  part(clip: string, copy: string, position: Position | null): Promise<void> {
    this.#own.set(copy, { ...this.shared.get(clip)!, clip: copy, known: null });
    this.shared.delete(clip);
    this.#outbox.delete(clip);
    this.#position = position ?? this.#position;
    return Promise.resolve();
  }

  renew(pending: PendingChange): Promise<void> {
    this.#outbox.set(pending.clip, pending);
    return Promise.resolve();
  }

  shareAgain(pending: PendingChange): Promise<void> {
    this.shared.set(pending.clip, { ...this.shared.get(pending.clip)!, known: null });
    this.#outbox.set(pending.clip, pending);
    return Promise.resolve();
  }

  #take(
    { clip, revision, digest, event: known }: ClipChange,
    {
      event,
      details,
      rows,
    }: {
      event: EventColumns | null;
      details: ClipChange['details'];
      rows: readonly ClipRow[] | null;
    },
  ): void {
    const stored = this.shared.get(clip);
    this.shared.set(clip, {
      clip,
      event: event!,
      details: details!,
      rows: rows ?? stored!.rows,
      frames: (rows ?? stored!.rows).length,
      digest: rows ? digest : stored!.digest,
      hasVideo: stored?.hasVideo ?? false,
      isAway: false,
      known: { revision, digest, event: known! },
    });
  }
}

async function digestOf(rows: readonly ClipRow[]): Promise<string> {
  const pages = [...new Set(rows.map(({ frameIndex }) => pageOf(frameIndex)))];
  return rowsDigest(
    await Promise.all(
      pages.map((page) => pageDigest(rows.filter(({ frameIndex }) => pageOf(frameIndex) === page))),
    ),
  );
}
