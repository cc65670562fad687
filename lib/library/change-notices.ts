import type { EventSummary } from '@/lib/ports/library';

/** Notices of one clip are at least so far apart; the last change is always told. */
export const NOTICE_INTERVAL_MS = 250;

/**
 * Tells what has become of a clip after each change, at most four times a second: the first at once, what follows when
 * the time is up. The row is read when the notice is sent, so that it is never older than the change.
 */
export class ChangeNotices {
  readonly #read: (eventId: string) => Promise<EventSummary | null>;
  readonly #send: (eventId: string, clip: EventSummary | null) => void;
  /** Clips whose time is not up; true where something has changed meanwhile. */
  readonly #waiting = new Map<string, boolean>();

  constructor(
    read: (eventId: string) => Promise<EventSummary | null>,
    send: (eventId: string, clip: EventSummary | null) => void,
  ) {
    this.#read = read;
    this.#send = send;
  }

  /** The clip has changed, or may have. */
  note(eventId: string): void {
    if (this.#waiting.has(eventId)) {
      this.#waiting.set(eventId, true);
      return;
    }
    this.#waiting.set(eventId, false);
    void this.#tell(eventId).finally(() => {
      setTimeout(() => {
        const hasChanged = this.#waiting.get(eventId);
        this.#waiting.delete(eventId);
        if (hasChanged) this.note(eventId);
      }, NOTICE_INTERVAL_MS);
    });
  }

  async #tell(eventId: string): Promise<void> {
    try {
      this.#send(eventId, await this.#read(eventId));
    } catch {
      // A database that cannot be read is told of by whoever asks it.
    }
  }
}
