import type { TabChannel } from '@/lib/ports/tabs';
import { fromPlainError, toPlainError, type PlainError } from '@/lib/rpc/plain-error';
import { Interruption } from '@/lib/shared/async';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';

/** What a gateway needs of the browser, so that it runs in Node over fakes. */
export interface GatewayPorts {
  openChannel<Message>(name: string): TabChannel<Message>;
  /** Resolves when the lock is held; it stays so until this worker ends. */
  holdLock(name: string): Promise<void>;
  /** Resolves when nobody holds the lock any more. */
  whenFree(name: string): Promise<void>;
}

/** Runs one verb on the database of this worker. */
export type RunVerb = (verb: string, args: unknown[]) => Promise<unknown>;

export interface GatewayOptions {
  /** No other library worker has it. */
  tab: string;
  /** Null where the browser gives no locks: nothing is shared then, and this worker is the owner at once. */
  ports: GatewayPorts | null;
  /** Names of what all tabs agree on. */
  names: GatewayNames;
  /** Opens the database; called by the owner alone, and again after a failure. */
  open: () => Promise<RunVerb>;
  /** This worker has become the owner and has opened the database. */
  onOwner?: () => void;
  /** A sentence when the owner does not answer, null when it does again. */
  onSilence?: (sentence: string | null) => void;
}

export interface GatewayNames {
  lock: string;
  /** The channel on which followers look for the owner. */
  meeting: string;
  /** Followed by the id of a tab: the channel between it and the owner, and the lock that it holds while it lives. */
  tab: string;
}

/** How often a follower looks for the owner until it is answered. */
export const MEETING_INTERVAL_MS = 250;

/** A call without an answer for so long is followed by a `ping`, and a ping without `pong` by a sentence. */
export const SILENCE_MS = 10_000;

/** How long the owner keeps a failure to open before it tries again for a follower. */
const FAILED_OPEN_MS = 1_000;

export const SILENT_OWNER =
  'Another Framesift tab has the library and does not answer. Open that tab, reload it or close it; this page goes on by itself then.';

/** What is said of a failure that says nothing of itself. */
const NO_ANSWER = 'The library did not answer.';

/** From followers. `who` travels on the meeting channel, the rest on the follower's own. */
type FollowerMessage =
  | { type: 'who'; tab: string }
  | { type: 'call'; id: number; verb: string; args: unknown[] }
  | { type: 'ping' };

/** From the owner. `changed` travels on the meeting channel, the rest on the follower's own. */
type OwnerMessage =
  /** There is another owner than before. */
  | { type: 'changed' }
  /** The database is being opened: not there yet, but awake. */
  | { type: 'opening' }
  | { type: 'owner'; owner: string }
  | { type: 'failed'; error: PlainError }
  | { type: 'answer'; id: number; result: unknown }
  | { type: 'error'; id: number; error: PlainError }
  | { type: 'pong' };

type GatewayChannel = TabChannel<FollowerMessage | OwnerMessage>;

interface Pending {
  verb: string;
  args: unknown[];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  /** The owner that it was sent to; null while it waits for one. */
  sentTo: string | null;
}

