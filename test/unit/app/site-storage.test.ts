import { afterEach, describe, expect, it, vi } from 'vitest';
import { siteStorage } from '@/app/_hooks/site-storage';

afterEach(() => vi.unstubAllGlobals());

/** A window whose every use of `localStorage` fails as with blocked site data. */
const blocked = {
  get localStorage(): Storage {
    throw new DOMException('Access is denied for this document.', 'SecurityError');
  },
};

describe('settings of the site', () => {
  it('stay for this visit where the browser keeps nothing', () => {
    vi.stubGlobal('window', blocked);
    expect(siteStorage.read('a')).toBeNull();
    siteStorage.write('a', '1');
    expect(siteStorage.read('a')).toBe('1');
    siteStorage.write('a', null);
    expect(siteStorage.read('a')).toBeNull();
  });

  it('are kept by the browser where it can', () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('window', {
      localStorage: {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => kept.set(key, value),
        removeItem: (key: string) => kept.delete(key),
      },
    });
    siteStorage.write('b', '2');
    expect([siteStorage.read('b'), kept.get('b')]).toEqual(['2', '2']);
    siteStorage.write('b', null);
    expect([siteStorage.read('b'), kept.has('b')]).toEqual([null, false]);
  });
});
