/**
 * The page's settings: `localStorage` where the browser allows it, else memory for this visit. Neither method throws:
 * with site data blocked even the mention of `localStorage` does, and a full one throws on writing.
 */
class SiteStorage {
  readonly #thisVisit = new Map<string, string>();

  read(key: string): string | null {
    const kept = this.#thisVisit.get(key);
    if (kept !== undefined) return kept;
    try {
      return window.localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  /** @param value null removes the setting */
  write(key: string, value: string | null): void {
    this.#thisVisit.delete(key);
    try {
      if (value === null) window.localStorage.removeItem(key);
      else window.localStorage.setItem(key, value);
    } catch {
      if (value !== null) this.#thisVisit.set(key, value);
    }
  }
}

export const siteStorage = new SiteStorage();
