import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Workspace } from '@/lib/server/administration';
import { announceRestored } from '@/lib/server/inspect-workspace';
import { LibraryClient, type Send } from '@/lib/sync/library-client';
import { describeNotice } from '@/lib/sync/notices';
import type { PendingChange } from '@/lib/sync/sync-store';
import { madeRow, SERVER, startTestServer, type TestServer } from '../../support/library-server';
import { DatabaseDevice } from '../../support/database-device';
import { MemoryDevice, type SyncDevice } from '../../support/sync-device';

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
  for (const device of databases) await device?.close();
  await test.stop();
  expect(test.faults).toEqual([]);
});

const empty = () =>
  test.queryAsOwner(
    yard,
    'truncate events, clips, revisions, pushes cascade; update clock set change_seq = 0, state = state # state',
  );

/** The library’s model, and another. */
const OURS = 'ours';
const OTHER = 'other';

/** Starting PGlite takes seconds: each of the four keeps its database. */
const databases: (DatabaseDevice | undefined)[] = [];

const inMemory = (index: number): Promise<SyncDevice> =>
  Promise.resolve(new MemoryDevice(clients[index]!, OURS));

const inDatabase = async (index: number): Promise<SyncDevice> => {
  const device = await DatabaseDevice.open(clients[index]!, OURS, databases[index]);
  databases[index] = device;
  return device;
};

/** What may happen to one of four devices. `cut` is the request at which its line breaks, before the server or behind it. */
const step = fc.record({
  device: fc.nat(3),
  does: fc.constantFrom('add', 'edit', 'name', 'read', 'delete', 'unshare', 'sync', 'sync', 'sync'),
  clip: fc.nat(5),
  cut: fc.option(fc.record({ at: fc.integer({ min: 1, max: 6 }), isBehind: fc.boolean() }), { freq: 2 }),
});

/** Interleavings in the suite, fewer where each takes seconds. More by hand: FRAMESIFT_SYNC_RUNS=500. */
const RUNS = { memory: 6, database: 2 };

