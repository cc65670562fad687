import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  askForPrivateFiles,
  askToKeepStorage,
  estimateStorage,
  isStorageKept,
} from '@/lib/shared/browser-storage';
import { isPrivateWindow, missingParts, type Platform } from '@/lib/shared/platform';

const ALL: Platform = {
  isSecure: true,
  sharesMemory: true,
  hasWorkers: true,
  hasLocks: true,
  privateFiles: 'there',
  hasIndexedDb: true,
  quotaBytes: 10_000_000_000,
};

describe('a missing part of the platform', () => {
  it('is none where all are there', () => {
    expect(missingParts(ALL)).toEqual([]);
  });

  it.each<[string, Partial<Platform>, RegExp]>([
    ['secure page', { isSecure: false }, /plain http/],
    ['workers', { hasWorkers: false }, /no workers/],
    ['shared memory', { sharesMemory: false }, /one thread/],
    ['locks', { hasLocks: false }, /kept in memory/],
    ['private files', { privateFiles: 'absent' }, /has no private files.*kept in IndexedDB/],
    ['private files', { privateFiles: 'refused' }, /refuses.*kept in IndexedDB/],
    ['IndexedDB', { hasIndexedDb: false }, /kept in private files/],
  ])('has a sentence of its own: %s', (part, missing, sentence) => {
    const told = missingParts({ ...ALL, ...missing });
    expect(told.map((one) => one.part)).toEqual([part]);
    expect(told[0]!.sentence).toMatch(sentence);
  });

  it('says each what is left when several are missing', () => {
    const told = missingParts({ ...ALL, privateFiles: 'refused', hasIndexedDb: false });
    expect(told.map(({ part }) => part)).toEqual(['private files', 'IndexedDB']);
    expect(told[0]!.sentence).toMatch(/kept in memory/);
    expect(told[1]!.sentence).not.toMatch(/kept in/);
    const sentences = missingParts({
      isSecure: false,
      sharesMemory: false,
      hasWorkers: false,
      hasLocks: false,
      privateFiles: 'absent',
      hasIndexedDb: false,
      quotaBytes: null,
    }).map(({ sentence }) => sentence);
    expect(new Set(sentences).size).toBe(6);
  });
});

describe('a private window', () => {
  it.each<[string, Partial<Platform>, boolean]>([
    ['everything there', {}, false],
    ['files that the browser has not', { privateFiles: 'absent' }, false],
    ['no quota told', { quotaBytes: null }, false],
    ['files refused', { privateFiles: 'refused' }, true],
    ['a tiny quota', { quotaBytes: 100_000_000 }, true],
  ])('is told by what is given there: %s', (_, found, isPrivate) => {
    expect(isPrivateWindow({ ...ALL, ...found })).toBe(isPrivate);
  });
});

describe('a browser’s storage', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('may not be there at all', async () => {
    vi.stubGlobal('navigator', {});
    expect(await askForPrivateFiles()).toEqual({ answer: 'absent', root: null });
    expect(await estimateStorage()).toEqual({});
    expect(await isStorageKept()).toBe(false);
    expect(() => askToKeepStorage()).not.toThrow();
  });

  it('may refuse its files, which is not the same as failing', async () => {
    const refuse = (name: string) =>
      vi.stubGlobal('navigator', {
        storage: { getDirectory: () => Promise.reject(new DOMException('No.', name)) },
      });
    refuse('SecurityError');
    expect(await askForPrivateFiles()).toEqual({ answer: 'refused', root: null });
    refuse('InvalidStateError');
    await expect(askForPrivateFiles()).rejects.toThrow('No.');
  });
});
