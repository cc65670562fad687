import type { LibraryNotice } from '@/lib/ports/library';
import type { ClipShare, Holding, KeptNotice, SharedLibrary, Sharing } from '@/lib/ports/sharing';
import type { TabChannels } from '@/lib/ports/tabs';
import type { Remote } from '@/lib/rpc/remote';
import { toFramesiftError } from '@/lib/shared/errors';
import type { SyncService } from '@/lib/sync/sync-service';
import { SYNC_CHANNEL, type SyncMessage, type SyncStatuses } from '@/lib/sync/sync-status';
import { ValueStore, type Store } from './store';
import type { Clock, Settings } from './surroundings';

/** The shared libraries as they are shown. */
export type SharingState =
  | { state: 'opening' }
  | {
      state: 'ready';
      libraries: SharedLibrary[];
      shares: ClipShare[];
      notices: KeptNotice[];
      statuses: SyncStatuses;
    }
  | { state: 'failed'; message: string };

/** What the store stands on. */
export interface SharingParts {
  sharing: Pick<
    Remote<Sharing>,
    | 'libraries'
    | 'listShares'
    | 'listNotices'
    | 'shareClips'
    | 'stopSharing'
    | 'setLibrary'
    | 'letRowsGo'
    | 'dropNotice'
  >;
  sync: Pick<Remote<SyncService>, 'look' | 'stop' | 'ask' | 'join' | 'leave' | 'findServer'>;
  channels: TabChannels;
  /** Calls `listener` with each notice of the library's owner. */
  followLibrary: (listener: (notice: LibraryNotice) => void) => void;
  settings: Settings;
  clock: Clock;
  /** Whether a person sees this page. */
  isSeen: () => boolean;
}

/** Set while this browser is in a library: the page looks for nothing of sharing without it. */
export const SHARES_KEY = 'framesift-shares';

/** How often a page that is seen looks for news. */
export const LOOK_EVERY_MS = 10_000;

/** Changes of clips come in bursts; so long after one they are sent. */
const SEND_AFTER_MS = 1_000;

/** Lists are read anew so long after something was told. */
const REFRESH_AFTER_MS = 150;

/** The shared libraries, kept up to date with what is synced. The work itself is done by one tab's sync worker. */
export class SharingStore implements Store<SharingState> {
  readonly #parts: SharingParts;
  readonly #shown = new ValueStore<SharingState>({ state: 'opening' });
  #statuses: SyncStatuses = {};
  #isRefreshing = false;
  #callOffSending: (() => void) | null = null;

  constructor(parts: SharingParts) {
    this.#parts = parts;
    parts.channels.open<SyncMessage>(SYNC_CHANNEL).onmessage = ({ data }) => {
      if (data.type !== 'statuses') return;
      this.#statuses = data.statuses;
      const shown = this.#shown.get();
      if (shown.state === 'ready') this.#shown.set({ ...shown, statuses: data.statuses });
      // Progress is told some times a second; the lists have changed once it is over.
      if (!Object.values(data.statuses).some(({ state }) => state === 'syncing')) this.#refreshSoon();
    };
    parts.followLibrary((notice) => this.#notice(notice));
    void this.refresh();
    void this.#quietly(parts.sync.ask());
    this.#tick();
  }

  /** What is shown now. */
  readonly get = (): SharingState => this.#shown.get();

  /** Calls `listener` after every change. */
  readonly subscribe = (listener: () => void): (() => void) => this.#shown.subscribe(listener);

  /** Reads everything anew. */
  async refresh(): Promise<void> {
    const { sharing, settings } = this.#parts;
    try {
      const [libraries, shares, notices] = await Promise.all([
        sharing.libraries(),
        sharing.listShares(),
        sharing.listNotices(),
      ]);
      settings.write(SHARES_KEY, libraries.length > 0 ? 'yes' : null);
      this.#shown.set({ state: 'ready', libraries, shares, notices, statuses: this.#statuses });
    } catch (error) {
      this.#shown.set({ state: 'failed', message: toFramesiftError(error).message });
    }
  }

  /** Looks for news: the page has come into view, or is online again. */
  look(isForced = false): void {
    if (this.#isInLibrary()) void this.#quietly(this.#parts.sync.look(isForced));
  }

  /** Whether a library server is at an address; see `SyncService`. */
  findServer(address: string): Promise<string> {
    return this.#parts.sync.findServer(address);
  }

  /** Joins a library and gives its name; see `SyncService`. */
  async join(invitation: string, deviceName: string, holding: Holding): Promise<string> {
    const name = await this.#parts.sync.join(invitation, deviceName, holding);
    await this.refresh();
    return name;
  }

  /** Leaves a library. Its clips stay here. */
  async leave(libraryId: string): Promise<void> {
    await this.#parts.sync.leave(libraryId);
    await this.refresh();
  }

  /** Shares clips, and sends them. */
  async share(libraryId: string, clips: string[]): Promise<void> {
    await this.#parts.sharing.shareClips(libraryId, clips);
    await this.refresh();
    this.look();
  }

  /** Takes clips from a library, for everybody. They stay here. */
  async stopSharing(libraryId: string, clips: string[]): Promise<void> {
    await this.#parts.sharing.stopSharing(libraryId, clips);
    await this.refresh();
    this.look();
  }

  /** Has a library's clips copied into this browser, or searched on its server; then what came from there goes. */
  async hold(libraryId: string, holding: 'copies' | 'list'): Promise<void> {
    await this.#parts.sync.stop(libraryId);
    await this.#parts.sharing.setLibrary(libraryId, { holding });
    if (holding === 'list') await this.#parts.sharing.letRowsGo(libraryId);
    await this.refresh();
    this.look(true);
  }

  /** Stops sending and reading, until a person wants it again. */
  async pause(libraryId: string): Promise<void> {
    await this.#parts.sharing.setLibrary(libraryId, { isPaused: true });
    await this.#parts.sync.stop(libraryId);
    await this.refresh();
  }

  /** Syncs a library now, also one that was paused or whose server was away. */
  async syncNow(libraryId: string): Promise<void> {
    await this.#parts.sharing.setLibrary(libraryId, { isPaused: false });
    await this.refresh();
    this.look(true);
  }

  /** Puts a notice aside. */
  async dropNotice({ libraryId, id }: Pick<KeptNotice, 'libraryId' | 'id'>): Promise<void> {
    await this.#parts.sharing.dropNotice(libraryId, id);
    await this.refresh();
  }

  /** Has what was changed sent soon. */
  #notice(notice: LibraryNotice): void {
    if (notice.type !== 'changed' || notice.clip?.ingestState === 'running') return;
    this.#callOffSending?.();
    this.#callOffSending = this.#parts.clock.after(SEND_AFTER_MS, () => this.look());
    this.#refreshSoon();
  }

  #isInLibrary(): boolean {
    const shown = this.#shown.get();
    return shown.state !== 'ready' || shown.libraries.length > 0;
  }

  #tick(): void {
    this.#parts.clock.after(LOOK_EVERY_MS, () => {
      if (this.#parts.isSeen()) this.look();
      this.#tick();
    });
  }

  #refreshSoon(): void {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    this.#parts.clock.after(REFRESH_AFTER_MS, () => {
      this.#isRefreshing = false;
      void this.refresh();
    });
  }

  /** A worker that was ended is made anew by the next call. */
  async #quietly(call: Promise<void>): Promise<void> {
    await call.catch(() => undefined);
  }
}
