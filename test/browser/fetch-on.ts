import type { APIResponse, Route } from '@playwright/test';

/** What a request gets that was held. Asked for again where the server has just closed the connection, as it does with idle ones. */
export function fetchOn(route: Route): Promise<APIResponse> {
  return route.fetch({ maxRetries: 3 });
}
