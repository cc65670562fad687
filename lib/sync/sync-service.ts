import type { Candidates, EncodedQuestion } from '@/lib/ports/search';
import type { Holding, SharedLibrary, Sharing } from '@/lib/ports/sharing';
import { API_PATH, MAX_PICTURES_PER_ANSWER } from '@/lib/protocol/limits';
import { readInvitation } from '@/lib/protocol/invitation';
import { pictureType } from '@/lib/protocol/pictures';
import { connectRemote, transfer, type Remote } from '@/lib/rpc/remote';
import { FramesiftError, isA, isCancelled } from '@/lib/shared/errors';
import { isRecord } from '@/lib/shared/guards';
import { hasLocks } from '@/lib/shared/locks';
import { waitAfterFailure } from './back-off';
import { bringClip, DatabaseStore } from './database-store';
import { joinLibrary, LibraryClient } from './library-client';
import { toRequestError } from './refusal';
import { buffersOf, poseQuestion, toCandidates } from './search-library';
import { sendOver } from './send';
import { SyncRunner } from './sync-runner';
import { SYNC_CHANNEL, type SyncMessage } from './sync-status';

/** Held by the tab that syncs. */
const SYNC_LOCK = 'framesift-sync';

/** Joining and leaving are asked for by a person, who waits. */
const PERSON_WAITS_MS = 20_000;

/** A clip of a shared library that was made from a file. */
export interface FoundFile {
  libraryId: string;
  /** Of the library. */
  name: string;
  clip: string;
  frames: number;
}

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
  #answers = 0;
  /** Clips whose rows are on their way. */
  readonly #opening = new Map<string, Promise<void>>();

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
   * @param holding what of its clips is to be here
   */
  async join(invitation: string, deviceName: string, holding: Holding): Promise<string> {
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
      holding,
      after: 0,
      epoch: null,
      syncedAt: null,
    };
    await sharing.saveLibrary(library);
    this.look(true);
    return name;
  }

  /**
   * The frames of a library that may answer a question, asked for once more where the line broke.
   *
   * @param clips those that are searched; null for all
   * @throws FramesiftError with a sentence that says why there are none
   */
  async search(
    libraryId: string,
    question: EncodedQuestion,
    clips: string[] | null,
    signal: AbortSignal,
  ): Promise<Candidates> {
    const posed = poseQuestion(question, clips);
    const client = await this.#clientOf(libraryId, signal);
    const answer = await atMostTwice(() => client.search(posed.request));
    this.#answers += 1;
    const candidates = toCandidates(answer, posed, libraryId, this.#answers);
    return transfer(candidates, buffersOf(candidates));
  }

  /**
   * Brings the rows of a clip that a library has and this browser does not; nothing where they are here.
   *
   * @throws FramesiftError with a sentence that says why they did not come
   */
  openClip(clip: string): Promise<void> {
    const opening = this.#opening.get(clip) ?? this.#bring(clip).finally(() => this.#opening.delete(clip));
    this.#opening.set(clip, opening);
    return opening;
  }

  /**
   * Clips of shared libraries that were made from a file, one a library, with a model. Libraries that are paused or do not answer are
   * left out.
   *
   * @param fingerprint of the file, see `fingerprintFile`
   */
  async findFile(fingerprint: string, modelVersion: string): Promise<FoundFile[]> {
    const libraries = (await this.#sharing!.libraries()).filter(({ isPaused }) => !isPaused);
    const found = await Promise.all(
      libraries.map(async ({ id: libraryId, name }) => {
        const client = await this.#clientOf(libraryId, AbortSignal.timeout(PERSON_WAITS_MS));
        const clips = await client.findClips(fingerprint, modelVersion).catch(() => []);
        return clips.slice(0, 1).map(({ clip, frames }) => ({ libraryId, name, clip, frames }));
      }),
    );
    return found.flat();
  }

  /** Pictures of a clip whose rows a library has, in the order asked for; null where there is none. */
  async readPictures(clip: string, frameIndexes: number[]): Promise<(Blob | null)[]> {
    const away = await this.#sharing!.awayClip(clip);
    if (!away || frameIndexes.length === 0) return frameIndexes.map(() => null);
    const client = await this.#clientOf(away.libraryId, AbortSignal.timeout(PERSON_WAITS_MS));
    const blobs = new Map<number, Blob>();
    for (let start = 0; start < frameIndexes.length; start += MAX_PICTURES_PER_ANSWER) {
      const wanted = frameIndexes.slice(start, start + MAX_PICTURES_PER_ANSWER).map((index) => index + 1);
      for (const { frameNumber, bytes } of await client.readPictures(clip, away.revision, wanted)) {
        const type = pictureType(bytes);
        if (type) blobs.set(frameNumber - 1, new Blob([bytes], { type }));
      }
    }
    return frameIndexes.map((index) => blobs.get(index) ?? null);
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

  async #bring(clip: string): Promise<void> {
    const away = await this.#sharing!.awayClip(clip);
    if (!away) return;
    // Each request has its own limit; of a long clip there are many.
    const client = await this.#clientOf(away.libraryId, new AbortController().signal);
    const store = new DatabaseStore(this.#sharing!, away.libraryId, client);
    await atMostTwice(() => bringClip(client, store, away));
    if (await this.#sharing!.awayClip(clip)) {
      this.look(true);
      throw new FramesiftError(
        'file-changed',
        'Somebody is just changing this clip. Open it again in a moment.',
        {
          transient: true,
        },
      );
    }
  }

  async #clientOf(libraryId: string, signal: AbortSignal): Promise<LibraryClient> {
    const library = (await this.#sharing!.libraries()).find(({ id }) => id === libraryId);
    if (!library) throw new FramesiftError('bad-input', 'This browser is no longer in that library.');
    const { server, token } = library;
    const send = sendOver(this.#fetch, signal, 'Try again later.');
    return new LibraryClient(send, { server, workspace: libraryId, token });
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

/** What `work` gives, or else gives a moment later where what failed may pass. */
async function atMostTwice<T>(work: () => Promise<T>): Promise<T> {
  const once = () =>
    work().catch((error: unknown) => {
      throw toRequestError(error);
    });
  return once().catch(async (error: unknown) => {
    if (!isA(error, FramesiftError) || !error.transient || isCancelled(error)) throw error;
    await new Promise((resolve) => setTimeout(resolve, waitAfterFailure(1, error, Math.random)));
    return once();
  });
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
