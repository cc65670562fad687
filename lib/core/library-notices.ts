import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import type { LibraryNotice } from '@/lib/ports/library';
import type { TabChannel, TabChannels } from '@/lib/ports/tabs';

type Listener = (notice: LibraryNotice) => void;

/** What the owner of the library tells every page, over one channel that is open while somebody follows. */
export class LibraryNotices {
  readonly #channels: TabChannels;
  readonly #listeners = new Set<Listener>();
  #channel: TabChannel<LibraryNotice> | null = null;

  constructor(channels: TabChannels) {
    this.#channels = channels;
  }

  /** Calls `listener` with each notice, until the function that it returns is called. */
  readonly follow = (listener: Listener): (() => void) => {
    // A function may be given twice.
    const own: Listener = (notice) => listener(notice);
    this.#listeners.add(own);
    this.#channel ??= this.#open();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0) return;
      this.#channel?.close();
      this.#channel = null;
    };
  };

  #open(): TabChannel<LibraryNotice> {
    const channel = this.#channels.open<LibraryNotice>(LIBRARY_CHANNEL);
    channel.onmessage = ({ data }) => {
      for (const listener of [...this.#listeners]) listener(data);
    };
    return channel;
  }
}
