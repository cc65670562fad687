import type { Remote } from '@/lib/rpc/remote';
import type { ClipSession } from '@/lib/media/clip-session';

/** Clips that stay open: a container's tables take memory, and are quickly read again. */
const MAX_OPEN_CLIPS = 4;

/** A session in the video worker, and the page's end of its port. */
export interface OpenSession {
  remote: Remote<ClipSession>;
  port: MessagePort;
}

/** The page's open clips: those that were used last, each by the file that it is of. */
export class ClipSessions {
  readonly #open: (file: Blob) => OpenSession;
  /** Least recently used first. */
  readonly #sessions = new Map<Blob, OpenSession>();

  constructor(open: (file: Blob) => OpenSession) {
    this.#open = open;
  }

  /** The session of a file; opens one where there is none, and closes the one that was used longest ago. */
  of(file: Blob): Remote<ClipSession> {
    const session = this.#sessions.get(file) ?? this.#open(file);
    this.#sessions.delete(file);
    this.#sessions.set(file, session);
    const [oldest] = this.#sessions;
    if (oldest && this.#sessions.size > MAX_OPEN_CLIPS) {
      this.#sessions.delete(oldest[0]);
      closeWhenUnused(oldest[1]);
    }
    return session.remote;
  }

  /** Forgets all sessions: their worker is gone. */
  forget(): void {
    for (const { port } of this.#sessions.values()) port.close();
    this.#sessions.clear();
  }
}

/** Calls that are under way are answered before the session closes. */
function closeWhenUnused({ remote, port }: OpenSession): void {
  remote
    .close()
    .catch(() => undefined)
    .finally(() => port.close());
}