describe.each([
  ['memory', inMemory, RUNS.memory],
  ['the page’s database', inDatabase, RUNS.database],
] as const)('with libraries in %s', (_, open, usualRuns) => {
  const runs = Number(process.env.FRAMESIFT_SYNC_RUNS ?? usualRuns);
  let anna: SyncDevice;
  let ben: SyncDevice;

  beforeEach(async () => {
    await empty();
    [anna, ben] = await Promise.all([open(0), open(1)]);
  }, 60_000);

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
    expect(await ben.state()).toEqual(await anna.state());
  }

  const eventOf = async (device: SyncDevice, clip: string) =>
    (await device.state()).find((shared) => shared.clip === clip)?.event;

  describe('two devices', () => {
    it('have the same clip after it was shared', async () => {
      const clip = await sharedClip();
      expect(await ben.state()).toEqual(await anna.state());
      expect((await eventOf(ben, clip))?.description).toBe('Gate');
    });

    it('keep both edits of different fields', async () => {
      const clip = await sharedClip();
      await anna.edit(clip, { description: 'Back gate' });
      await ben.edit(clip, { smart_detection_type: 'person' });
      await settleBoth();
      expect(await eventOf(anna, clip)).toMatchObject({
        description: 'Back gate',
        smart_detection_type: 'person',
      });
      expect([...anna.notices, ...ben.notices]).toEqual([]);
    });

    it('keep the first edit of one field, and ask about the other', async () => {
      const clip = await sharedClip();
      await anna.edit(clip, { description: 'Back gate' });
      await ben.edit(clip, { description: 'Gate 2' });
      await settleBoth();
      expect((await eventOf(anna, clip))?.description).toBe('Back gate');
      expect(described(ben)).toEqual(['Anna called it “Back gate” first. Use “Gate 2” instead?']);
    });

    it.each([
      ['there', () => [anna, ben] as const],
      ['here', () => [ben, anna] as const],
    ])('keep an edit and a reading that came first %s', async (_, order) => {
      const clip = await sharedClip();
      const [reader, editor] = order();
      await reader.readAgain(clip, OTHER);
      await editor.edit(clip, { description: 'Back gate' });
      await settleBoth();
      expect(await anna.state()).toMatchObject([{ model: OTHER, event: { description: 'Back gate' } }]);
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
      expect(await anna.state()).toMatchObject([{ model: kept }]);
      expect(described(ben)).toEqual(said);
    });

    it.each([
      ['delete', 'Anna deleted “Mine”. Your changes were not shared. Keep a copy?'],
      ['unshare', 'Anna stopped sharing “Mine”. Your changes were not shared. Keep a copy?'],
    ] as const)('lose a clip by %s although the other edited it, who keeps a copy', async (kind, said) => {
      const clip = await sharedClip();
      await anna.end(clip, kind);
      await ben.edit(clip, { description: 'Mine' });
      await settleBoth();
      expect(await anna.state()).toEqual([]);
      expect(described(ben)).toEqual([said]);
      expect(await ben.own()).toMatchObject([{ event: { description: 'Mine' } }]);
      expect((await ben.own()).map((own) => own.clip)).not.toContain(clip);
    });

    it.each([
      ['delete', 'Anna deleted “Gate”. It stays on this computer, which has its video. Keep it?'],
      ['unshare', 'Anna stopped sharing “Gate”. It stays on this computer, which has its video. Keep it?'],
    ] as const)('keep a clip by %s where its video is, unshared', async (kind, said) => {
      const clip = await sharedClip();
      await ben.keepVideo(clip);
      await ben.sync();
      await anna.end(clip, kind);
      await settleBoth();
      expect(await anna.state()).toEqual([]);
      expect(described(ben)).toEqual([said]);
      expect((await ben.own()).map((own) => own.clip)).toEqual([clip]);
      // Told once.
      await ben.sync();
      expect(ben.notices).toHaveLength(1);
    });

    it('lose a clip that one deleted although the other edited it first', async () => {
      const clip = await sharedClip();
      await anna.edit(clip, { description: 'Back gate' });
      await ben.end(clip, 'delete');
      await settleBoth();
      expect(await anna.state()).toEqual([]);
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
      await anna.edit(clip, { description: 'a' });
      await anna.edit(clip, { description: 'b' });
      await anna.sync();
      await anna.sync();
      expect((await clients[0]!.changes(0)).next).toBe(2);
      expect(await anna.pending()).toEqual([]);
    });

    it('keeps its later edit where the answer to an earlier one was lost', async () => {
      const clip = await sharedClip();
      await anna.edit(clip, { description: 'first' });
      const lost = clientOf(0, async (request) => {
        await test.server.fetch(request);
        throw new TypeError('fetch failed');
      });
      await expect(anna.sync(lost)).rejects.toThrow('fetch failed');
      await anna.edit(clip, { description: 'second' });
      await settleBoth();
      expect((await eventOf(ben, clip))?.description).toBe('second');
      expect(anna.notices).toEqual([]);
    });

    it('sends a change under another revision where pages of this one are others', async () => {
      const clip = await anna.add('Gate');
      const [{ revision }] = (await anna.pending()) as [PendingChange];
      const { event, details, digest } = (await anna.find(clip))!;
      const begun = { kind: 'rows', base: null, frames: 2, pictures: 0, event, details, digest } as const;
      await clients[0]!.putRevision(clip, revision, begun);
      await clients[0]!.putRows(clip, revision, 0, [madeRow(0), madeRow(1)]);
      await settleBoth();
      expect(await ben.state()).toMatchObject([{ clip }]);
      expect(await anna.pending()).toEqual([]);
    });

    it('goes on with the others where a library does not take one clip', async () => {
      const bad = await anna.add('Bad');
      const good = await anna.add('Good');
      const refusing = clientOf(0, (request) =>
        request.url.includes(bad)
          ? Promise.resolve(
              Response.json({ type: 'bad-row', title: '', status: 422, detail: 'No.' }, { status: 422 }),
            )
          : test.server.fetch(request),
      );
      await expect(anna.sync(refusing)).rejects.toThrow('No.');
      expect((await anna.pending()).map(({ clip }) => clip)).toEqual([bad]);
      await ben.sync();
      expect(await ben.visible()).toEqual([good]);
    });

    it('sends again what a library lacks that was restored from a backup', async () => {
      const clip = await sharedClip();
      await empty();
      await announceRestoredOf(yard);
      await settleBoth();
      expect(await ben.state()).toMatchObject([{ clip }]);
      expect((await clients[0]!.changes(0)).changes).toMatchObject([{ clip, state: 'live' }]);
    });

    it('compares everything where it has missed something', async () => {
      const clip = await sharedClip();
      await ben.lose();
      await ben.sync();
      expect((await eventOf(ben, clip))?.description).toBe('Gate');
    });
  });

  describe('four devices', () => {
    it(
      'are equal in the end, whatever each did in which order and whichever line broke',
      async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
            await empty();
            const devices = await Promise.all(clients.map((_, index) => open(index)));
            let count = 0;
            for (const { device: index, does, clip: at, cut } of steps) {
              const device = devices[index]!;
              const clip = (await device.visible())[at];
              count += 1;
              if (does === 'sync')
                await device.sync(cut ? brokenLine(index, cut) : undefined).catch(ignoreCut);
              else if (does === 'add') await device.add(`clip ${count}`, undefined, 1);
              else if (clip === undefined) continue;
              else if (does === 'edit')
                await device.edit(clip, { smart_detection_type: count % 2 ? 'person' : 'animal' });
              else if (does === 'name') await device.edit(clip, { description: `name ${count}` });
              else if (does === 'read') await device.readAgain(clip, count % 2 ? OURS : OTHER);
              else await device.end(clip, does);
            }
            for (let round = 0; round < 2; round += 1) for (const device of devices) await device.sync();
            const [first, ...others] = await Promise.all(devices.map((one) => one.state()));
            for (const other of others) expect(other).toEqual(first);
            expect(
              (await clients[0]!.changes(0)).changes.filter(({ state }) => state === 'live'),
            ).toHaveLength(first!.length);
          }),
          { numRuns: runs },
        );
      },
      60_000 + runs * 10_000,
    );
  });
});

