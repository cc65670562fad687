import type { ClientBase, Pool, PoolClient } from 'pg';
import { Problem } from './problem';

/** Runs `work` in a transaction of `client`, which is rolled back where it throws. */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // Where the connection is gone the transaction is too, and the first error tells more.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** Lends a connection of the pool to `work`. One that failed otherwise than by a refusal is closed: its state is unknown. */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  // A connection that breaks between two statements says so here alone; the next statement fails.
  const onError = () => (isBroken = true);
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    isBroken ||= !(error instanceof Problem);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(isBroken);
  }
}
