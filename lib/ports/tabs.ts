/** Web Locks of this site, of which each is held by one of its tabs at most. */
export interface TabLocks {
  /** Runs `work` while this tab holds the lock; `work` is told false where another tab holds it. */
  tryLock<T>(name: string, work: (isHeld: boolean) => Promise<T>): Promise<T>;
  /** Resolves when no tab holds the lock any more. */
  whenFree(name: string): Promise<void>;
}

/** Channels between the tabs of this site. */
export interface TabChannels {
  open<Message>(name: string): TabChannel<Message>;
}

/** One end of a channel: hears what every other end of its name posts, from when it was opened. */
export interface TabChannel<Message = unknown> {
  postMessage(message: Message): void;
  onmessage: ((event: MessageEvent<Message>) => void) | null;
  close(): void;
}
