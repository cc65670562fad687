import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { combineStates, EMPTY_STATE, stateOfClip } from '@/lib/protocol/digests';
import { writePage } from '@/lib/protocol/rows';
import type { Workspace } from '@/lib/server/administration';
import type { LibraryClient } from '@/lib/sync/library-client';
import { pushClip } from '@/lib/sync/push-clip';
import { Refusal } from '@/lib/sync/refusal';
import {
  madeEvent,
  madePicture,
  madeRow,
  makeClip,
  MODEL,
  startTestServer,
  type TestDevice,
  type TestServer,
} from '../../support/library-server';
import { pullRows } from '../../support/pull-rows';

let test: TestServer;
let yard: Workspace;
let anna: TestDevice;
let ben: TestDevice;

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  anna = await test.makeDevice(yard);
  ben = await test.makeDevice(yard);
});
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});
beforeEach(() =>
  test.queryAsOwner(
    yard,
    'truncate events, clips, revisions, pushes cascade; update clock set change_seq = 0, state = state # state',
  ),
);

/** The whole list of changes, as a device that knows nothing sees it. */
const changesOf = ({ client }: TestDevice) => client.changes(0);

/** What a call was refused with. */
async function refusalOf(call: Promise<unknown>): Promise<Refusal['problem']> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Refusal);
  return (error as Refusal).problem;
}

/** How many rows each table of the library has. */
async function countRows(): Promise<Record<string, unknown>> {
  const tables = [
    'events',
    'event_frames',
    'frame_spans',
    'frame_embeddings',
    'frame_pictures',
    'push_rows',
    'push_pages',
  ];
  const [row] = await test.queryAsOwner(
    yard,
    `select ${tables.map((table) => `(select count(*)::integer from ${table}) as ${table}`).join(', ')}`,
  );
  return row!;
}

const NO_ROWS = {
  events: 0,
  event_frames: 0,
  frame_spans: 0,
  frame_embeddings: 0,
  frame_pictures: 0,
  push_rows: 0,
  push_pages: 0,
};

