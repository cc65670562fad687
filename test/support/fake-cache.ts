/** Cache Storage in memory, as much of one cache as CacheTree uses, with a quota. */
export class FakeCache {
  readonly #entries = new Map<string, Blob>();
  readonly #quotaBytes: number;

  constructor({ quotaBytes = Infinity } = {}) {
    this.#quotaBytes = quotaBytes;
  }

  match(address: string): Promise<Response | undefined> {
    const body = this.#entries.get(address);
    return Promise.resolve(body && new Response(body));
  }

  async put(address: string, response: Response): Promise<void> {
    const body = await response.blob();
    const others = [...this.#entries].filter(([key]) => key !== address);
    if (others.reduce((sum, [, { size }]) => sum + size, body.size) > this.#quotaBytes) {
      throw new DOMException('full', 'QuotaExceededError');
    }
    this.#entries.set(address, body);
  }

  delete(address: string): Promise<boolean> {
    return Promise.resolve(this.#entries.delete(address));
  }

  keys(): Promise<{ url: string }[]> {
    return Promise.resolve(Array.from(this.#entries.keys(), (url) => ({ url })));
  }

  asCache(): Cache {
    return this as unknown as Cache;
  }
}
