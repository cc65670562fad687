import type { ClipSummary } from '@/lib/ports/library';

/** Notices of one clip are at least so far apart; the last change is always told. */
export const NOTICE_INTERVAL_MS = 250;

/**
 * Tells what has become of a clip after each change, at most four times a second: the first at once, what follows when
 * the time is up. The row is read when the notice is sent, so that it is never older than the change.
 */
export class ChangeNotices {
  readonly #read: (clipId: string) => Promise<ClipSummary | null>;
  readonly #send: (clipId: string, clip: ClipSummary | null) => void;
  /** Clips whose time is not up; true where something has changed meanwhile. */
  readonly #waiting = new Map<string, boolean>();

  constructor(
    read: (clipId: string) => Promise<ClipSummary | null>,
    send: (clipId: string, clip: ClipSummary | null) => void,
  ) {
    this.#read = read;
    this.#send = send;
  }

  /** The clip has changed, or may have. */
  note(clipId: string): void {
    if (this.#waiting.has(clipId)) {
      this.#waiting.set(clipId, true);
      return;
    }
    this.#waiting.set(clipId, false);
    void this.#tell(clipId).finally(() => {
      setTimeout(() => {
        const hasChanged = this.#waiting.get(clipId);
        this.#waiting.delete(clipId);
        if (hasChanged) this.note(clipId);
      }, NOTICE_INTERVAL_MS);
    });
  }

  async #tell(clipId: string): Promise<void> {
    try {
      this.#send(clipId, await this.#read(clipId));
    } catch {
      // A database that cannot be read is told of by whoever asks it.
    }
  }
}
