/**
 * What the page's own thread checks of JSON. It has a handful of small shapes, and zod, which workers use, would be half of
 * the script that a visitor waits for.
 */

/** Tells whether a value is an object with fields, and neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tells whether a value is a list, empty or not, of what `isItem` accepts. */
export function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}
