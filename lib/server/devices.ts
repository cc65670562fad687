import type { Pool } from 'pg';
import type { ListedDevice } from '@/lib/protocol/clips';
import type { Session } from './registry';

/** Writes down that a device was here, under its present name. */
export async function seeDevice(pool: Pool, { deviceId, deviceName }: Session, now: Date): Promise<void> {
  await pool.query(
    `insert into devices (id, name, last_seen) values ($1, $2, $3)
     on conflict (id) do update set name = excluded.name, last_seen = excluded.last_seen`,
    [deviceId, deviceName, now],
  );
}

/** Every device that was ever here, the latest first. */
export async function listDevices(pool: Pool): Promise<ListedDevice[]> {
  const { rows } = await pool.query<{ id: string; name: string; last_seen: Date }>(
    'select id, name, last_seen from devices order by last_seen desc, id limit 1000',
  );
  return rows.map(({ id, name, last_seen }) => ({ id, name, seen: last_seen.toISOString() }));
}