describe('a shared clip', () => {
  it('is read on another device as it was sent', async () => {
    const clip = await makeClip({ frames: 502 });
    const change = await pushClip(anna.client, clip);
    const { changes, next, more } = await changesOf(ben);
    expect({ next, more }).toEqual({ next: change, more: false });
    expect(changes).toMatchObject([
      {
        clip: clip.clip,
        revision: clip.revision,
        state: 'live',
        event: clip.request.event,
        details: clip.request.details,
      },
    ]);
    expect(writePage(await pullRows(ben.client, changes[0]!))).toBe(writePage(clip.rows));
    expect(await ben.client.readPictures(clip.clip, clip.revision, [1, 501])).toEqual([
      clip.pictures[0],
      clip.pictures[500],
    ]);
  });

  it('may lack frames in its middle, pictures and vectors', async () => {
    const rows = [0, 1, 1100, 1101]
      .map((frameIndex) => madeRow(frameIndex))
      .map((row) => (row.frameIndex % 2 ? { ...row, frame: null } : { ...row, vector: null }));
    const sparse = await makeClip({ rows, pictures: [madePicture(1)] });
    await pushClip(anna.client, sparse);
    const { changes } = await changesOf(ben);
    expect(writePage(await pullRows(ben.client, changes[0]!))).toBe(writePage(rows));
    expect(await ben.client.readPictures(sparse.clip, sparse.revision, [1, 2])).toEqual([madePicture(1)]);
  });

  it('is there for SQL as the server’s own rows', async () => {
    const clip = await makeClip({ frames: 1 });
    await pushClip(anna.client, clip);
    const [row] = await test.queryAsOwner(
      yard,
      `select e.description, e.source_type, f.frame_number, f.frame_path, f.timestamp_offset_ms, v.frame_index, v.embedding,
         v.model_version
       from events e join event_frames f on f.event_id = e.id join frame_embeddings v on v.event_id = e.id`,
    );
    expect(row).toEqual({
      description: 'a clip',
      source_type: 'rtsp',
      frame_number: 1,
      frame_path: `frames/${clip.clip}/frame_001.jpg`,
      timestamp_offset_ms: 0,
      frame_index: 0,
      embedding: clip.rows[0]!.vector!.json,
      model_version: MODEL,
    });
  });

  it('is found by its file and model', async () => {
    const clip = await makeClip();
    await pushClip(anna.client, clip);
    expect(await ben.client.findClips('ab12', MODEL)).toEqual([{ clip: clip.clip, frames: 3 }]);
    expect(await ben.client.findClips('ab12', 'another')).toEqual([]);
    expect(await ben.client.findClips('cd34', null)).toEqual([]);
  });

  it('is replaced whole when it is read again', async () => {
    const first = await makeClip({ frames: 5 });
    await pushClip(anna.client, first);
    const again = await makeClip({ clip: first.clip, base: first.revision, frames: 2, seed: 2 });
    await pushClip(ben.client, again);
    const { changes } = await changesOf(anna);
    expect(changes).toMatchObject([{ revision: again.revision, change: 2, frames: 2 }]);
    expect(writePage(await pullRows(anna.client, changes[0]!))).toBe(writePage(again.rows));
    expect(await countRows()).toEqual({
      ...NO_ROWS,
      events: 1,
      event_frames: 2,
      frame_spans: 1,
      frame_embeddings: 2,
      frame_pictures: 2,
    });
    expect(await refusalOf(anna.client.readRows(first.clip, first.revision, 0))).toMatchObject({
      type: 'revision-replaced',
    });
  });

  it('keeps its rows when its text is edited', async () => {
    const clip = await makeClip();
    await pushClip(anna.client, clip);
    const edited = madeEvent(clip.clip, 'Back gate');
    const revision = randomUUID();
    expect(
      await ben.client.putRevision(clip.clip, revision, { kind: 'edit', base: clip.revision, ...edited }),
    ).toEqual({ change: 2 });
    const { changes } = await changesOf(anna);
    expect(changes).toMatchObject([{ revision, event: edited.event }]);
    expect(writePage(await pullRows(anna.client, changes[0]!))).toBe(writePage(clip.rows));
  });

  it.each([
    ['delete', 'deleted'],
    ['unshare', 'unshared'],
  ] as const)('leaves a line and no rows after %s', async (kind, state) => {
    const clip = await makeClip();
    await pushClip(anna.client, clip);
    const revision = randomUUID();
    await anna.client.putRevision(clip.clip, revision, { kind, base: clip.revision });
    const answer = await changesOf(ben);
    expect(answer.changes).toMatchObject([
      { clip: clip.clip, revision, change: 2, state, frames: 0, event: null, details: null },
    ]);
    expect(answer.state).toBe(EMPTY_STATE);
    expect(await countRows()).toEqual(NO_ROWS);
    // It can be shared anew.
    await pushClip(ben.client, await makeClip({ clip: clip.clip, base: revision }));
    expect((await changesOf(anna)).changes).toMatchObject([{ change: 3, state: 'live' }]);
  });
});

