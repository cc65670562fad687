import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePage } from '@/lib/protocol/rows';
import type { Workspace } from '@/lib/server/administration';
import { openLibraryServer } from '@/lib/server/open-server';
import { LibraryClient, type Send } from '@/lib/sync/library-client';
import { pushClip } from '@/lib/sync/push-clip';
import { Refusal } from '@/lib/sync/refusal';
import {
  madeEvent,
  madePicture,
  madeRow,
  makeClip,
  SERVER,
  startTestServer,
  type TestDevice,
  type TestServer,
} from '../../support/library-server';
import { pullRows } from '../../support/pull-rows';

let test: TestServer;
let yard: Workspace;
let anna: TestDevice;

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  anna = await test.makeDevice(yard);
});
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});

/** How a request may be interrupted. */
const WAYS = {
  'never arrives': async () => {
    await Promise.reject(new TypeError('fetch failed'));
  },
  'loses its answer': async (request: Request, send: Send) => {
    await send(request);
    throw new TypeError('fetch failed');
  },
  'is cut in its body': async (request: Request, send: Send) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const half = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(body.subarray(0, body.length / 2)),
      pull: (controller) => controller.error(new TypeError('aborted')),
    });
    const { method, url, headers } = request;
    const cut = new Request(url, {
      method,
      headers,
      ...(body.length > 0 && { body: half, duplex: 'half' }),
    });
    await send(cut);
    throw new TypeError('fetch failed');
  },
  'loses the database': async (request: Request, send: Send) => {
    const answer = send(request);
    await test.endConnections(yard);
    await answer;
    throw new TypeError('fetch failed');
  },
};

/** A line to the server on which the n-th request is interrupted. */
class Line {
  sent = 0;

  constructor(
    private readonly interrupted: number,
    private readonly interrupt: (typeof WAYS)[keyof typeof WAYS],
  ) {}

  readonly send: Send = async (request) => {
    this.sent += 1;
    if (this.sent === this.interrupted) await this.interrupt(request, test.server.fetch);
    return test.server.fetch(request);
  };
}

/** What a device does whose request fails: the same again. */
async function untilDone<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof Refusal && error.isTransient)) throw error;
    }
  }
  throw new Error('Five attempts failed.');
}

const SCENARIO_REQUESTS = 12;
const SCENARIO_CHANGES = 4;

/** Shares a clip of two pages, reads it again, edits it and deletes it. */
async function runScenario(client: LibraryClient, clip: string): Promise<void> {
  const twoPages = async (base: string | null, seed: number) =>
    makeClip({
      clip,
      base,
      rows: [madeRow(0, seed), madeRow(1, seed), madeRow(500, seed)],
      pictures: [madePicture(1), madePicture(501)],
    });
  const first = await twoPages(null, 1);
  await untilDone(() => pushClip(client, first));
  const again = await twoPages(first.revision, 2);
  await untilDone(() => pushClip(client, again));
  const change = (await anna.client.changes(0)).changes.find((one) => one.clip === clip)!;
  expect(writePage(await pullRows(anna.client, change))).toBe(writePage(again.rows));

  const edit = { kind: 'edit', base: again.revision, ...madeEvent(clip, 'Gate') } as const;
  const edited = randomUUID();
  await untilDone(() => client.putRevision(clip, edited, edit));
  const deleted = randomUUID();
  await untilDone(() => client.putRevision(clip, deleted, { kind: 'delete', base: edited }));
}

const COUNTS = `
  select (select count(*)::integer from events) as events,
    (select count(*)::integer from event_frames) as frames,
    (select count(*)::integer from frame_embeddings) as vectors,
    (select count(*)::integer from frame_pictures) as pictures,
    (select coalesce(sum(frames), 0)::integer from clips) as listed`;

const WATCH_EVERY_MS = 2;

/** Everything that somebody who looks all the time sees of the rows, as texts. */
async function watch(end: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!end.aborted) {
    seen.add(JSON.stringify((await test.queryAsOwner(yard, COUNTS))[0]));
    await setTimeout(WATCH_EVERY_MS);
  }
  return seen;
}

const NOTHING = { events: 0, frames: 0, vectors: 0, pictures: 0, listed: 0 };
const WHOLE = { events: 1, frames: 3, vectors: 3, pictures: 2, listed: 3 };

describe('each request of a clip’s life', () => {
  it.each(Object.entries(WAYS))('that %s costs nothing and doubles nothing', async (_, interrupt) => {
    const end = new AbortController();
    const watched = watch(end.signal);
    for (let n = 1; n <= SCENARIO_REQUESTS; n += 1) {
      const before = await anna.client.changes(Number.MAX_SAFE_INTEGER);
      const line = new Line(n, interrupt);
      const client = new LibraryClient(line.send, {
        server: SERVER,
        workspace: yard.id,
        token: anna.token,
      });
      await runScenario(client, randomUUID());
      // Every one of them was interrupted once: none of the twelve is left out.
      expect(line.sent).toBeGreaterThan(SCENARIO_REQUESTS);
      const after = await anna.client.changes(Number.MAX_SAFE_INTEGER);
      expect(after.next - before.next).toBe(SCENARIO_CHANGES);
      expect(after.state).toBe(before.state);
    }
    end.abort();
    const allowed = [NOTHING, WHOLE].map((counts) => JSON.stringify(counts));
    expect([...(await watched)].filter((counts) => !allowed.includes(counts))).toEqual([]);
    expect(await test.queryAsOwner(yard, 'select * from pushes')).toEqual([]);
  });

  it('is the same for another server over the same database', async () => {
    const clip = await makeClip();
    await anna.client.putRevision(clip.clip, clip.revision, clip.request);
    const other = openLibraryServer(test.settings);
    const client = new LibraryClient(other.fetch, { server: SERVER, workspace: yard.id, token: anna.token });
    const change = await pushClip(client, clip);
    expect(await anna.client.commit(clip.clip, clip.revision)).toBe(change);
    await other.close();
  });
});

describe('eight writers', () => {
  it('miss no reader, who polls all the time', async () => {
    const hall = await test.makeWorkspace('Hall');
    const WRITERS = 8;
    const COMMITS = 15;
    const devices = await Promise.all(Array.from({ length: WRITERS }, () => test.makeDevice(hall)));
    const end = new AbortController();
    const seen: number[] = [];
    const clips = new Set<string>();
    const reader = (async () => {
      let after = 0;
      for (;;) {
        const isLast = end.signal.aborted;
        const { changes, next } = await devices[0]!.client.changes(after);
        seen.push(...changes.map(({ change }) => change));
        for (const { clip } of changes) clips.add(clip);
        after = next;
        if (isLast) return;
      }
    })();
    await Promise.all(
      devices.map(async ({ client }) => {
        for (let n = 0; n < COMMITS; n += 1) await pushClip(client, await makeClip({ rows: [] }));
      }),
    );
    end.abort();
    await reader;
    expect(clips.size).toBe(WRITERS * COMMITS);
    expect(seen).toEqual(Array.from({ length: WRITERS * COMMITS }, (_, i) => i + 1));
  });
});
