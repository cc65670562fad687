import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Workspace } from '@/lib/server/administration';
import { announceRestored } from '@/lib/server/inspect-workspace';
import { composeRequest } from '@/lib/ask/compose-request';
import type { EncodedQuestion, SearchOptions } from '@/lib/ports/search';
import { SearchService } from '@/lib/search/search-service';
import { decideHolding, MOST_FRAMES_COPIED } from '@/lib/sync/holding';
import type { LibraryClient } from '@/lib/sync/library-client';
import { poseQuestion, toCandidates } from '@/lib/sync/search-library';
import { DatabaseDevice } from '../../support/database-device';
import { MODEL, startTestServer, type TestServer } from '../../support/library-server';
import { MemoryDevice } from '../../support/sync-device';
import { randomEmbedding } from '../library/support';

let test: TestServer;
let yard: Workspace;
let clients: [LibraryClient, LibraryClient];
let anna: MemoryDevice;
let ben: DatabaseDevice | undefined;

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  const [forAnna, forBen] = [
    await test.makeDevice(yard, { name: 'Anna' }),
    await test.makeDevice(yard, { name: 'Ben' }),
  ];
  clients = [forAnna.client, forBen.client];
});
afterAll(async () => {
  await ben?.close();
  await test.stop();
  expect(test.faults).toEqual([]);
});

beforeEach(async () => {
  await test.queryAsOwner(
    yard,
    'truncate events, clips, revisions, pushes cascade; update clock set change_seq = 0, state = state # state',
  );
  anna = new MemoryDevice(clients[0], MODEL);
  ben = await DatabaseDevice.open(clients[1], MODEL, ben, 'list');
}, 60_000);

/** Clips as Ben’s page lists them. */
const listed = async () =>
  (await ben!.verbs.listClips()).map(({ id, description, frameCount, sharedIn }) => ({
    id,
    description,
    here: frameCount,
    there: sharedIn?.frames ?? null,
  }));

/** A clip of Anna’s that Ben has heard of. */
async function heardOf(frames = 3): Promise<string> {
  const clip = await anna.add('Gate', undefined, frames);
  await anna.sync();
  await ben!.sync();
  return clip;
}

describe('a library that is searched there', () => {
  it('has its clips in the list, and no rows here until one is opened', async () => {
    const clip = await heardOf();
    expect(await listed()).toEqual([{ id: clip, description: 'Gate', here: 0, there: 3 }]);
    expect(await ben!.openClip(clip)).toBe(true);
    expect(await listed()).toEqual([{ id: clip, description: 'Gate', here: 3, there: null }]);
    expect(await ben!.state()).toEqual(await anna.state());
    expect(await ben!.openClip(clip)).toBe(false);
    expect(await ben!.verbs.scan()).toMatchObject({
      missingFiles: expect.any(Array) as string[],
      wrongRows: [],
    });
  });

  it('is searched on the server, and answers as when all of it is here', async () => {
    const clips = [await heardOf(30), await heardOf(12), await heardOf(700)];
    const question: EncodedQuestion = {
      modelVersion: MODEL,
      alternatives: [
        [
          { weight: -1, embedding: randomEmbedding(1), isPicture: false },
          { weight: 1, embedding: randomEmbedding(2), isPicture: false },
        ],
        [{ weight: 2, embedding: randomEmbedding(3), isPicture: true }],
      ],
      calibration: null,
    };
    const posed = poseQuestion(question, null);
    const answer = await clients[1].search(posed.request);
    const candidates = [toCandidates(answer, posed, 'yard', 1)];
    const ask = async (options: SearchOptions) => {
      const request = composeRequest(await ben!.verbs.listClips(), { count: 16 });
      const { frames, ...rest } = await new SearchService({ source: ben!.verbs }).search(
        question,
        request,
        options,
      );
      return {
        frames: frames.map(({ clipId, frameIndex, timestampMs, span }) => ({
          clipId,
          frameIndex,
          timestampMs,
          span,
        })),
        searched: [rest.framesSearched, rest.clipsSearched, rest.isOfBestClips],
        verdict: rest.verdict?.kind,
      };
    };
    const there = await ask({ candidates });
    expect(there.searched).toEqual([742, 3, false]);
    expect(there.frames).toHaveLength(16);
    for (const clip of clips) await ben!.openClip(clip);
    expect(await ask({})).toEqual(there);
  });

  it('asks for nothing more once it is listed', async () => {
    await heardOf();
    let requests = 0;
    const counting: LibraryClient = Object.create(clients[1], {
      changes: {
        value: (after: number) => {
          requests += 1;
          return clients[1].changes(after);
        },
      },
    }) as LibraryClient;
    await ben!.sync(counting);
    expect(requests).toBe(1);
  });

  it('shares a new name of a clip whose rows are there alone, and keeps them', async () => {
    const clip = await heardOf();
    await ben!.edit(clip, { description: 'Back gate' });
    expect(await ben!.pending()).toMatchObject([{ kind: 'edit' }]);
    await ben!.sync();
    await anna.sync();
    expect(await anna.state()).toMatchObject([{ event: { description: 'Back gate' } }]);
    expect(await listed()).toMatchObject([{ description: 'Back gate', here: 0, there: 3 }]);
    expect(await test.queryAsOwner(yard, 'select count(*)::int as n from frame_embeddings')).toEqual([
      { n: 3 },
    ]);
  });

  it('follows a clip that is read again: the list, or the rows where they are here', async () => {
    const [closed, opened] = [await heardOf(), await heardOf()];
    await ben!.openClip(opened);
    for (const clip of [closed, opened]) await anna.readAgain(clip, 'another');
    await anna.sync();
    await ben!.sync();
    const clips = await listed();
    expect(clips.find(({ id }) => id === closed)).toMatchObject({ here: 0, there: 3 });
    expect(clips.find(({ id }) => id === opened)).toMatchObject({ here: 3, there: null });
    await ben!.openClip(closed);
    expect(await ben!.state()).toEqual(await anna.state());
  });

  it('loses a clip that others delete, and deletes one for all', async () => {
    const [first, second] = [await heardOf(), await heardOf()];
    await anna.end(first, 'delete');
    await anna.sync();
    await ben!.sync();
    expect((await listed()).map(({ id }) => id)).toEqual([second]);
    await ben!.end(second, 'delete');
    await ben!.sync();
    await anna.sync();
    expect(await anna.state()).toEqual([]);
  });

  it('takes rows of a revision that was replaced meanwhile for none', async () => {
    const clip = await heardOf();
    await anna.readAgain(clip, 'another');
    await anna.sync();
    await ben!.openClip(clip);
    expect(await listed()).toMatchObject([{ here: 0, there: 3 }]);
    await ben!.sync();
    await ben!.openClip(clip);
    expect(await ben!.state()).toEqual(await anna.state());
  });

  it('does not give back what it has lost, since nothing of that is here', async () => {
    const clip = await heardOf();
    await test.queryAsOwner(yard, 'truncate events, clips, revisions cascade');
    await test.administer((administration) => announceRestored(administration.client, yard.id));
    await ben!.sync();
    expect(await listed()).toEqual([]);
    expect(await test.queryAsOwner(yard, 'select event_id from clips')).toEqual([]);
    expect(clip).not.toBe('');
  });

  it('takes its list along when this browser leaves, and not what was opened', async () => {
    const [, opened] = [await heardOf(), await heardOf()];
    await ben!.openClip(opened);
    await ben!.sharing.forgetLibrary('yard');
    expect(await listed()).toEqual([{ id: opened, description: 'Gate', here: 3, there: null }]);
  });
});

