import { beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_STATE } from '@/lib/protocol/digests';
import type { SharedLibrary, Sharing } from '@/lib/ports/sharing';
import type { Remote } from '@/lib/rpc/remote';
import type { Send } from '@/lib/sync/library-client';
import { sendOver } from '@/lib/sync/send';
import { SyncRunner } from '@/lib/sync/sync-runner';
import type { SyncStatuses } from '@/lib/sync/sync-status';
import { madeLibrary } from '../../support/shared-library';

const libraryNamed = (id: string) =>
  madeLibrary({ id, server: `https://${id}.example`, name: id, token: `fsl_${id}` });

const NO_NEWS = { epoch: 'e', changes: [], next: 0, more: false, state: EMPTY_STATE };
const problem = (status: number, type: string, headers = {}) =>
  Response.json({ type, title: '', status, detail: `It says ${type}.` }, { status, headers });

let libraries: SharedLibrary[];
let nowMs: number;
let asked: string[];
let notedTimes: number;
let told: SyncStatuses[];
let answer: (request: Request, signal: AbortSignal) => Response | Promise<Response>;
let runner: SyncRunner;

beforeEach(() => {
  libraries = [libraryNamed('yard')];
  nowMs = 1_000_000;
  asked = [];
  notedTimes = 0;
  told = [];
  answer = () => Response.json(NO_NEWS);
  const sharing: Partial<Remote<Sharing>> = {
    libraries: () => Promise.resolve(libraries),
    pendingChanges: () => Promise.resolve([]),
    knownClips: () => Promise.resolve([]),
    awayClips: () => Promise.resolve([]),
    moveTo: () => Promise.resolve(),
    setLibrary: () => {
      notedTimes += 1;
      return Promise.resolve();
    },
  };
  const send =
    (signal: AbortSignal): Send =>
    async (request) => {
      asked.push(new URL(request.url).hostname);
      return answer(request, signal);
    };
  runner = new SyncRunner({
    sharing: sharing as Remote<Sharing>,
    send,
    now: () => nowMs,
    random: () => 1,
    newId: () => 'an id',
    publish: (statuses) => told.push(statuses),
  });
});

const look = (isForced = false) => runner.look({ isForced });

describe('the runner', () => {
  it('asks once where nothing is new, and notes the time at most once a minute', async () => {
    for (let poll = 0; poll < 5; poll += 1) {
      await look();
      nowMs += 10_000;
    }
    expect(asked).toHaveLength(5);
    expect(runner.statuses.yard).toEqual({ state: 'done', at: 1_040_000 });
    expect(notedTimes).toBe(1);
  });

  it('leaves a server that is away alone for longer each time, unless a person asks', async () => {
    answer = () => problem(503, 'away');
    await look();
    expect(runner.statuses.yard).toEqual({ state: 'away', message: 'It says away.', retryAt: 1_001_000 });
    await look();
    expect(asked).toHaveLength(1);
    nowMs += 1_001;
    await look();
    expect(runner.statuses.yard).toMatchObject({ retryAt: nowMs + 2_000 });
    await look(true);
    expect(asked).toHaveLength(3);
    answer = () => Response.json(NO_NEWS);
    await look(true);
    expect(runner.statuses.yard).toMatchObject({ state: 'done' });
  });

  it('waits as long as a server says', async () => {
    answer = () => problem(429, 'slow-down', { 'Retry-After': '90' });
    await look();
    expect(runner.statuses.yard).toMatchObject({ state: 'away', retryAt: nowMs + 90_000 });
  });

  it('does not ask again where it was refused, until a person does', async () => {
    answer = () => problem(401, 'token-refused');
    await look();
    expect(runner.statuses.yard).toEqual({ state: 'failed', message: 'It says token-refused.' });
    nowMs += 3_600_000;
    await look();
    expect(asked).toHaveLength(1);
    await look(true);
    expect(asked).toHaveLength(2);
  });

  it('syncs one library although another is away, and none that was stopped', async () => {
    libraries = [libraryNamed('away'), libraryNamed('yard'), { ...libraryNamed('stopped'), isPaused: true }];
    answer = ({ url }) => (url.includes('away') ? problem(503, 'away') : Response.json(NO_NEWS));
    await look();
    expect(asked).toEqual(['away.example', 'yard.example']);
    expect(runner.statuses).toMatchObject({
      away: { state: 'away' },
      yard: { state: 'done' },
      stopped: { state: 'waiting' },
    });
  });

  it('stops what is under way, and says that it waits', async () => {
    answer = (request, signal) => {
      runner.stop('yard');
      return sendOver(() => Promise.reject(new TypeError('aborted')), signal)(request);
    };
    await look();
    expect(runner.statuses.yard).toEqual({ state: 'waiting' });
  });

  it('looks once more for what was asked for meanwhile, not once for each', async () => {
    answer = () => {
      if (asked.length === 1) for (let i = 0; i < 3; i += 1) void look();
      return Response.json(NO_NEWS);
    };
    await look();
    expect(asked).toHaveLength(2);
  });

  it('forgets what it knew of a library that was left', async () => {
    await look();
    libraries = [];
    await look();
    expect(runner.statuses).toEqual({});
    expect(told.at(-1)).toEqual({});
  });
});

describe('what sends requests', () => {
  const request = () => new Request('https://yard.example/library/v1/');

  it('says that a server does not answer, as something that passes', async () => {
    const send = sendOver(
      () => Promise.reject(new TypeError('Failed to fetch')),
      new AbortController().signal,
    );
    await expect(send(request())).rejects.toMatchObject({
      code: 'file-unavailable',
      transient: true,
      message: 'yard.example does not answer. What you change is kept and sent when it does.',
    });
  });

  it('sends no cookies and follows no redirection', async () => {
    let given: RequestInit | undefined;
    const send = sendOver((_, init) => {
      given = init;
      return Promise.resolve(new Response());
    }, new AbortController().signal);
    await send(request());
    expect(given).toMatchObject({ redirect: 'error', credentials: 'omit' });
  });

  it('ends a request that is stopped, as one that was called off', async () => {
    const controller = new AbortController();
    const send = sendOver((_, init) => {
      controller.abort();
      return Promise.reject(init!.signal!.reason as Error);
    }, controller.signal);
    await expect(send(request())).rejects.toMatchObject({ code: 'cancelled' });
  });
});
