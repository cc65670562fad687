import { estimateStorage } from '@/lib/shared/browser-storage';
import type { KeepReply, OfflineGroup, OfflineRequest, TakeOverReply } from '@/lib/shared/offline-protocol';

/** How far the copy of this site that works without a network is. */
export type OfflineStage =
  | 'preparing'
  | 'ready'
  /** This browser or window cannot keep one, or it has no room. */
  | 'unavailable';

/** A version other than the one that this tab runs. */
type NewVersion =
  /** It is stored and takes over when this tab asks for it. */
  | 'waiting'
  /** It took over from another tab. */
  | 'in-charge';

export interface OfflineSnapshot {
  stage: OfflineStage;
  newVersion: NewVersion | null;
  /** How many other tabs kept the new version from taking over when this tab asked. */
  otherTabs: number;
}

/** A page that stays open looks for a new version this often. */
const UPDATE_INTERVAL_MS = 60 * 60 * 1000;

/** How long a service worker may take to be started and answer, and to fetch a large runtime besides. */
const TAKE_OVER_TIMEOUT_MS = 10_000;
const KEEP_TIMEOUT_MS = 30 * 60 * 1000;

/** What the copy takes, and what is left for clips after it, in bytes. With less room the clips have it all. */
const ROOM_NEEDED = 50_000_000 + 150_000_000;

/** Whether the browser has room for the copy; true where it does not say. */
async function hasRoom(): Promise<boolean> {
  const { quota, usage } = await estimateStorage();
  return quota === undefined || usage === undefined || quota - usage >= ROOM_NEEDED;
}

/** This tab's side of the service worker: registers it, follows its versions and asks it for things. */
export class OfflineCopy {
  #snapshot: OfflineSnapshot = { stage: 'preparing', newVersion: null, otherTabs: 0 };
  #registration: ServiceWorkerRegistration | undefined;
  #groups: OfflineGroup[] = [];
  #started = false;
  #isReloading = false;
  #updatedMs = 0;
  readonly #listeners = new Set<() => void>();

  /** Calls a listener after every change, until the function that it returns is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): OfflineSnapshot {
    return this.#snapshot;
  }

  /**
   * Registers the service worker. To be called when the page has what it needs itself, so that the two do
   * not compete for the network.
   *
   * @param groups what this page uses besides the files that everybody needs
   */
  async start(groups: OfflineGroup[]): Promise<void> {
    this.#groups = groups;
    if (this.#started) return;
    this.#started = true;
    // Asked with `in`: the bundler takes `navigator.serviceWorker` for always there and drops a test of its value.
    if (!('serviceWorker' in navigator)) {
      this.#change({ stage: 'unavailable' });
      return;
    }
    try {
      const container = navigator.serviceWorker;
      if (!(await container.getRegistration()) && !(await hasRoom())) {
        this.#change({ stage: 'unavailable' });
        return;
      }
      this.#watchController(container);
      const registration = await container.register('/sw.js', { updateViaCache: 'none' });
      this.#registration = registration;
      this.#updatedMs = Date.now();
      registration.addEventListener('updatefound', () => this.#follow(registration.installing));
      this.#follow(registration.installing);
      if (registration.waiting && registration.active) this.#change({ newVersion: 'waiting' });
      if (registration.active?.state === 'activated') void this.#keep(registration.active);
      else this.#follow(registration.active);
    } catch {
      // A private window, a browser told to keep nothing, or a host without the file: the page works on.
      this.#change({ stage: 'unavailable' });
      return;
    }
    const lookForUpdate = () => void this.#lookForUpdate();
    document.addEventListener('visibilitychange', lookForUpdate);
    window.addEventListener('online', lookForUpdate);
    setInterval(lookForUpdate, UPDATE_INTERVAL_MS);
  }

  /**
   * Loads the page again with the new version, which a person asked for; or notes how many other tabs would
   * lose the version that they run.
   */
  async reload(): Promise<void> {
    const waiting = this.#registration?.waiting;
    if (this.#snapshot.newVersion === 'in-charge' || !waiting) {
      window.location.reload();
      return;
    }
    this.#isReloading = true;
    const reply = await ask<TakeOverReply>(waiting, { type: 'take-over' }, TAKE_OVER_TIMEOUT_MS);
    // With no other tab it takes over, and #watchController reloads.
    if (reply?.otherTabs !== 0) this.#isReloading = false;
    this.#change({ otherTabs: reply?.otherTabs ?? 0 });
  }

  #watchController(container: ServiceWorkerContainer): void {
    let hadController = container.controller !== null;
    container.addEventListener('controllerchange', () => {
      if (this.#isReloading) window.location.reload();
      // On the first visit this only says that the page is stored from now on.
      else if (hadController) this.#change({ newVersion: 'in-charge' });
      hadController = true;
    });
  }

  #follow(worker: ServiceWorker | null): void {
    worker?.addEventListener('statechange', () => {
      const isUpdate = Boolean(this.#registration?.active);
      if (worker.state === 'installed' && isUpdate) this.#change({ newVersion: 'waiting', otherTabs: 0 });
      if (worker.state === 'activated') void this.#keep(worker);
      if (worker.state === 'redundant' && !isUpdate) this.#change({ stage: 'unavailable' });
    });
  }

  async #keep(worker: ServiceWorker): Promise<void> {
    const request: OfflineRequest = { type: 'keep', groups: this.#groups };
    const reply = await ask<KeepReply>(worker, request, KEEP_TIMEOUT_MS);
    // Without a network what is missing is fetched at the next visit.
    if (reply?.kept) this.#change({ stage: 'ready' });
  }

  async #lookForUpdate(): Promise<void> {
    if (document.visibilityState !== 'visible' || !navigator.onLine) return;
    if (Date.now() - this.#updatedMs < UPDATE_INTERVAL_MS) return;
    this.#updatedMs = Date.now();
    // Without a network there is no new version either.
    await this.#registration?.update().catch(() => undefined);
  }

  #change(change: Partial<OfflineSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** The reply of a service worker, or null when none comes in time. */
function ask<Reply>(
  worker: ServiceWorker,
  request: OfflineRequest,
  timeoutMs: number,
): Promise<Reply | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const settle = (reply: Reply | null) => {
      clearTimeout(timer);
      port1.close();
      resolve(reply);
    };
    const timer = setTimeout(() => settle(null), timeoutMs);
    port1.onmessage = ({ data }: MessageEvent<Reply>) => settle(data);
    worker.postMessage(request, [port2]);
  });
}
