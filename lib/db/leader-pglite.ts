import { PGlite } from '@electric-sql/pglite';

/** PostgreSQL's wire protocol: a Sync message, and a simple query "ROLLBACK". */
const SYNC = Uint8Array.of(0x53, 0, 0, 0, 4);
const ROLLBACK = Uint8Array.of(0x51, 0, 0, 0, 13, ...new TextEncoder().encode('ROLLBACK'), 0);

const SYNC_TYPE = 0x53;
const QUERY_TYPE = 0x51;

/**
 * The one PGlite that all tabs talk to, with two things put right that PGlite 0.5.16 leaves open when
 * its calls come from other tabs.
 *
 * [Note: Abandoned transactions] All tabs share one PostgreSQL session. When a tab goes away inside a
 * transaction, PGlite's own worker queues a ROLLBACK behind whatever other tabs have queued, so the
 * next tab's work would join the open transaction and its COMMIT keep half a batch of the dead one.
 * Here every turn starts by rolling back what an earlier turn left open.
 *
 * [Note: Syncing once a transaction] PGliteWorker drops the `syncToFs: false` that a query asks for, so each
 * of its six protocol messages would flush the file system: on `idb` a walk over a thousand files. In the
 * page's own PGlite it is the other way round: nothing is flushed after a COMMIT. Here the file
 * system is flushed exactly when a transaction has ended, before the caller hears of it.
 */
export class LeaderPGlite extends PGlite {
  /** Something ran since the file system was last flushed. True at first: initdb runs before any message. */
  #dirty = true;
  /** A message of the extended protocol is waiting for its Sync. */
  #awaitingSync = false;

  override async _runExclusiveTransaction<T>(turn: () => Promise<T>): Promise<T> {
    return super._runExclusiveTransaction(async () => {
      await this.#endAbandonedWork();
      return turn();
    });
  }

  override async execProtocolRaw(
    message: Uint8Array,
    options: { syncToFs?: boolean } = {},
  ): Promise<Uint8Array> {
    const type = message[0];
    const endsTurn = type === SYNC_TYPE || type === QUERY_TYPE;
    if (type !== SYNC_TYPE) this.#dirty = true;
    this.#awaitingSync = !endsTurn;
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

  async #endAbandonedWork(): Promise<void> {
    if (!this.ready) return;
    if (this.#awaitingSync) await this.execProtocolStream(SYNC, { throwOnError: false });
    if (this.isInTransaction()) await this.execProtocolStream(ROLLBACK, { throwOnError: false });
  }
}
