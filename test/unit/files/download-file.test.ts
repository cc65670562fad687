import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile, type DownloadOptions } from '@/lib/files/download-file';
import { MemoryTree } from '@/lib/files/memory-tree';
import type { ExpectedFile } from '@/lib/shared/file-facts';
import { ModelStore } from '@/lib/models/model-store';
import type { FileSource } from '@/lib/files/file-source';
import { expected, graphBytes, sha256Of, SmallTree } from '../models/fixtures';
import { HubServer } from '../../support/hub-server';

const PATH = 'onnx/vision_model.onnx';
const LENGTH = 300_000;
const whole = graphBytes(LENGTH);
const file = expected(PATH, whole);
const unpublished: ExpectedFile = { ...file, sha256: null };

/** Patience for tests: the waits are milliseconds, the counts are the real ones. */
const QUICK: DownloadOptions = { retryDelayMs: 1, stallTimeoutMs: 300 };

let hub: HubServer;
const MODEL = { id: 'model', name: 'Model' };
let target: { store: ModelStore; spare: ModelStore | null };

beforeEach(async () => {
  hub = await HubServer.start();
  target = {
    store: new ModelStore(new MemoryTree()),
    spare: null,
  };
});
afterEach(() => hub.stop());

const source = (prefix = ''): FileSource => ({
  url: `${hub.baseUrl}/${prefix}${PATH}`,
  label: prefix || 'hub',
});
const download = (options: DownloadOptions = {}, wanted: ExpectedFile = file, sources = [source()]) =>
  downloadFile(
    sources,
    wanted,
    { store: target.store.folderOf(MODEL), spare: target.spare?.folderOf(MODEL) ?? null },
    { ...QUICK, ...options },
  );
const storedDigest = async (store = target.store) => sha256Of(await store.read('model', PATH));
const ranges = (path = PATH) => hub.seen(path).map(({ range }) => range);

describe('a file that comes as it should', () => {
  it('is stored with what it was checked by', async () => {
    hub.serve(PATH, whole);
    const facts = await download();
    expect(facts).toEqual({ bytes: LENGTH, sha256: file.sha256, checked: 'sha256', from: source().url });
    expect(await storedDigest()).toBe(file.sha256);
    expect(await target.store.file('model', PATH)).toEqual(facts);
  });

  it('says so when there was no digest to check it by', async () => {
    hub.serve(PATH, whole);
    expect(await download({}, unpublished)).toMatchObject({ checked: 'length', sha256: file.sha256 });
  });
});

describe('a connection that is cut', () => {
  it('is gone on with where it broke off', async () => {
    hub.serve(PATH, whole, { faults: [{ cutAfter: 100_000 }, { cutAfter: 50_000 }] });
    const seen: number[] = [];
    await download({ onBytes: (bytes) => seen.push(bytes) });
    expect(await storedDigest()).toBe(file.sha256);
    const [first, ...resumed] = ranges();
    expect(first).toBeUndefined();
    expect(resumed).toHaveLength(2);
    resumed.forEach((range) => expect(range).toMatch(/^bytes=[1-9]\d*-$/));
    // Nothing that had come was fetched twice: the count never falls.
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(LENGTH);
  });

  it('begins anew on a server that knows no ranges', async () => {
    hub.serve(PATH, whole, { ignoresRanges: true, faults: [{ cutAfter: 100_000 }] });
    await download();
    expect(await storedDigest()).toBe(file.sha256);
    expect(hub.seen(PATH)).toHaveLength(2);
  });

  it('is given up when nothing more comes, and gone on with by the next download', async () => {
    const served = hub.serve(PATH, whole, {
      faults: [{ cutAfter: 100_000 }, ...Array.from({ length: 5 }, () => ({ cutAfter: 0 }))],
    });
    await expect(download({ maxAttempts: 3 })).rejects.toMatchObject({
      code: 'file-unavailable',
      transient: true,
    });
    expect(await target.store.file('model', PATH)).toBeNull();
    const partial = await target.store.partialBytes('model', PATH);
    expect(partial).toBeGreaterThan(0);
    served.faults = [];
    const before = hub.requests.length;
    await download();
    expect(ranges().slice(before)).toEqual([`bytes=${partial}-`]);
    expect(await storedDigest()).toBe(file.sha256);
  });

  it('is asked again when it stalls', async () => {
    // More than one stall: on a busy machine the first may pass before a byte is seen.
    hub.serve(PATH, whole, { faults: Array.from({ length: 3 }, () => ({ stallAfter: 10_000 })) });
    await download({ stallTimeoutMs: 300 });
    expect(await storedDigest()).toBe(file.sha256);
    expect(ranges()).toContain('bytes=10000-');
  });

  it('is told from a server that is not there', async () => {
    const gone = source();
    await hub.stop();
    await expect(download({ maxAttempts: 2 }, file, [gone])).rejects.toThrow(
      /could not be reached.*connection/,
    );
    hub = await HubServer.start();
  });
});

