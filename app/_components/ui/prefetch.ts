/** Begins to fetch a part's script. A failure shows where the part is used. */
export function prefetch(load: () => Promise<unknown>): void {
  load().catch(() => undefined);
}
