import { describeThrown, property, toFramesiftError } from '@/lib/shared/errors';
import type { LeaderPGlite } from './leader-pglite';

/** A call of PGliteWorker, as it travels over the tab's channel. */
export interface PgliteCall {
  type: string;
  callId: string;
  method: string;
  args: unknown[];
}

export type PgliteAnswer =
  | { type: 'rpc-return'; callId: string; result: unknown }
  | { type: 'rpc-error'; callId: string; error: { message: string; code?: string } };

/** A tab that holds its turn and says nothing for so long is frozen or gone: its turn is over. */
const IDLE_TURN_MS = 15_000;

/**
 * What one tab may do with the shared PGlite, and in which order: one turn (a query or a whole
 * transaction) at a time among all tabs.
 *
 * [Note: Tabs that go away] PGlite's own worker frees the turn of a tab that closes, but not the turn
 * that such a tab was still waiting for: it is granted to nobody and every other tab hangs. A frozen tab
 * keeps its turn for ever as well. Here a session that is closed lets its turn pass, a turn without
 * a message for 15 seconds ends, and a message that comes outside a turn is refused, so that it
 * cannot land in another tab's transaction. What the turn left open is rolled back by LeaderPGlite.
 */
export class TabSession {
  readonly #pg: LeaderPGlite;
  readonly #idleTurnMs: number;
  #endTurn: (() => void) | undefined;
  #endQuery: (() => void) | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(pg: LeaderPGlite, idleTurnMs = IDLE_TURN_MS) {
    this.#pg = pg;
    this.#idleTurnMs = idleTurnMs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The tab is gone. */
  close(): void {
    this.#closed = true;
    this.#finishTurn();
  }

  async answer({ callId, method, args }: PgliteCall): Promise<PgliteAnswer> {
    try {
      return { type: 'rpc-return', callId, result: await this.#call(method, args) };
    } catch (thrown) {
      const code = property(thrown, 'code');
      const isFull = toFramesiftError(thrown).code === 'storage-full';
      const message = isFull ? 'No space left' : (describeThrown(thrown) ?? 'The library did not answer');
      return {
        type: 'rpc-error',
        callId,
        error: typeof code === 'string' ? { message, code } : { message },
      };
    }
  }

  async #call(method: string, args: unknown[]): Promise<unknown> {
    switch (method) {
      case '_acquireTransactionLock':
        return this.#startTurn();
      case '_releaseTransactionLock':
        this.#finishTurn();
        return undefined;
      case '_acquireQueryLock':
        this.#assertTurn();
        return this.#startQuery();
      case '_releaseQueryLock':
        this.#finishQuery();
        return undefined;
      case 'execProtocolStream':
        this.#assertTurn();
        return this.#pg.execProtocolStream(args[0] as Uint8Array);
      case 'syncToFs':
        return this.#pg.syncToFs();
      case 'getDebugLevel':
        return this.#pg.debug;
      case '_checkReady':
        return this.#pg._checkReady();
      // Files as parameters (COPY from /dev/blob), which this library does not use.
      case '_handleBlob':
      case '_cleanupBlob':
      case '_getWrittenBlob':
        return undefined;
      default:
        throw new Error(`The shared database does not offer ${method}().`);
    }
  }

  #startTurn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pg
        ._runExclusiveTransaction(() => {
          if (this.#closed) return Promise.resolve();
          return new Promise<void>((end) => {
            this.#endTurn = end;
            this.#watchIdle();
            resolve();
          });
        })
        .catch(reject);
    });
  }

  #finishTurn(): void {
    clearTimeout(this.#idleTimer);
    this.#finishQuery();
    this.#endTurn?.();
    this.#endTurn = undefined;
  }

  #startQuery(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pg
        ._runExclusiveQuery(() => {
          if (!this.#endTurn) {
            reject(new Error('The turn of this tab is over.'));
            return Promise.resolve();
          }
          return new Promise<void>((end) => {
            this.#endQuery = end;
            resolve();
          });
        })
        .catch(reject);
    });
  }

  #finishQuery(): void {
    this.#endQuery?.();
    this.#endQuery = undefined;
  }

  #assertTurn(): void {
    if (!this.#endTurn) throw new Error('The turn of this tab is over.');
    this.#watchIdle();
  }

  #watchIdle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#finishTurn(), this.#idleTurnMs);
  }
}