describe('a file that is not the right one', () => {
  it('is thrown away when its digest is wrong', async () => {
    hub.serve(PATH, graphBytes(LENGTH, 2));
    await expect(download()).rejects.toThrow(/SHA-256/);
    expect(await target.store.file('model', PATH)).toBeNull();
    expect(await target.store.partialBytes('model', PATH)).toBe(0);
    expect(hub.seen(PATH)).toHaveLength(1);
  });

  it('is fetched once more whole when it was pieced together from two versions', async () => {
    const served = hub.serve(PATH, graphBytes(LENGTH, 2), {
      faults: [{ cutAfter: 100_000 }, { cutAfter: 0 }],
    });
    await expect(download({ maxAttempts: 1 })).rejects.toMatchObject({ transient: true });
    served.bytes = whole;
    await download();
    expect(await storedDigest()).toBe(file.sha256);
    expect(ranges().at(-1)).toBeUndefined();
  });

  it('is refused when the server has less of it, without asking again and again', async () => {
    hub.serve(PATH, whole.slice(0, LENGTH - 1));
    await expect(download()).rejects.toThrow(/has only 299999 of the 300000 bytes/);
    expect(hub.seen(PATH)).toHaveLength(1);
  });

  it('is refused before it is fetched when the server has more', async () => {
    hub.serve(PATH, graphBytes(LENGTH + 1));
    let most = 0;
    await expect(download({ onBytes: (bytes) => (most = Math.max(most, bytes)) })).rejects.toThrow(
      /has 300001 bytes where/,
    );
    expect(most).toBe(0);
  });

  it.each([
    [
      'a web page',
      { body: '<!doctype html><p>Sign in', headers: { 'content-type': 'text/html' } },
      /web page/,
    ],
    [
      'a web page that says it is a file',
      { body: '\n<HTML><p>Sign in', headers: { 'content-type': 'application/octet-stream' } },
      /web page/,
    ],
    ['a Git LFS pointer', { body: 'version https://git-lfs.github.com/spec/v1\noid x' }, /LFS pointer/],
    ['some text', { body: 'Not today' }, /no ONNX graph/],
    ['nothing to be had', { status: 403 }, /HTTP 403/],
    ['nothing at all', { status: 404 }, /does not have .*HTTP 404/],
  ])('is refused when it is %s', async (_, fault, message) => {
    hub.serve(PATH, whole, { faults: [fault] });
    await expect(download({}, unpublished)).rejects.toThrow(message);
    expect(hub.seen(PATH)).toHaveLength(1);
    expect(await target.store.file('model', PATH)).toBeNull();
    expect(await target.store.partialBytes('model', PATH)).toBe(0);
  });
});

describe('a server that is busy', () => {
  it('is asked again', async () => {
    hub.serve(PATH, whole, {
      faults: [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }],
    });
    await download();
    expect(await storedDigest()).toBe(file.sha256);
  });

  it('is not asked for ever', async () => {
    hub.serve(PATH, whole, { faults: Array.from({ length: 50 }, () => ({ status: 503 })) });
    await expect(download()).rejects.toThrow(/HTTP 503/);
    expect(hub.seen(PATH)).toHaveLength(6);
  });
});

describe('several sources', () => {
  it('are tried in order', async () => {
    hub.serve(`mirror/${PATH}`, whole);
    const facts = await download({}, file, [source(), source('mirror/')]);
    expect(facts.from).toContain('/mirror/');
  });

  it('go on with each other’s bytes when a digest vouches for the whole', async () => {
    hub.serve(PATH, whole.slice(0, 200_000));
    hub.serve(`mirror/${PATH}`, whole);
    await download({}, file, [source(), source('mirror/')]);
    expect(ranges(`mirror/${PATH}`)).toEqual(['bytes=200000-']);
    expect(await storedDigest()).toBe(file.sha256);
  });

  it('all have their say when none has the file', async () => {
    await expect(download({}, file, [source(), source('mirror/')])).rejects.toThrow(
      /hub .*404.*mirror\/ .*404/,
    );
  });
});

