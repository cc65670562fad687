import { PGlite } from '@electric-sql/pglite';
import { giveWay } from '@/lib/shared/async';

/** Messages of PostgreSQL's wire protocol that end a turn: Sync and a simple query. */
const SYNC_TYPE = 0x53;
const QUERY_TYPE = 0x51;

/** So long this thread may work on statements before it receives the messages that wait, in milliseconds. */
const MAX_BUSY_MS = 50;

/**
 * PGlite that flushes its file system exactly when a transaction has ended, before the caller hears of it.
 *
 * [Note: Statements and messages] PGlite runs a statement within a microtask, and one after another with nothing in
 * between: a transaction of a thousand statements would leave this thread deaf until it ends.
 *
 * [Note: Syncing once a transaction] PGlite 0.5.16 flushes after each query outside a transaction, and after a COMMIT
 * not at all. On `idb` a flush is a walk over a thousand files.
 */
export class DurablePGlite extends PGlite {
  /** Something ran since the file system was last flushed. True at first: initdb runs before any message. */
  #dirty = true;
  /** When this thread last received messages, as far as is known here. */
  #heardMs = -Infinity;

  override async execProtocolRaw(
    message: Uint8Array,
    options: { syncToFs?: boolean } = {},
  ): Promise<Uint8Array> {
    if (performance.now() - this.#heardMs > MAX_BUSY_MS) {
      await giveWay();
      this.#heardMs = performance.now();
    }
    const type = message[0];
    const endsTurn = type === SYNC_TYPE || type === QUERY_TYPE;
    if (type !== SYNC_TYPE) this.#dirty = true;
    const answer = await super.execProtocolRaw(message, { ...options, syncToFs: false });
    if (endsTurn && !this.isInTransaction()) await this.syncToFs();
    return answer;
  }

  override async syncToFs(): Promise<void> {
    if (!this.#dirty || (this.ready && this.isInTransaction())) return;
    this.#dirty = false;
    try {
      await super.syncToFs();
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }
}