describe('the list of changes', () => {
  it('has each clip once, where it changed last', async () => {
    const [gate, door] = [await makeClip(), await makeClip()];
    await pushClip(anna.client, gate);
    await pushClip(anna.client, door);
    await ben.client.putRevision(gate.clip, randomUUID(), {
      kind: 'edit',
      base: gate.revision,
      ...madeEvent(gate.clip, 'Gate'),
    });
    const all = await changesOf(anna);
    expect(all.changes.map(({ clip, change }) => [clip, change])).toEqual([
      [door.clip, 2],
      [gate.clip, 3],
    ]);
    expect((await anna.client.changes(2)).changes).toMatchObject([{ clip: gate.clip }]);
    expect(await anna.client.changes(3)).toEqual({ ...all, changes: [] });
  });

  it('tells the state of the library, which is that of its live clips', async () => {
    const [gate, door] = [await makeClip(), await makeClip()];
    await pushClip(anna.client, gate);
    await pushClip(anna.client, door);
    const states = await Promise.all([gate, door].map(({ clip, revision }) => stateOfClip(clip, revision)));
    expect((await changesOf(ben)).state).toBe(combineStates(...states));
    await anna.client.putRevision(gate.clip, randomUUID(), { kind: 'delete', base: gate.revision });
    expect((await changesOf(ben)).state).toBe(states[1]);
  });

  it('says where it ends to a device that knows more than a restored library', async () => {
    await pushClip(anna.client, await makeClip());
    expect(await ben.client.changes(40)).toMatchObject({ changes: [], next: 1, more: false });
  });

  it('comes in parts of 500', async () => {
    await test.queryAsOwner(
      yard,
      `with made as (select n from generate_series(1, 501) n),
         events as (insert into events (id, timestamp, description, created_at)
           select 'c' || n, '2026-01-01Z', 'x', '2026-01-01Z' from made),
         clips as (insert into clips (event_id, revision, change_seq, state, device_id, frames, vectors, pictures, rows_digest,
           committed_at, source_type)
           select 'c' || n, 'r', n, 'live', 'd', 0, 0, 0, '', '2026-01-01Z', 'rtsp' from made)
       update clock set change_seq = 501`,
    );
    const first = await changesOf(anna);
    expect({ count: first.changes.length, next: first.next, more: first.more }).toEqual({
      count: 500,
      next: 500,
      more: true,
    });
    expect(await anna.client.changes(500)).toMatchObject({ changes: [{ clip: 'c501' }], more: false });
  });

  it('is one answer of less than a kilobyte where nothing changed', async () => {
    await pushClip(anna.client, await makeClip());
    expect(JSON.stringify(await anna.client.changes(1)).length).toBeLessThan(300);
  });
});

describe('a step that is sent again', () => {
  it('changes nothing, whichever it is', async () => {
    const clip = await makeClip({ frames: 3 });
    const { client } = anna;
    const steps: (() => Promise<unknown>)[] = [
      () => client.putRevision(clip.clip, clip.revision, clip.request),
      () => client.putRows(clip.clip, clip.revision, 0, clip.rows),
      () => client.putPictures(clip.clip, clip.revision, 0, clip.pictures),
      () => client.commit(clip.clip, clip.revision),
    ];
    for (let last = 0; last < steps.length; last += 1)
      for (const step of steps.slice(0, last + 1)) await step();
    expect(await client.commit(clip.clip, clip.revision)).toBe(1);
    expect((await changesOf(ben)).next).toBe(1);
    expect(await countRows()).toEqual({
      ...NO_ROWS,
      events: 1,
      event_frames: 3,
      frame_spans: 2,
      frame_embeddings: 3,
      frame_pictures: 3,
    });
  });

  it('is answered as before when two of it are under way at once', async () => {
    const clip = await makeClip({ frames: 40 });
    const twice = <T>(step: () => Promise<T>) => Promise.all([step(), step()]);
    await twice(() => anna.client.putRevision(clip.clip, clip.revision, clip.request));
    await twice(() => anna.client.putRows(clip.clip, clip.revision, 0, clip.rows));
    await twice(() => anna.client.putPictures(clip.clip, clip.revision, 0, clip.pictures));
    expect(await twice(() => anna.client.commit(clip.clip, clip.revision))).toEqual([1, 1]);
  });

  it('tells which pages are there already', async () => {
    const clip = await makeClip({ rows: [madeRow(0), madeRow(500)] });
    await anna.client.putRevision(clip.clip, clip.revision, clip.request);
    await anna.client.putRows(clip.clip, clip.revision, 1, clip.rows.slice(1));
    expect(await anna.client.putRevision(clip.clip, clip.revision, clip.request)).toEqual({
      have: [1],
      havePictures: [],
    });
  });

  it('is refused as a page with other content', async () => {
    const clip = await makeClip();
    await anna.client.putRevision(clip.clip, clip.revision, clip.request);
    await anna.client.putRows(clip.clip, clip.revision, 0, clip.rows);
    const other = await makeClip({ seed: 2 });
    const again = anna.client.putRows(clip.clip, clip.revision, 0, other.rows);
    expect(await refusalOf(again)).toMatchObject({ type: 'page-differs', status: 409 });
  });

  it('is removed after seven days without a commit', async () => {
    const left = await makeClip();
    await anna.client.putRevision(left.clip, left.revision, left.request);
    await anna.client.putRows(left.clip, left.revision, 0, left.rows);
    const { now } = test.clock;
    test.clock.now = new Date(now.getTime() + 8 * 24 * 3600 * 1000);
    const clip = await makeClip();
    await anna.client.putRevision(clip.clip, clip.revision, clip.request);
    test.clock.now = now;
    expect(await countRows()).toEqual(NO_ROWS);
  });
});