/**
 * Where the calls of one tab's library worker go: to its own database when it is the owner, else to the owner's.
 *
 * [Note: One owner] All library workers ask for one Web Lock. Who holds it is the owner, opens PGlite and runs verbs one
 * after another; the others are followers and forward calls over a BroadcastChannel of their own. When the owner's tab
 * ends, the lock passes on, and the followers send every call again that has no answer. That is safe because a verb
 * means the same when it runs twice. The lock is never stolen: a sleeping owner keeps its files open, and two
 * writers corrupt them (pglite #709, #323).
 *
 * [Note: Meeting] A BroadcastChannel keeps nothing for a listener that is not there yet (pglite #1109). So a follower
 * posts `who` until the owner has opened the follower's channel and answered on it, and sends calls only then.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #followers = new Map<string, GatewayChannel>();
  #meeting: GatewayChannel | null = null;
  #own: GatewayChannel | null = null;
  #isOwner = false;
  #run: Promise<RunVerb> | null = null;
  #failure: { error: unknown; atMs: number } | null = null;
  /** The owner that this follower has met. */
  #owner: string | null = null;
  #lastId = 0;
  #looking: ReturnType<typeof setInterval> | undefined;
  #listening: ReturnType<typeof setTimeout> | undefined;
  #isPinged = false;
  #isSilent = false;
  readonly #end = new Interruption();
  #isClosed = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { ports, names, tab } = options;
    if (!ports) {
      this.#isOwner = true;
      return;
    }
    this.#meeting = ports.openChannel(names.meeting);
    this.#meeting.onmessage = ({ data }) => {
      if (data.type === 'who' && this.#isOwner) this.#meet(ports, data.tab);
      else if (data.type === 'changed' && !this.#isOwner) this.#look();
    };
    this.#own = ports.openChannel(names.tab + tab);
    this.#own.onmessage = ({ data }) => this.#hear(data as OwnerMessage);
    const fail = (error: unknown) =>
      this.#rejectAll(toFramesiftError(error, 'The library could not be shared.'));
    // Before anything is asked: the owner takes a tab without its lock for gone.
    ports
      .holdLock(names.tab + tab)
      .then(() => {
        if (!this.#isClosed && !this.#isOwner) this.#look();
        return ports.holdLock(names.lock);
      })
      .then(() => this.#lead(), fail);
  }

  get isOwner(): boolean {
    return this.#isOwner;
  }

  /** Runs a verb on the owner's database, whoever that is by then. `args` must be plain data. */
  call(verb: string, args: unknown[]): Promise<unknown> {
    if (this.#isOwner) return this.#end.race(this.#ownRun().then((run) => run(verb, args)));
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#pending.set(id, { verb, args, resolve, reject, sentTo: null });
      this.#send();
      this.#listen();
    });
  }

  /** Ends this gateway; calls that wait are rejected. Its locks go with its worker. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#looking);
    clearTimeout(this.#listening);
    this.#meeting?.close();
    this.#own?.close();
    for (const channel of this.#followers.values()) channel.close();
    const error = new FramesiftError('worker-lost', 'This page has let go of its library.', {
      transient: true,
    });
    this.#end.interrupt(error);
    this.#rejectAll(error);
  }

  // # As a follower

  /** Looks for the owner until it answers. */
  #look(): void {
    const { tab } = this.#options;
    this.#owner = null;
    clearInterval(this.#looking);
    const ask = () => this.#meeting?.postMessage({ type: 'who', tab } satisfies FollowerMessage);
    this.#looking = setInterval(ask, MEETING_INTERVAL_MS);
    ask();
    this.#listen();
  }

  #hear(message: OwnerMessage): void {
    if (this.#isOwner || this.#isClosed) return;
    switch (message.type) {
      case 'owner':
        clearInterval(this.#looking);
        this.#owner = message.owner;
        this.#send();
        break;
      case 'failed':
        this.#rejectAll(fromPlainError(message.error));
        break;
      case 'answer':
        this.#settle(message.id)?.resolve(message.result);
        break;
      case 'error':
        this.#settle(message.id)?.reject(fromPlainError(message.error));
        break;
      case 'opening':
      case 'pong':
      case 'changed':
        break;
    }
    this.#setSilent(false);
    this.#listen();
  }

  #send(): void {
    if (this.#owner === null) return;
    for (const [id, call] of this.#pending) {
      if (call.sentTo === this.#owner) continue;
      call.sentTo = this.#owner;
      this.#own!.postMessage({
        type: 'call',
        id,
        verb: call.verb,
        args: call.args,
      } satisfies FollowerMessage);
    }
  }

  #settle(id: number): Pending | undefined {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    return call;
  }

  #rejectAll(error: Error): void {
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of calls) reject(error);
  }

  /** Waits for the next sign of the owner; called with each one. */
  #listen(): void {
    clearTimeout(this.#listening);
    this.#isPinged = false;
    const expect = () => {
      if (this.#isOwner || this.#isClosed) return;
      if (this.#owner !== null && this.#pending.size === 0) return;
      if (this.#owner === null || this.#isPinged) {
        this.#setSilent(true);
        return;
      }
      this.#isPinged = true;
      this.#own?.postMessage({ type: 'ping' } satisfies FollowerMessage);
      this.#listening = setTimeout(expect, SILENCE_MS);
    };
    this.#listening = setTimeout(expect, SILENCE_MS);
  }

  #setSilent(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.#options.onSilence?.(isSilent ? SILENT_OWNER : null);
  }

  // # As the owner

  #lead(): void {
    if (this.#isClosed) return;
    this.#isOwner = true;
    clearInterval(this.#looking);
    clearTimeout(this.#listening);
    this.#setSilent(false);
    this.#meeting!.postMessage({ type: 'changed' } satisfies OwnerMessage);
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const { verb, args, resolve, reject } of calls) this.call(verb, args).then(resolve, reject);
    // Whoever follows waits for it, also when this page asks nothing.
    this.#ownRun().catch(() => undefined);
  }

  #ownRun(): Promise<RunVerb> {
    if (this.#run) return this.#run;
    const opening = this.#options.open();
    this.#run = opening;
    opening.then(
      () => this.#options.onOwner?.(),
      (error: unknown) => {
        this.#failure = { error, atMs: performance.now() };
        this.#run = null;
      },
    );
    return opening;
  }

  #meet(ports: GatewayPorts, tab: string): void {
    let channel = this.#followers.get(tab);
    if (!channel) {
      const opened: GatewayChannel = ports.openChannel(this.#options.names.tab + tab);
      channel = opened;
      this.#followers.set(tab, opened);
      opened.onmessage = ({ data }) => this.#serve(opened, data as FollowerMessage);
      void ports.whenFree(this.#options.names.tab + tab).then(() => {
        opened.close();
        this.#followers.delete(tab);
      });
    }
    const { tab: owner } = this.#options;
    const answer = (message: OwnerMessage) => {
      if (!this.#isClosed && this.#followers.get(tab) === channel) channel.postMessage(message);
    };
    const failure = this.#failure;
    if (this.#run === null && failure && performance.now() - failure.atMs < FAILED_OPEN_MS) {
      answer({ type: 'failed', error: toPlainError(failure.error, NO_ANSWER) });
      return;
    }
    answer({ type: 'opening' });
    this.#ownRun().then(
      () => answer({ type: 'owner', owner }),
      (error: unknown) => answer({ type: 'failed', error: toPlainError(error, NO_ANSWER) }),
    );
  }

  #serve(channel: GatewayChannel, message: FollowerMessage): void {
    const answer = (reply: OwnerMessage) => {
      if (!this.#isClosed && [...this.#followers.values()].includes(channel)) channel.postMessage(reply);
    };
    if (message.type === 'ping') answer({ type: 'pong' });
    if (message.type !== 'call') return;
    const { id, verb, args } = message;
    this.call(verb, args).then(
      (result) => answer({ type: 'answer', id, result }),
      (error: unknown) => answer({ type: 'error', id, error: toPlainError(error, NO_ANSWER) }),
    );
  }
}

/** A gateway's ports in a browser. */
export const BROWSER_PORTS: GatewayPorts = {
  openChannel: (name) => new BroadcastChannel(name),
  holdLock: (name) =>
    new Promise((resolve, reject) => {
      navigator.locks
        .request(name, () => {
          resolve();
          return new Promise<never>(() => undefined);
        })
        .catch(reject);
    }),
  whenFree: (name) => navigator.locks.request(name, () => undefined),
};
