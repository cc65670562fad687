import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writePage } from '@/lib/protocol/rows';
import type { Workspace } from '@/lib/server/administration';
import { announceRestored } from '@/lib/server/inspect-workspace';
import { LibraryClient, type Send } from '@/lib/sync/library-client';
import { describeNotice } from '@/lib/sync/notices';
import type { PendingChange } from '@/lib/sync/sync-store';
import { madeRow, SERVER, startTestServer, type TestServer } from '../../support/library-server';
import { SyncDevice } from '../../support/sync-device';

let test: TestServer;
let yard: Workspace;
let clients: LibraryClient[];
let tokens: string[];

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  const joined = await Promise.all(
    ['Anna', 'Ben', 'Cleo', 'Dan'].map((name) => test.makeDevice(yard, { name })),
  );
  clients = joined.map(({ client }) => client);
  tokens = joined.map(({ token }) => token);
});
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});

let anna: SyncDevice;
let ben: SyncDevice;

const empty = () =>
  test.queryAsOwner(
    yard,
    'truncate events, clips, revisions, pushes cascade; update clock set change_seq = 0, state = state # state',
  );

beforeEach(async () => {
  await empty();
  anna = new SyncDevice(clients[0]!, OURS);
  ben = new SyncDevice(clients[1]!, OURS);
});

/** The library's model, and another. */
const OURS = 'ours';
const OTHER = 'other';

/** What people see of a device's shared clips. */
const stateOf = (device: SyncDevice) =>
  [...device.shared.values()]
    .map(({ clip, event, details, rows, digest, known }) => ({
      clip,
      event,
      model: details.model_version,
      rows: writePage(rows),
      digest,
      revision: known?.revision,
    }))
    .sort((a, b) => (a.clip < b.clip ? -1 : 1));

const described = ({ notices }: SyncDevice) => notices.map(describeNotice);

/** A clip that both have. */
async function sharedClip(): Promise<string> {
  const clip = await anna.add('Gate');
  await anna.sync();
  await ben.sync();
  return clip;
}

/** Both send and read: who calls first wins. */
async function settleBoth(): Promise<void> {
  for (const device of [anna, ben, anna]) await device.sync();
  expect(stateOf(ben)).toEqual(stateOf(anna));
}

const eventOf = (device: SyncDevice, clip: string) => device.shared.get(clip)?.event;

describe('two devices', () => {
  it('have the same clip after it was shared', async () => {
    const clip = await sharedClip();
    expect(stateOf(ben)).toEqual(stateOf(anna));
    expect(eventOf(ben, clip)?.description).toBe('Gate');
  });

  it('keep both edits of different fields', async () => {
    const clip = await sharedClip();
    anna.edit(clip, { description: 'Back gate' });
    ben.edit(clip, { smart_detection_type: 'person' });
    await settleBoth();
    expect(eventOf(anna, clip)).toMatchObject({
      description: 'Back gate',
      smart_detection_type: 'person',
    });
    expect([...anna.notices, ...ben.notices]).toEqual([]);
  });

  it('keep the first edit of one field, and ask about the other', async () => {
    const clip = await sharedClip();
    anna.edit(clip, { description: 'Back gate' });
    ben.edit(clip, { description: 'Gate 2' });
    await settleBoth();
    expect(eventOf(anna, clip)?.description).toBe('Back gate');
    expect(described(ben)).toEqual(['Anna called it “Back gate” first. Use “Gate 2” instead?']);
  });

  it.each([
    ['there', () => [anna, ben] as const],
    ['here', () => [ben, anna] as const],
  ])('keep an edit and a reading that came first %s', async (_, order) => {
    const clip = await sharedClip();
    const [reader, editor] = order();
    await reader.readAgain(clip, OTHER);
    editor.edit(clip, { description: 'Back gate' });
    await settleBoth();
    expect(stateOf(anna)).toMatchObject([{ model: OTHER, event: { description: 'Back gate' } }]);
    expect([...anna.notices, ...ben.notices]).toEqual([]);
  });

  it.each([
    ['the library’s, which came second', OTHER, OURS, OURS, []],
    [
      'the library’s, which came first',
      OURS,
      OTHER,
      OURS,
      ['Anna read this clip again with ours; those vectors are used.'],
    ],
    [
      'the first, where neither is the library’s',
      OTHER,
      'third',
      OTHER,
      ['Anna read this clip again with other; those vectors are used.'],
    ],
  ])('keep of two readings %s', async (_, first, second, kept, said) => {
    const clip = await sharedClip();
    await anna.readAgain(clip, first);
    await ben.readAgain(clip, second);
    await settleBoth();
    expect(stateOf(anna)).toMatchObject([{ model: kept }]);
    expect(described(ben)).toEqual(said);
  });

  it.each([
    ['delete', 'Anna deleted “Mine”. Your changes were not shared. Keep a copy?'],
    ['unshare', 'Anna stopped sharing “Mine”. Your changes were not shared. Keep a copy?'],
  ] as const)('lose a clip by %s although the other edited it, who keeps a copy', async (kind, said) => {
    const clip = await sharedClip();
    anna.end(clip, kind);
    ben.edit(clip, { description: 'Mine' });
    await settleBoth();
    expect(stateOf(anna)).toEqual([]);
    expect(described(ben)).toEqual([said]);
    expect([...ben.own.values()]).toMatchObject([{ event: { description: 'Mine' } }]);
    expect([...ben.own.keys()]).not.toContain(clip);
  });

  it('lose a clip that one deleted although the other edited it first', async () => {
    const clip = await sharedClip();
    anna.edit(clip, { description: 'Back gate' });
    ben.end(clip, 'delete');
    await settleBoth();
    expect(stateOf(anna)).toEqual([]);
  });

  it('agree on a clip that both added under one id', async () => {
    const clip = randomUUID();
    await anna.add('Gate', clip);
    await ben.add('Door', clip);
    await settleBoth();
    expect(described(ben)).toContain('Anna called it “Gate” first. Use “Door” instead?');
  });
});

