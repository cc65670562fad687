import type { GatewayPorts } from '@/lib/library/gateway';
import type { TabChannel, TabChannels, TabLocks } from '@/lib/ports/tabs';

interface FakeLock {
  holder: string | null;
  waiting: { tab: string; grant: () => void }[];
}

/**
 * The BroadcastChannels and Web Locks of tabs, in Node. A tab can be ended, which takes its locks and its channels, or
 * frozen, which keeps its locks and lets it hear nothing.
 */
export class TabNetwork {
  readonly #channels = new Map<string, { tab: string; channel: TabChannel }[]>();
  readonly #locks = new Map<string, FakeLock>();
  readonly #ended = new Set<string>();
  readonly #frozen = new Set<string>();
  /** What frozen tabs have yet to hear. */
  readonly #late = new Map<string, (() => void)[]>();
  /** Every message, as it was posted. */
  readonly posted: { tab: string; channel: string; message: { type: string; verb?: string } }[] = [];

  portsOf(tab: string): GatewayPorts {
    return {
      openChannel: (name) => this.#open(tab, name),
      holdLock: (name) => this.#request(tab, name),
      whenFree: (name) => this.#request(tab, name).then(() => this.#release(tab, name)),
    };
  }

  channelsOf(tab: string): TabChannels {
    return { open: (name) => this.#open(tab, name) };
  }

  locksOf(tab: string): TabLocks {
    return {
      tryLock: async (name, work) => {
        const isFree = (this.#locks.get(name)?.holder ?? null) === null;
        if (!isFree) return work(false);
        await this.#request(tab, name);
        try {
          return await work(true);
        } finally {
          this.#release(tab, name);
        }
      },
      whenFree: (name) => this.portsOf(tab).whenFree(name),
    };
  }

  /** Ends of a channel that are open. */
  endsOf(channel: string): number {
    return this.#channels.get(channel)?.length ?? 0;
  }

  /** Closes a tab: no message of it is delivered any more. */
  end(tab: string): void {
    this.#ended.add(tab);
    for (const [name, lock] of this.#locks) {
      lock.waiting = lock.waiting.filter((one) => one.tab !== tab);
      if (lock.holder === tab) this.#release(tab, name);
    }
  }

  freeze(tab: string): void {
    this.#frozen.add(tab);
  }

  resume(tab: string): void {
    this.#frozen.delete(tab);
    for (const deliver of this.#late.get(tab) ?? []) deliver();
    this.#late.delete(tab);
  }

  #open(tab: string, name: string): TabChannel {
    const members = this.#channels.get(name) ?? [];
    this.#channels.set(name, members);
    const entry = {
      tab,
      channel: {
        onmessage: null,
        postMessage: (message: unknown) => {
          if (this.#ended.has(tab)) return;
          const data: unknown = structuredClone(message);
          this.posted.push({ tab, channel: name, message: data as { type: string } });
          for (const other of [...members]) {
            if (other !== entry) queueMicrotask(() => this.#deliver(other, data));
          }
        },
        close: () => {
          members.splice(members.indexOf(entry), 1);
        },
      } as TabChannel,
    };
    members.push(entry);
    return entry.channel;
  }

  #deliver(to: { tab: string; channel: TabChannel }, data: unknown): void {
    if (this.#ended.has(to.tab)) return;
    const deliver = () => to.channel.onmessage?.({ data } as MessageEvent);
    if (this.#frozen.has(to.tab)) this.#late.set(to.tab, [...(this.#late.get(to.tab) ?? []), deliver]);
    else deliver();
  }

  #request(tab: string, name: string): Promise<void> {
    const lock = this.#locks.get(name) ?? { holder: null, waiting: [] };
    this.#locks.set(name, lock);
    return new Promise((resolve) => {
      lock.waiting.push({ tab, grant: resolve });
      this.#grant(lock);
    });
  }

  #release(tab: string, name: string): void {
    const lock = this.#locks.get(name)!;
    if (lock.holder !== tab) return;
    lock.holder = null;
    this.#grant(lock);
  }

  #grant(lock: FakeLock): void {
    if (lock.holder !== null) return;
    const next = lock.waiting.shift();
    if (!next) return;
    lock.holder = next.tab;
    next.grant();
  }
}
