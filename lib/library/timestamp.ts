import { parsePostgresTimestamp } from '@/lib/shared/postgres-timestamp';
import { customType } from 'drizzle-orm/pg-core';

/** `timestamp with time zone` that is a Date in the program. */
export const timestamptz = customType<{ data: Date; driverData: string | Date }>({
  dataType: () => 'timestamp with time zone',
  toDriver: (date) => date.toISOString(),
  fromDriver: (value) => (value instanceof Date ? value : parsePostgresTimestamp(value)),
});