describe('a device', () => {
  it('sends only what it changed last, and nothing where it changed nothing', async () => {
    const clip = await sharedClip();
    anna.edit(clip, { description: 'a' });
    anna.edit(clip, { description: 'b' });
    await anna.sync();
    await anna.sync();
    expect((await clients[0]!.changes(0)).next).toBe(2);
    expect(await anna.pending()).toEqual([]);
  });

  it('keeps its later edit where the answer to an earlier one was lost', async () => {
    const clip = await sharedClip();
    anna.edit(clip, { description: 'first' });
    const lost = clientOf(0, async (request) => {
      await test.server.fetch(request);
      throw new TypeError('fetch failed');
    });
    await expect(anna.sync(lost)).rejects.toThrow('fetch failed');
    anna.edit(clip, { description: 'second' });
    await settleBoth();
    expect(eventOf(ben, clip)?.description).toBe('second');
    expect(anna.notices).toEqual([]);
  });

  it('sends a change under another revision where pages of this one are others', async () => {
    const clip = await anna.add('Gate');
    const [{ revision }] = (await anna.pending()) as [PendingChange];
    const { event, details, digest } = anna.shared.get(clip)!;
    const begun = { kind: 'rows', base: null, frames: 2, pictures: 0, event, details, digest } as const;
    await clients[0]!.putRevision(clip, revision, begun);
    await clients[0]!.putRows(clip, revision, 0, [madeRow(0), madeRow(1)]);
    await settleBoth();
    expect(stateOf(ben)).toMatchObject([{ clip }]);
    expect(await anna.pending()).toEqual([]);
  });

  it('sends again what a library lacks that was restored from a backup', async () => {
    const clip = await sharedClip();
    await empty();
    await announceRestoredOf(yard);
    await settleBoth();
    expect(stateOf(ben)).toMatchObject([{ clip }]);
    expect((await clients[0]!.changes(0)).changes).toMatchObject([{ clip, state: 'live' }]);
  });

  it('compares everything where it has missed something', async () => {
    const clip = await sharedClip();
    ben.shared.clear();
    await ben.sync();
    expect(eventOf(ben, clip)?.description).toBe('Gate');
  });
});

function clientOf(device: number, send: Send): LibraryClient {
  return new LibraryClient(send, { server: SERVER, workspace: yard.id, token: tokens[device]! });
}

async function announceRestoredOf({ id }: Workspace): Promise<void> {
  await test.administer((administration) => announceRestored(administration.client, id));
}

/** What may happen to one of four devices. `cut` is the request at which its line breaks, before the server or behind it. */
const step = fc.record({
  device: fc.nat(3),
  does: fc.constantFrom('add', 'edit', 'name', 'read', 'delete', 'unshare', 'sync', 'sync', 'sync'),
  clip: fc.nat(5),
  cut: fc.option(fc.record({ at: fc.integer({ min: 1, max: 6 }), isBehind: fc.boolean() }), { freq: 2 }),
});

/** Interleavings in the suite. More by hand: FRAMESIFT_SYNC_RUNS=500. */
const RUNS = Number(process.env.FRAMESIFT_SYNC_RUNS ?? 6);

describe('four devices', () => {
  it(
    'are equal in the end, whatever each did in which order and whichever line broke',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
          await empty();
          const devices = clients.map((client) => new SyncDevice(client, OURS));
          let count = 0;
          for (const { device: index, does, clip: at, cut } of steps) {
            const device = devices[index]!;
            const clip = device.visible()[at];
            count += 1;
            if (does === 'sync') await device.sync(cut ? brokenLine(index, cut) : undefined).catch(ignoreCut);
            else if (does === 'add') await device.add(`clip ${count}`, undefined, 1);
            else if (clip === undefined) continue;
            else if (does === 'edit')
              device.edit(clip, { smart_detection_type: count % 2 ? 'person' : 'animal' });
            else if (does === 'name') device.edit(clip, { description: `name ${count}` });
            else if (does === 'read') await device.readAgain(clip, count % 2 ? OURS : OTHER);
            else device.end(clip, does);
          }
          for (let round = 0; round < 2; round += 1) for (const device of devices) await device.sync();
          const [first, ...others] = devices.map(stateOf);
          for (const other of others) expect(other).toEqual(first);
          expect((await clients[0]!.changes(0)).changes.filter(({ state }) => state === 'live')).toHaveLength(
            first!.length,
          );
        }),
        { numRuns: RUNS },
      );
    },
    60_000 + RUNS * 1000,
  );
});

function brokenLine(device: number, { at, isBehind }: { at: number; isBehind: boolean }): LibraryClient {
  let sent = 0;
  return clientOf(device, async (request) => {
    sent += 1;
    if (sent !== at) return test.server.fetch(request);
    if (isBehind) await test.server.fetch(request);
    throw new TypeError('fetch failed');
  });
}

function ignoreCut(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}