describe('a conflict', () => {
  it('goes to the first to commit; the other is told what the clip is now', async () => {
    const clip = await makeClip();
    await pushClip(anna.client, clip);
    const edit = (client: LibraryClient, description: string) =>
      client.putRevision(clip.clip, randomUUID(), {
        kind: 'edit',
        base: clip.revision,
        ...madeEvent(clip.clip, description),
      });
    await edit(anna.client, 'Back gate');
    const refused = await refusalOf(edit(ben.client, 'Gate 2'));
    expect(refused).toMatchObject({ type: 'changed-meanwhile', status: 409 });
    expect(refused.current).toEqual((await changesOf(ben)).changes[0]);
  });

  it('is found at the commit too', async () => {
    const first = await makeClip();
    const second = await makeClip({ clip: first.clip, seed: 2 });
    await ben.client.putRevision(second.clip, second.revision, second.request);
    await ben.client.putRows(second.clip, second.revision, 0, second.rows);
    await ben.client.putPictures(second.clip, second.revision, 0, second.pictures);
    await pushClip(anna.client, first);
    expect(await refusalOf(ben.client.commit(second.clip, second.revision))).toMatchObject({
      type: 'changed-meanwhile',
      current: { revision: first.revision },
    });
  });

  it('has one winner where two add the same clip at once', async () => {
    const clips = [await makeClip(), await makeClip({ seed: 2 })];
    clips[1] = await makeClip({ clip: clips[0]!.clip, seed: 2 });
    const results = await Promise.allSettled([
      pushClip(anna.client, clips[0]!),
      pushClip(ben.client, clips[1]),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await changesOf(anna)).changes).toHaveLength(1);
  });
});

describe('a commit', () => {
  it('is refused as long as rows or pictures are missing', async () => {
    const clip = await makeClip({ rows: [madeRow(0), madeRow(500)] });
    const { client } = anna;
    await client.putRevision(clip.clip, clip.revision, clip.request);
    await client.putRows(clip.clip, clip.revision, 0, clip.rows.slice(0, 1));
    expect(await refusalOf(client.commit(clip.clip, clip.revision))).toMatchObject({
      type: 'incomplete',
      detail: '1 of 2 rows and 0 of 2 pictures are here. Send the pages that are missing.',
      have: [0],
    });
    expect((await changesOf(ben)).changes).toEqual([]);
  });

  it('is refused where another clip has one of its row ids, and leaves that clip as it is', async () => {
    const clip = await makeClip();
    await pushClip(anna.client, clip);
    const other = await makeClip({ rows: clip.rows });
    expect(await refusalOf(pushClip(ben.client, other))).toMatchObject({ type: 'id-taken', status: 409 });
    const { changes } = await changesOf(ben);
    expect(changes).toMatchObject([{ clip: clip.clip }]);
    expect(writePage(await pullRows(ben.client, changes[0]!))).toBe(writePage(clip.rows));
  });

  it('is refused before its rows are sent where the library is full', async () => {
    const small = await test.makeWorkspace('Small', 5);
    const device = await test.makeDevice(small);
    await pushClip(device.client, await makeClip({ frames: 3 }));
    expect(await refusalOf(pushClip(device.client, await makeClip({ frames: 3 })))).toMatchObject({
      type: 'library-full',
      status: 507,
    });
    await pushClip(device.client, await makeClip({ frames: 2 }));
  });
});

describe('devices', () => {
  it('are listed, and one that leaves is refused', async () => {
    const ids = (await anna.client.devices()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([anna.deviceId, ben.deviceId]));
    const { client } = await test.makeDevice(yard);
    await client.leave();
    expect(await refusalOf(client.changes(0))).toMatchObject({ type: 'token-refused', status: 401 });
  });
});
