import type { ClientConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

/** How long a connection may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** How to reach the database of an address like `postgres://host/database`. `login` counts more than what stands in it. */
export function databaseAt(address: string, login?: { user: string; password: string }): ClientConfig {
  return {
    ...parseIntoClientConfig(address),
    ...login,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'framesift',
  };
}