describe('a library that was copied', () => {
  it('lets go of what came from it, and gives it back when a clip is opened', async () => {
    ben = await DatabaseDevice.open(clients[1], MODEL, ben, 'copies');
    const clip = await heardOf();
    const own = await ben.add('Door');
    const filmed = await heardOf();
    await ben.keepVideo(filmed);
    await ben.sync();
    await ben.sharing.setLibrary('yard', { holding: 'list' });
    expect(await ben.sharing.letRowsGo('yard')).toBe(1);
    const clips = await listed();
    expect(clips.find(({ id }) => id === clip)).toMatchObject({ here: 0, there: 3 });
    // What was read here may be nowhere else once others delete it.
    for (const kept of [own, filmed]) expect(clips.find(({ id }) => id === kept)?.here).toBeGreaterThan(0);
    expect(await ben.sharing.letRowsGo('yard')).toBe(0);
    await ben.openClip(clip);
    await anna.sync();
    expect(await ben.state()).toEqual(await anna.state());
    expect(await ben.pending()).toEqual([]);
  });

  it('keeps a change that was not sent yet', async () => {
    ben = await DatabaseDevice.open(clients[1], MODEL, ben, 'copies');
    const clip = await heardOf();
    await ben.edit(clip, { description: 'Back gate' });
    await ben.sharing.setLibrary('yard', { holding: 'list' });
    expect(await ben.sharing.letRowsGo('yard')).toBe(0);
    expect(await listed()).toMatchObject([{ description: 'Back gate', here: 3 }]);
  });
});

describe('decideHolding', () => {
  it.each([
    ['copies', [[3], [4]]],
    ['copies', [[MOST_FRAMES_COPIED]]],
    ['list', [[MOST_FRAMES_COPIED], [1], [1]]],
  ])('is %s of pages of %j frames', async (holding, pages) => {
    let asked = 0;
    const client = {
      changes: (after: number) => {
        asked += 1;
        return Promise.resolve({
          epoch: 'e',
          state: '',
          changes: pages[after]!.map((frames) => ({ state: 'live', frames })),
          next: after + 1,
          more: after + 1 < pages.length,
        } as unknown as Awaited<ReturnType<LibraryClient['changes']>>);
      },
    };
    expect(await decideHolding(client)).toBe(holding);
    // What is large enough needs no counting.
    expect(asked).toBe(Math.min(pages.length, 2));
  });
});
