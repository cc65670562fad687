import { randomUUID } from 'node:crypto';
import type { ClipChange, EventColumns } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { pageOf, type ClipRow } from '@/lib/protocol/rows';
import { addChange } from '@/lib/sync/outbox';
import type { LibraryClient } from '@/lib/sync/library-client';
import type { Notice } from '@/lib/sync/notices';
import { syncLibrary } from '@/lib/sync/sync-library';
import type { LocalClip, PendingChange, Position, SyncStore } from '@/lib/sync/sync-store';
import { madeEvent, madeRow } from './library-server';

/** A clip with its rows, in memory. */
interface StoredClip extends LocalClip {
  rows: readonly ClipRow[];
}

/** A device with its library in memory: what a person does there, and the store that `syncLibrary` works with. */
export class SyncDevice implements SyncStore {
  readonly shared = new Map<string, StoredClip>();
  /** Clips of this device alone. */
  readonly own = new Map<string, StoredClip>();
  readonly notices: Notice[] = [];
  readonly #outbox = new Map<string, PendingChange>();
  #position: Position = { after: 0, epoch: null };

  constructor(
    private readonly client: LibraryClient,
    private readonly model: string | null = null,
  ) {}

  /** Goes through the library once. */
  sync(client = this.client): Promise<void> {
    return syncLibrary({
      client,
      store: this,
      model: this.model,
      newRevision: randomUUID,
      tell: (notice) => this.notices.push(notice),
    });
  }

  /** Reads a clip and shares it. */
  async add(description: string, clip = randomUUID(), frames = 2): Promise<string> {
    const rows = Array.from({ length: frames }, (_, i) => madeRow(i, Math.floor(Math.random() * 1e6)));
    const { event, details } = madeEvent(clip, description);
    this.shared.set(clip, { clip, event, details, rows, digest: await digestOf(rows), known: null });
    this.#change(clip, 'rows');
    return clip;
  }

  /** Sets a column of a clip. */
  edit(clip: string, columns: Partial<EventColumns>): void {
    const stored = this.shared.get(clip)!;
    this.shared.set(clip, { ...stored, event: { ...stored.event, ...columns } });
    this.#change(clip, 'edit');
  }

  /** Reads a clip again, with a model. */
  async readAgain(clip: string, model: string): Promise<void> {
    const stored = this.shared.get(clip)!;
    const seed = Math.floor(Math.random() * 1e6);
    const rows = stored.rows.map(({ frameIndex }) => madeRow(frameIndex, seed));
    const details = { ...stored.details, model_version: model };
    this.shared.set(clip, { ...stored, details, rows, digest: await digestOf(rows) });
    this.#change(clip, 'rows');
  }

  /** Deletes a clip, or stops sharing it: the library hears of it later. */
  end(clip: string, kind: 'delete' | 'unshare'): void {
    this.#change(clip, kind);
    if (!this.#outbox.has(clip)) this.shared.delete(clip);
  }

  /** The shared clips that a person sees here. */
  visible(): string[] {
    return [...this.shared.keys()].filter((clip) => {
      const kind = this.#outbox.get(clip)?.kind;
      return kind !== 'delete' && kind !== 'unshare';
    });
  }

  #change(clip: string, kind: PendingChange['kind']): void {
    const waiting = this.#outbox.get(clip) ?? null;
    const isKnown = this.shared.get(clip)?.known != null;
    const next = addChange(waiting, { clip, kind, revision: randomUUID() }, isKnown);
    if (next) this.#outbox.set(clip, next);
    else this.#outbox.delete(clip);
  }

  position = () => Promise.resolve(this.#position);
  clips = () => Promise.resolve([...this.shared.values()]);
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

  adopt(change: ClipChange, rows: readonly ClipRow[] | null, position: Position | null): Promise<void> {
    this.#outbox.delete(change.clip);
    if (change.event && change.details) this.#take(change, { ...change, rows });
    else this.shared.delete(change.clip);
    this.#position = position ?? this.#position;
    return Promise.resolve();
  }

  rebase(
    change: ClipChange,
    onto: Parameters<SyncStore['rebase']>[1],
    pending: PendingChange,
    position: Position | null,
  ): Promise<void> {
    this.#take(change, onto);
    this.#outbox.set(change.clip, pending);
    this.#position = position ?? this.#position;
    return Promise.resolve();
  }

  part(clip: string, position: Position | null): Promise<void> {
    const copy = randomUUID();
    this.own.set(copy, { ...this.shared.get(clip)!, clip: copy, known: null });
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
      digest: rows ? digest : stored!.digest,
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