describe('the page’s database', () => {
  let anna: DatabaseDevice;
  let ben: DatabaseDevice;

  beforeEach(async () => {
    await empty();
    [anna, ben] = await Promise.all([
      DatabaseDevice.open(clients[0]!, OURS, databases[0]),
      DatabaseDevice.open(clients[1]!, OURS, databases[1]),
    ]);
    databases.splice(0, 2, anna, ben);
  }, 60_000);

  /** Everything has its files, and nothing else is there. */
  const SOUND = { orphanFiles: [], missingFiles: [], wrongRows: [] };

  async function settleBoth(): Promise<void> {
    for (const device of [anna, ben, anna]) await device.sync();
    expect(await ben.state()).toEqual(await anna.state());
    for (const { verbs } of [anna, ben]) expect(await verbs.scan()).toEqual(SOUND);
  }

  it('gets a clip with its pictures and counts, and with fewer ones after it was read again', async () => {
    const clip = await anna.add('Gate', undefined, 3);
    await settleBoth();
    expect(await ben.pictures(clip)).toEqual(await anna.pictures(clip));
    expect(await ben.pictures(clip)).toHaveLength(3);
    const [summary] = await ben.verbs.listClips();
    expect(summary).toMatchObject({
      fileName: 'gate.mp4',
      sourceType: 'upload',
      ingestState: 'done',
      frameCount: 3,
      embeddingCounts: { [OURS]: 3 },
    });
    await ben.readAgain(clip, OURS);
    await settleBoth();
    expect(await anna.pictures(clip)).toEqual(await ben.pictures(clip));
  });

  it('gets a clip of several pages, and leaves nothing beside it', async () => {
    await anna.add('Gate', undefined, 1001);
    await settleBoth();
    const [summary] = await ben.verbs.listClips();
    expect(summary).toMatchObject({ frameCount: 1001, embeddingCounts: { [OURS]: 1001 } });
    const [clip] = await ben.visible();
    expect(await ben.pictures(clip!)).toEqual(await anna.pictures(clip!));
  });

  it('reads a clip again of which a part was swept up while it came', async () => {
    await anna.add('Gate', undefined, 501);
    await anna.sync();
    const swept = clientOf(1, async (request) => {
      if (request.url.includes('frames=501')) await ben.verbs.removeOrphanFiles();
      return test.server.fetch(request);
    });
    await expect(ben.sync(swept)).rejects.toThrow('A part of the clip that came is not here any more.');
    expect(await ben.verbs.listClips()).toEqual([]);
    await settleBoth();
  });

  it('does not show a clip before all of it is there, nor move on without it', async () => {
    await anna.add('Gate');
    await anna.sync();
    const cut = clientOf(1, async (request) => {
      if (request.url.includes('/pictures')) throw new TypeError('fetch failed');
      return test.server.fetch(request);
    });
    await expect(ben.sync(cut)).rejects.toThrow('fetch failed');
    expect(await ben.verbs.listClips()).toEqual([]);
    await settleBoth();
    expect(await ben.state()).toHaveLength(1);
  });

  it('removes rows and files of a clip that another deleted', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    await anna.end(clip, 'delete');
    await settleBoth();
    expect(await ben.verbs.listClips()).toEqual([]);
    expect(await ben.files.listClipIds()).toEqual([]);
  });

  it('keeps a clip that it stopped sharing, also where the answer was lost', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    await anna.end(clip, 'unshare');
    const lost = clientOf(0, async (request) => {
      await test.server.fetch(request);
      throw new TypeError('fetch failed');
    });
    await expect(anna.sync(lost)).rejects.toThrow('fetch failed');
    await settleBoth();
    expect((await anna.verbs.listClips()).map(({ id }) => id)).toEqual([clip]);
    expect(await ben.verbs.listClips()).toEqual([]);
    await anna.sharing.shareClips('yard', [clip]);
    await settleBoth();
    expect(await ben.state()).toMatchObject([{ clip }]);
  });

  it('sends a clip once it is read, and its text while it is read again', async () => {
    const clip = await anna.add('Gate');
    await anna.verbs.updateClip(clip, { ingestState: 'running' });
    expect(await anna.pending()).toEqual([]);
    await anna.verbs.updateClip(clip, { ingestState: 'done' });
    await settleBoth();
    await anna.verbs.updateClip(clip, { ingestState: 'running', description: 'Back gate' });
    expect(await anna.pending()).toMatchObject([{ clip, kind: 'edit' }]);
    await anna.verbs.updateClip(clip, { ingestState: 'done' });
    expect(await anna.pending()).toMatchObject([{ clip, kind: 'edit' }]);
  });

  it('notes no change that was not stored', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    await expect(anna.verbs.updateClip(clip, { description: 'a\u0000b' })).rejects.toThrow();
    expect(await anna.pending()).toEqual([]);
  });

  it('keeps pictures and file of a clip that others deleted while it was changed here', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    const file = new File(['a video'], 'gate.mp4');
    const videoPath = await ben.files.storeClipFile(clip, file);
    await ben.verbs.updateClip(clip, { videoPath });
    const pictures = await ben.pictures(clip);
    await anna.end(clip, 'delete');
    await ben.edit(clip, { description: 'Mine' });
    await settleBoth();
    const [copy] = await ben.verbs.listClips();
    expect(copy).toMatchObject({ description: 'Mine', frameCount: 2, embeddingCounts: { [OURS]: 2 } });
    expect(await ben.pictures(copy!.id)).toEqual(pictures);
    expect(await (await ben.files.readClipFile(copy!.videoPath!))!.text()).toBe('a video');
    expect(await ben.sharing.listNotices()).toMatchObject([{ notice: { kind: 'deleted', copy: copy!.id } }]);
  });

  it('joins a clip that it has already, and keeps its own version where that is another', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    for (const description of ['Gate', 'My gate']) {
      await ben.sharing.forgetLibrary('yard');
      await ben.edit(clip, { description });
      await ben.join();
      await settleBoth();
      expect((await ben.own()).map(({ event }) => event.description)).toEqual(
        description === 'Gate' ? [] : ['My gate'],
      );
    }
  });

  it('does not send what it may only read', async () => {
    const clip = await anna.add('Gate');
    await settleBoth();
    await ben.join('read');
    await ben.edit(clip, { description: 'Mine' });
    await ben.end(clip, 'delete');
    expect(await ben.pending()).toEqual([]);
    await ben.sync();
    await expect(ben.sharing.shareClips('yard', [clip])).rejects.toThrow('may only read');
  });
});

function clientOf(device: number, send: Send): LibraryClient {
  return new LibraryClient(send, { server: SERVER, workspace: yard.id, token: tokens[device]! });
}

async function announceRestoredOf({ id }: Workspace): Promise<void> {
  await test.administer((administration) => announceRestored(administration.client, id));
}

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
