import type { SharedLibrary, Sharing } from '@/lib/ports/sharing';
import { API_PATH } from '@/lib/protocol/limits';
import { readInvitation } from '@/lib/protocol/invitation';
import { connectRemote, type Remote } from '@/lib/rpc/remote';
import { FramesiftError } from '@/lib/shared/errors';
import { isRecord } from '@/lib/shared/guards';
import { hasLocks } from '@/lib/shared/locks';
import { joinLibrary, LibraryClient } from './library-client';
import { sendOver } from './send';
import { SyncRunner } from './sync-runner';
import { SYNC_CHANNEL, type SyncMessage } from './sync-status';

/** Held by the tab that syncs. */
const SYNC_LOCK = 'framesift-sync';

/** Joining and leaving are asked for by a person, who waits. */
const PERSON_WAITS_MS = 20_000;

/**
 * What speaks to library servers; lives in workers/sync.worker.ts. Of all tabs of this browser one syncs: the one that
 * holds a Web Lock. The others pass on what they want, over a channel, and hear how things are.
 */
export class SyncService {
  readonly #fetch: typeof globalThis.fetch;
  readonly #channel = new BroadcastChannel(SYNC_CHANNEL);
  #sharing: Remote<Sharing> | null = null;
  #runner: SyncRunner | null = null;
  #deviceId: string | undefined;

  /** @param fetch the browser's own */
  constructor(fetch: typeof globalThis.fetch) {
    this.#fetch = fetch;
    this.#channel.onmessage = ({ data }: MessageEvent<SyncMessage>) => this.#hear(data);
  }

  /**
   * Begins to sync, now or when the tab that does so ends.
   *
   * @param sharingPort where the shared libraries are served
   */
  connect(sharingPort: MessagePort): void {
    this.#sharing = connectRemote<Sharing>(sharingPort);
    void this.#lead();
  }

  /** Looks for news; `isForced` also at servers that were away just now. */
  look(isForced: boolean): void {
    this.#pass({ type: 'look', isForced });
  }

  /** Stops what is being done about a library. */
  stop(libraryId: string): void {
    this.#pass({ type: 'stop', libraryId });
  }

  /** Has the tab that syncs tell how things are. */
  ask(): void {
    this.#pass({ type: 'ask' });
  }

  /**
   * Makes sure that a library server is at an address. Returns its origin.
   *
   * @throws FramesiftError `bad-input` for what is no address, `file-unavailable` where no such server answers
   */
  async findServer(address: string): Promise<string> {
    const url = addressOf(address);
    const send = sendOver(this.#fetch, AbortSignal.timeout(PERSON_WAITS_MS));
    const response = await send(new Request(url.origin + API_PATH)).catch((error: unknown) => {
      throw new FramesiftError(
        'file-unavailable',
        `${url.host} does not answer this page. Check the address; the server must also allow this page’s address (FRAMESIFT_LIBRARY_ORIGINS).`,
        { cause: error },
      );
    });
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok && isRecord(answer) && answer.name === 'Framesift library') return url.origin;
    throw new FramesiftError('bad-input', `${url.host} is no library server. Check its address.`);
  }

  /**
   * Joins the library of an invitation and begins to sync it.
   *
   * @param invitation the part of its link behind `#join=`
   * @param deviceName what others call this browser
   */
  async join(invitation: string, deviceName: string): Promise<string> {
    const sharing = this.#sharing!;
    const { server, secret } = readInvitation(invitation);
    const before = (await sharing.libraries()).find((library) => library.server === server);
    // The same in a second attempt: one whose answer was lost has used the invitation up.
    const deviceId = before?.deviceId ?? (this.#deviceId ??= crypto.randomUUID());
    const send = sendOver(this.#fetch, AbortSignal.timeout(PERSON_WAITS_MS));
    const { workspace, name, token, scope } = await joinLibrary(
      send,
      { server, secret },
      { id: deviceId, name: deviceName },
    );
    const library: SharedLibrary = {
      id: workspace,
      server,
      name,
      token,
      scope,
      deviceId,
      joinedAt: new Date(),
      isPaused: false,
      after: 0,
      epoch: null,
      syncedAt: null,
    };
    await sharing.saveLibrary(library);
    this.look(true);
    return name;
  }

  /** Leaves a library, whose clips stay here. A server that is away hears of it when its token ends. */
  async leave(libraryId: string): Promise<void> {
    const sharing = this.#sharing!;
    this.stop(libraryId);
    const library = (await sharing.libraries()).find(({ id }) => id === libraryId);
    if (!library) return;
    const { server, token } = library;
    const send = sendOver(this.#fetch, AbortSignal.timeout(PERSON_WAITS_MS));
    await new LibraryClient(send, { server, workspace: libraryId, token }).leave().catch(() => undefined);
    await sharing.forgetLibrary(libraryId);
    this.look(false);
  }

  async #lead(): Promise<void> {
    if (await hasLocks()) {
      // Until this worker ends.
      await new Promise<void>((isHeld) => {
        void navigator.locks.request(SYNC_LOCK, () => {
          isHeld();
          return new Promise<never>(() => undefined);
        });
      });
    }
    this.#runner = new SyncRunner({
      sharing: this.#sharing!,
      send: (signal) => sendOver(this.#fetch, signal),
      now: Date.now,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      publish: (statuses) => this.#channel.postMessage({ type: 'statuses', statuses } satisfies SyncMessage),
    });
    void this.#runner.look({ isForced: false });
  }

  #pass(message: SyncMessage): void {
    if (this.#runner) this.#hear(message);
    else this.#channel.postMessage(message);
  }

  #hear(message: SyncMessage): void {
    const runner = this.#runner;
    if (!runner) return;
    if (message.type === 'look') void runner.look(message);
    else if (message.type === 'stop') runner.stop(message.libraryId);
    else if (message.type === 'ask')
      this.#channel.postMessage({ type: 'statuses', statuses: runner.statuses } satisfies SyncMessage);
  }
}

function addressOf(text: string): URL {
  const trimmed = text.trim();
  const withScheme = /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new FramesiftError(
    'bad-input',
    'This is no address. Paste the invitation’s whole link, or an address such as https://library.example.',
  );
}