describe('a file whose digest nobody publishes', () => {
  const interrupted = async (etag: string | null) => {
    const served = hub.serve(PATH, graphBytes(LENGTH, 2), { etag, faults: [{ cutAfter: 100_000 }] });
    served.faults!.push({ cutAfter: 0 });
    await expect(download({ maxAttempts: 1 }, unpublished)).rejects.toMatchObject({ transient: true });
    return served;
  };

  it('is gone on with while its ETag is the same', async () => {
    await interrupted('"v1"');
    await download({}, unpublished);
    expect(ranges().at(-1)).toMatch(/^bytes=/);
    expect(await storedDigest()).toBe(sha256Of(graphBytes(LENGTH, 2)));
  });

  it('begins anew when its ETag has changed', async () => {
    const served = await interrupted('"v1"');
    served.bytes = whole;
    served.etag = '"v2"';
    await download({}, unpublished);
    expect(await storedDigest()).toBe(file.sha256);
  });

  it.each(['W/"weak"', null])('begins anew when its ETag is %s', async (etag) => {
    const served = await interrupted(etag);
    served.bytes = whole;
    await download({}, unpublished);
    expect(ranges().at(-1)).toBeUndefined();
    expect(await storedDigest()).toBe(file.sha256);
  });
});

describe('a text that comes compressed, of which a page is not told across origins', () => {
  const text = new TextEncoder().encode(`{"words": [${'"car", '.repeat(500)}"car"]}`);
  const zipped = gzipSync(text);
  const silent: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    const headers = new Headers(response.headers);
    headers.delete('content-encoding');
    return new Response(response.body, { status: response.status, headers });
  };

  it.each([
    ['with a digest', expected('tokenizer.json', text)],
    ['without one', { path: 'tokenizer.json', bytes: null, sha256: null }],
  ])('is taken for what it is: %s', async (_, wanted) => {
    hub.serve('tokenizer.json', zipped, { contentEncoding: 'gzip' });
    const from = { url: `${hub.baseUrl}/tokenizer.json`, label: 'hub' };
    expect(await download({ fetch: silent }, wanted, [from])).toMatchObject({
      bytes: text.length,
      sha256: sha256Of(text),
    });
  });
});

describe('a full disk', () => {
  it('stops the download and keeps what has come', async () => {
    target.store = new ModelStore(new SmallTree(150_000));
    hub.serve(PATH, whole);
    await expect(download()).rejects.toMatchObject({ code: 'storage-full' });
    expect(hub.seen(PATH)).toHaveLength(1);
    expect(await target.store.partialBytes('model', PATH)).toBeGreaterThan(0);
  });

  it('is got round by memory, without fetching a byte twice and leaving nothing behind', async () => {
    target = {
      ...target,
      store: new ModelStore(new SmallTree(150_000)),
      spare: new ModelStore(new MemoryTree()),
    };
    hub.serve(PATH, whole);
    await download();
    expect(hub.seen(PATH)).toHaveLength(1);
    expect(await storedDigest(target.spare!)).toBe(file.sha256);
    expect(await target.store.file('model', PATH)).toBeNull();
    expect(await target.store.partialBytes('model', PATH)).toBe(0);
  });
});

describe('a download that is stopped', () => {
  it('ends at once and keeps what has come', async () => {
    hub.serve(PATH, whole, { faults: [{ stallAfter: 100_000 }] });
    const stop = new AbortController();
    const running = download({
      signal: stop.signal,
      stallTimeoutMs: 60_000,
      onBytes: (bytes) => {
        if (bytes >= 100_000) stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(await target.store.partialBytes('model', PATH)).toBe(100_000);
  });

  it('does not wait for the next attempt', async () => {
    hub.serve(PATH, whole, { faults: [{ status: 503 }] });
    const stop = new AbortController();
    const running = download({ signal: stop.signal, retryDelayMs: 60_000 });
    setTimeout(() => stop.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });
});
