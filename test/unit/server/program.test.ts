import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInvitation } from '@/lib/protocol/invitation';
import { openLibraryServer } from '@/lib/server/open-server';
import { readSettings } from '@/lib/server/settings';
import { joinLibrary, LibraryClient } from '@/lib/sync/library-client';
import { pushClip } from '@/lib/sync/push-clip';
import { libraryProgram } from '@/scripts/library/program';
import { serveLibrary } from '@/scripts/library/serve';
import { makeClip, startTestServer, type TestServer } from '../../support/library-server';

let test: TestServer;

beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

/** The lines that a command prints. */
async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const stop = new AbortController();
  const program = libraryProgram({
    settings: test.settings,
    print: (line) => lines.push(line),
    now: () => test.clock.now,
    serve: (listen) =>
      serveLibrary(openLibraryServer(test.settings), {
        ...listen,
        signal: stop.signal,
        onListening: (port) => {
          lines.push(`listening on ${port}`);
          stop.abort();
        },
      }),
  });
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeErr: () => undefined });
  await program.parseAsync(args, { from: 'user' });
  return lines;
}

describe('npm run library', () => {
  it('makes a library, lets a device in, lists it and takes it off again', async () => {
    expect((await run('init', 'Yard')).join()).toMatch(/^“Yard” is ready \([0-9a-f]{16}\)/);
    const [link, terms] = await run('invite', 'Yard', '--page', 'https://clips.example/', '--expires', '2h');
    expect(terms).toMatch(/^Lets one device write, until /);
    const { origin, hash } = new URL(link!);
    expect(origin).toBe('https://clips.example');
    const invitation = readInvitation(hash.slice('#join='.length));
    const joined = await joinLibrary(test.server.fetch, invitation, { id: 'd1', name: 'Anna’s laptop' });
    expect(joined).toMatchObject({ name: 'Yard', scope: 'write' });
    const client = new LibraryClient(test.server.fetch, { ...invitation, ...joined });
    await pushClip(client, await makeClip());

    expect(await run('list', 'Yard')).toEqual([
      `d1  Anna’s laptop, write, last seen ${test.clock.now.toISOString()}`,
    ]);
    expect((await run('list')).join()).toMatch(/^Yard \([0-9a-f]{16}\): 1 clips, 3 frames, .*, change 1$/);
    await run('revoke', 'Yard', 'd1');
    await expect(client.changes(0)).rejects.toMatchObject({ problem: { status: 401 } });
    expect((await run('list', 'Yard')).join()).toContain('revoked');
  });

  it('keeps a library that is made again', async () => {
    const made = await run('init', 'Roof');
    expect(await run('init', 'Roof', '--frames', '10')).toEqual(made);
    expect(await run('migrate')).toContain('Roof: up to date');
  });

  it('tells a library that is whole from one that is not, and a restored one to all devices', async () => {
    const workspace = await test.makeWorkspace('Shed');
    const { client } = await test.makeDevice(workspace);
    const clip = await makeClip();
    await pushClip(client, clip);
    const { epoch } = await client.changes(0);
    expect(await run('check', 'Shed')).toEqual(['“Shed” is whole: 1 clips, 3 frames.']);
    expect((await client.changes(0)).epoch).toBe(epoch);
    await run('check', 'Shed', '--restored');
    expect((await client.changes(0)).epoch).not.toBe(epoch);
    await test.queryAsOwner(workspace, 'delete from frame_embeddings where frame_index = 1');
    await expect(run('check', 'Shed')).rejects.toThrow('“Shed” is damaged in 1 places.');
    await test.queryAsOwner(workspace, `update clock set state = ~state`);
    await expect(run('check', 'Shed')).rejects.toThrow('“Shed” is damaged in 2 places.');
  });

  it('freezes a library, which can be read then and not changed, and thaws it', async () => {
    const workspace = await test.makeWorkspace('Porch');
    const { client } = await test.makeDevice(workspace);
    await pushClip(client, await makeClip());
    expect((await run('freeze', 'Porch')).join()).toContain('“Porch” is frozen');
    const frozen = { problem: { type: 'frozen', status: 503 } };
    await expect(pushClip(client, await makeClip())).rejects.toMatchObject(frozen);
    expect((await client.changes(0)).changes).toHaveLength(1);
    // Another device may come to read, and an update thaws nothing.
    await test.makeDevice(workspace, { scope: 'read' });
    await run('migrate');
    expect((await run('list')).join('\n')).toMatch(/^Porch .*, frozen$/m);
    await expect(pushClip(client, await makeClip())).rejects.toMatchObject(frozen);
    await run('thaw', 'Porch');
    await pushClip(client, await makeClip());
    expect((await client.changes(0)).changes).toHaveLength(2);
    expect(await run('check', 'Porch')).toEqual(['“Porch” is whole: 2 clips, 6 frames.']);
  });

  it('waits for a change that is under way before a library counts as frozen', async () => {
    const workspace = await test.makeWorkspace('Attic');
    await test.queryAsOwner(workspace, 'begin');
    await test.queryAsOwner(workspace, 'update clock set one = one');
    let isFrozen = false;
    const freezing = run('freeze', 'Attic').then(() => (isFrozen = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isFrozen).toBe(false);
    await test.queryAsOwner(workspace, 'commit');
    await freezing;
  });

  it('serves until it is stopped', async () => {
    expect((await run('serve', '--port', '0')).join()).toMatch(/^listening on [1-9]\d+$/);
  });

  it.each([
    [['invite', 'Nowhere', '--page', 'https://clips.example'], /There is no library called “Nowhere”/],
    [['invite', 'Yard', '--page', 'clips'], /must be an address/],
    [
      ['invite', 'Yard', '--page', 'https://a.example', '--expires', 'soon'],
      /must be a number with m, h or d/,
    ],
    [['invite', 'Yard', '--page', 'https://a.example', '--uses', '0'], /must be a whole number from 1 up/],
    [['revoke', 'Yard', 'd9'], /No device d9 is let into “Yard”/],
    [['init', 'Cellar', '--citus'], /This database has no Citus/],
  ])('refuses %j with a sentence', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});

describe('the settings', () => {
  const FRAMESIFT_LIBRARY_SECRET = 's'.repeat(32);
  const FRAMESIFT_LIBRARY_URL = 'postgres://localhost/framesift';

  it('are none without an address', () => {
    expect(readSettings({ FRAMESIFT_LIBRARY_SECRET })).toBeNull();
  });

  it('take origins as pages have them', () => {
    const origins = 'https://a.example/page, http://localhost:3000';
    const settings = readSettings({
      FRAMESIFT_LIBRARY_URL,
      FRAMESIFT_LIBRARY_SECRET,
      FRAMESIFT_LIBRARY_ORIGINS: origins,
    });
    expect(settings?.origins).toEqual(['https://a.example', 'http://localhost:3000']);
  });

  it.each([
    [{ FRAMESIFT_LIBRARY_SECRET: 'short' }, /FRAMESIFT_LIBRARY_SECRET must have at least 32/],
    [{ FRAMESIFT_LIBRARY_ORIGINS: '*' }, /holds “\*”, which is no address of a page/],
  ])('are refused as %j', (changes, message) => {
    expect(() => readSettings({ FRAMESIFT_LIBRARY_URL, FRAMESIFT_LIBRARY_SECRET, ...changes })).toThrow(
      message,
    );
  });
});

describe('an invitation', () => {
  it.each(['', 'fsi_abc@https://a.example', `fsi_${'a'.repeat(43)}@file:///etc`, `fsi_${'a'.repeat(43)}`])(
    'is refused as “%s”',
    (text) => {
      expect(() => readInvitation(text)).toThrow('This invitation is cut off.');
    },
  );
});
