import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchFile, probeFile } from '@/lib/files/fetch-file';
import { onThisSite } from '@/lib/files/file-source';
import { HubServer } from '../../support/hub-server';

const whole = Uint8Array.from({ length: 50_000 }, (_, i) => i % 251);

let hub: HubServer;
beforeEach(async () => {
  hub = await HubServer.start();
  hub.serve('clip.webm', whole);
});
afterEach(() => hub.stop());

const clip = () => onThisSite(`${hub.baseUrl}/clip.webm`);

describe('fetchFile', () => {
  it('gives the whole file and tells how far it is', async () => {
    const seen: (number | null)[] = [];
    const bytes = await fetchFile(clip(), { onBytes: (loaded, total) => seen.push(loaded, total) });
    expect(bytes).toEqual(whole);
    expect(seen.slice(-2)).toEqual([whole.length, whole.length]);
  });

  it('takes what comes compressed for what it is', async () => {
    const text = new TextEncoder().encode('a'.repeat(1000));
    hub.serve('words.txt', gzipSync(text), { contentEncoding: 'gzip' });
    expect(await fetchFile(onThisSite(`${hub.baseUrl}/words.txt`))).toEqual(text);
  });

  it.each([
    ['is not there', { status: 404 }, /^This site does not have clip\.webm \(HTTP 404\)\.$/, false],
    ['may come later', { status: 503 }, /busy or broken \(HTTP 503\)/, true],
    ['is a web page', { body: '<p>Sign in', headers: { 'content-type': 'text/html' } }, /web page/, false],
    ['is a web page that does not say so', { body: '<!doctype html><p>Sign in' }, /web page/, false],
    ['is cut short', { cutAfter: 10_000 }, /broke off while sending clip\.webm.*try again/, true],
    ['stops coming', { stallAfter: 10_000 }, /stopped sending clip\.webm/, true],
  ])('refuses one that %s', async (_, fault, message, transient) => {
    hub.serve('clip.webm', whole, { faults: [fault] });
    const error: unknown = await fetchFile(clip(), { stallTimeoutMs: 300 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'file-unavailable',
      message: expect.stringMatching(message) as string,
      transient,
    });
  });

  it('ends when it is told to, also before it began', async () => {
    hub.serve('clip.webm', whole, { faults: [{ stallAfter: 10_000 }] });
    const ending = new AbortController();
    const fetching = fetchFile(clip(), { signal: ending.signal, onBytes: () => ending.abort() });
    await expect(fetching).rejects.toMatchObject({ code: 'cancelled' });
    await expect(fetchFile(clip(), { signal: ending.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('says what to do about a server that is not there', async () => {
    const gone = clip();
    await hub.stop();
    await expect(fetchFile(gone)).rejects.toThrow(/could not be reached.*Check the connection/);
    hub = await HubServer.start();
  });
});

describe('probeFile', () => {
  it('tells the length of a file without fetching it, and what is not there', async () => {
    expect(await probeFile(clip())).toEqual({ bytes: whole.length });
    expect(await probeFile(onThisSite(`${hub.baseUrl}/none`))).toBeNull();
    expect(hub.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });
});
