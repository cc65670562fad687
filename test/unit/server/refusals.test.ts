import { gunzipSync, gzipSync } from 'node:zlib';
import { WORKSPACE_VERSION } from '@/lib/server/schema-version';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProblemAnswer } from '@/lib/protocol/clips';
import { contentDigest } from '@/lib/protocol/digests';
import { API_PATH } from '@/lib/protocol/limits';
import { packPictures } from '@/lib/protocol/pictures';
import { writePage } from '@/lib/protocol/rows';
import type { Workspace } from '@/lib/server/administration';
import { openLibraryServer } from '@/lib/server/open-server';
import { RateLimiter } from '@/lib/server/rate-limit';
import { pushClip } from '@/lib/sync/push-clip';
import {
  madePicture,
  madeRow,
  makeClip,
  SERVER,
  startTestServer,
  type TestDevice,
  type TestServer,
} from '../../support/library-server';

let test: TestServer;
let yard: Workspace;
let anna: TestDevice;
/** A change that has been begun and may take pages. */
let begun: Awaited<ReturnType<typeof makeClip>>;

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  anna = await test.makeDevice(yard);
  begun = await makeClip();
  await anna.client.putRevision(begun.clip, begun.revision, begun.request);
});
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});

interface Asked {
  method?: string;
  token?: string | null;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** Sends a request to a path below `/library/v1`, with Anna's token. */
function ask(
  path: string,
  { method = 'GET', token = anna.token, headers = {}, body }: Asked = {},
  server = test.server,
) {
  const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
  return server.fetch(
    new Request(SERVER + API_PATH + path, {
      method,
      headers: { ...authorization, ...headers },
      ...(body !== undefined && { body }),
    }),
  );
}

async function problemOf(response: Response): Promise<ProblemAnswer> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = (await response.json()) as ProblemAnswer;
  expect(problem.status).toBe(response.status);
  return problem;
}

const bytesOf = (content: string | Buffer) => new Uint8Array(Buffer.from(content));

/** A page of rows as it should come, with what a case changes of it. */
async function putRows(content: string | Buffer, { page = 0, headers = {}, isPacked = true } = {}) {
  const body = isPacked ? bytesOf(gzipSync(content)) : bytesOf(content);
  return ask(`/w/${yard.id}/clips/${begun.clip}/revisions/${begun.revision}/rows/${page}`, {
    method: 'PUT',
    headers: {
      'Content-Type': 'application/x-ndjson',
      'Content-Encoding': 'gzip',
      'Content-Digest': await contentDigest(body),
      ...headers,
    },
    body,
  });
}

async function putPictures(body: Uint8Array<ArrayBuffer>, page = 0) {
  return ask(`/w/${yard.id}/clips/${begun.clip}/revisions/${begun.revision}/pictures/${page}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream', 'Content-Digest': await contentDigest(body) },
    body,
  });
}

/** A made row as its line, with some of its members replaced. */
function line(changes: Record<string, unknown> = {}, frameIndex = 0): string {
  return JSON.stringify({ ...(JSON.parse(writePage([madeRow(frameIndex)])) as object), ...changes }) + '\n';
}

/** A vector's text with one number replaced. */
function vectorWith(number: string): string {
  return madeRow(0).vector!.json.replace(/\[[^,]*,/, `[${number},`);
}

const rowsThere = () =>
  test.queryAsOwner(
    yard,
    'select (select count(*) from push_rows) + (select count(*) from push_pages) as count',
  );

describe('a page of rows', () => {
  it.each([
    [
      '501 rows',
      () => Array.from({ length: 501 }, (_, i) => line({}, i)).join(''),
      413,
      'too-many-rows',
      501,
    ],
    ['a line over 16 KiB', () => line({ m: 'x'.repeat(17_000) }), 413, 'line-too-long', 1],
    ['NaN in a vector', () => line({ e: vectorWith('NaN') }), 422, 'bad-row', 1],
    ['1e999 in a vector', () => line({ e: vectorWith('1e999') }), 422, 'bad-row', 1],
    ['511 numbers', () => line({ e: madeRow(0).vector!.json.replace(/\[[^,]*,/, '[') }), 422, 'bad-row', 1],
    ['a vector of another length', () => line({ e: vectorWith('0.9') }), 422, 'bad-row', 1],
    ['a vector that is no text', () => line({ e: [1] }), 422, 'bad-row', 1],
    ['no JSON', () => `${line()}{"i":`, 422, 'bad-row', 2],
    ['no UTF-8', () => Buffer.from([0x7b, 0xff, 0x7d]), 422, 'bad-row', 1],
    ['a frame twice', () => line() + line(), 422, 'bad-row', 2],
    ['a frame of another page', () => line({}, 500), 422, 'bad-row', 1],
    ['a frame below 0', () => line({ i: -1 }), 422, 'bad-row', 1],
    ['an id that is none', () => line({ f: `x'; drop table events` }), 422, 'bad-row', 1],
    ['a time that is none', () => line({ at: 'yesterday' }), 422, 'bad-row', 1],
    ['a span that ends before it begins', () => line({ s: [5, 1] }), 422, 'bad-row', 1],
    ['half of a vector', () => line({ m: undefined }), 422, 'bad-row', 1],
    ['a name that nobody knows', () => line({ z: 1 }), 422, 'bad-row', 1],
    ['NUL in the model’s name', () => line({ m: 'a\u0000b' }), 422, 'bad-row', 1],
  ] as const)('with %s is refused, and nothing of it is stored', async (_, make, status, type, where) => {
    const before = await rowsThere();
    expect(await problemOf(await putRows(make()))).toMatchObject({ status, type, line: where });
    expect(await rowsThere()).toEqual(before);
  });

  it('that unpacks to more than 8 MiB is refused before it is unpacked', async () => {
    const bomb = Buffer.alloc(64 * 1024 * 1024);
    expect(await problemOf(await putRows(bomb))).toMatchObject({ status: 413, type: 'body-too-large' });
  });

  it('over 4 MiB is refused, whatever it says of its length', async () => {
    const body = new Uint8Array(4 * 1024 * 1024 + 1);
    const path = `/w/${yard.id}/clips/${begun.clip}/revisions/${begun.revision}/rows/0`;
    const headers = { 'Content-Type': 'application/x-ndjson' };
    for (const length of [{}, { 'Content-Length': String(body.length) }]) {
      const answer = await ask(path, { method: 'PUT', headers: { ...headers, ...length }, body });
      expect(await problemOf(answer)).toMatchObject({ status: 413, type: 'body-too-large' });
    }
  });

  it.each([
    [
      'another digest',
      { headers: { 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` } },
      400,
      'wrong-digest',
    ],
    ['no digest', { headers: { 'Content-Digest': '' } }, 400, 'wrong-digest'],
    ['content that is not gzip', { isPacked: false }, 400, 'not-gzip'],
    ['another encoding', { headers: { 'Content-Encoding': 'br' } }, 400, 'not-gzip'],
    ['another media type', { headers: { 'Content-Type': 'text/plain' } }, 415, 'media-type'],
    ['a page that is no number', { page: NaN }, 422, 'bad-request'],
  ])('with %s is refused', async (_, options, status, type) => {
    expect(await problemOf(await putRows(line(), options))).toMatchObject({ status, type });
  });

  it('of a change that was not begun is refused', async () => {
    const other = await makeClip();
    await expect(anna.client.putRows(other.clip, other.revision, 0, other.rows)).rejects.toMatchObject({
      problem: { type: 'unknown', status: 404 },
    });
  });
});

describe('a page of pictures', () => {
  it.each([
    ['cut off', () => packPictures([madePicture(1)]).slice(0, -1), 422, 'bad-picture'],
    ['shorter than a header', () => new Uint8Array(3), 422, 'bad-picture'],
    [
      'of something else',
      () => packPictures([{ frameNumber: 1, bytes: bytesOf('<svg>') }]),
      422,
      'bad-picture',
    ],
    [
      'of 501',
      () => packPictures(Array.from({ length: 501 }, (_, i) => madePicture(i + 1))),
      413,
      'too-many-rows',
    ],
    ['with one twice', () => packPictures([madePicture(1), madePicture(1)]), 422, 'bad-picture'],
    ['of frame 0', () => packPictures([madePicture(0)]), 422, 'bad-picture'],
  ] as const)('%s is refused', async (_, make, status, type) => {
    expect(await problemOf(await putPictures(make()))).toMatchObject({ status, type });
  });
});

describe('a picture', () => {
  it('that came in another page is refused', async () => {
    expect((await putPictures(packPictures([madePicture(1)]))).status).toBe(204);
    const again = await putPictures(packPictures([madePicture(1), madePicture(2)]), 1);
    expect(await problemOf(again)).toMatchObject({ status: 422, type: 'bad-picture' });
  });
});

describe('the JSON of a change', () => {
  const put = (body: unknown, path = `/clips/${begun.clip}/revisions/r2`) =>
    ask(`/w/${yard.id}${path}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it.each([
    ['no JSON', () => '{'],
    ['another kind', () => ({ kind: 'rename', base: null })],
    ['the event of another clip', () => ({ ...begun.request, event: { ...begun.request.event, id: 'x' } })],
    ['a column that nobody knows', () => ({ ...begun.request, more: 1 })],
    ['more frames than a clip can have', () => ({ ...begun.request, frames: 20_001 })],
    ['a digest that is none', () => ({ ...begun.request, digest: 'abc' })],
  ])('is refused with %s', async (_, make) => {
    expect(await problemOf(await put(make()))).toMatchObject({ status: 422, type: 'bad-request' });
  });

  it('is refused with an id in the address that is none', async () => {
    const answer = await put(begun.request, `/clips/${encodeURIComponent("x'y")}/revisions/r2`);
    expect(await problemOf(answer)).toMatchObject({ status: 422, type: 'bad-request' });
  });
});

/** Every route of a library but search, which is not there yet. */
const ROUTES = [
  ['GET', '/changes'],
  ['GET', '/clips?fingerprint=ab12'],
  ['GET', '/clips/c/rows/0?revision=r'],
  ['GET', '/clips/c/pictures?revision=r&frames=1'],
  ['GET', '/devices'],
  ['PUT', '/clips/c/revisions/r'],
  ['PUT', '/clips/c/revisions/r/rows/0'],
  ['PUT', '/clips/c/revisions/r/pictures/0'],
  ['POST', '/clips/c/revisions/r/commit'],
  ['DELETE', '/token'],
] as const;

describe('a token', () => {
  it.each(ROUTES)('of another library is refused by %s %s', async (method, path) => {
    const roof = await test.makeWorkspace('Roof');
    const answer = await ask(`/w/${roof.id}${path}`, { method });
    expect(await problemOf(answer)).toMatchObject({ status: 403, type: 'other-workspace' });
  });

  it.each(ROUTES)('that is missing or unknown is refused by %s %s', async (method, path) => {
    for (const token of [null, 'fsl_guess'])
      expect(await problemOf(await ask(`/w/${yard.id}${path}`, { method, token }))).toMatchObject({
        status: 401,
        type: 'token-refused',
      });
  });

  it.each(ROUTES.filter(([method]) => method === 'PUT' || method === 'POST'))(
    'that may read is refused by %s %s',
    async (method, path) => {
      const reader = await test.makeDevice(yard, { scope: 'read' });
      const answer = await ask(`/w/${yard.id}${path}`, { method, token: reader.token });
      expect(await problemOf(answer)).toMatchObject({ status: 403, type: 'read-only' });
    },
  );

  it('that may read reads, and leaves', async () => {
    const reader = await test.makeDevice(yard, { scope: 'read' });
    expect(await reader.client.changes(0)).toMatchObject({ changes: [] });
    await reader.client.leave();
  });

  it('lives for 180 days after its last use, and says why it is refused then', async () => {
    const { now } = test.clock;
    const device = await test.makeDevice(yard);
    const afterDays = (days: number) => new Date(now.getTime() + days * 24 * 3600 * 1000);
    try {
      test.clock.now = afterDays(179);
      await device.client.changes(0);
      test.clock.now = afterDays(358);
      await device.client.changes(0);
      test.clock.now = afterDays(539);
      await expect(device.client.changes(0)).rejects.toMatchObject({
        problem: { type: 'token-refused', detail: expect.stringContaining('too long') as string },
      });
    } finally {
      test.clock.now = now;
    }
  });
});

describe('an invitation', () => {
  const join = (secret: string, id: string) =>
    ask('/join', {
      method: 'POST',
      token: null,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ secret, device: { id, name: 'Anna’s laptop' } }),
    });

  it('lets in as many devices as it says, the same one again where the answer was lost', async () => {
    const secret = await test.invite(yard, { uses: 1 });
    const first = (await (await join(secret, 'd1')).json()) as { token: string };
    const again = (await (await join(secret, 'd1')).json()) as { token: string };
    expect(await problemOf(await join(secret, 'd2'))).toMatchObject({
      status: 401,
      type: 'invitation-refused',
      detail: 'This invitation has been used. Ask for a new one.',
    });
    expect((await ask(`/w/${yard.id}/changes`, { token: again.token })).status).toBe(200);
    expect((await ask(`/w/${yard.id}/changes`, { token: first.token })).status).toBe(401);
    // Ten minutes later it is spent for this device too.
    const { now } = test.clock;
    test.clock.now = new Date(now.getTime() + 11 * 60 * 1000);
    expect((await join(secret, 'd1')).status).toBe(401);
    test.clock.now = now;
  });

  it('is refused when it has expired or is not known', async () => {
    const secret = await test.invite(yard, { expiresAt: test.clock.now });
    expect(await problemOf(await join(secret, 'd1'))).toMatchObject({
      detail: 'This invitation has expired. Ask for a new one.',
    });
    expect((await join('fsi_guess', 'd1')).status).toBe(401);
  });
});

describe('rates', () => {
  it('hold off a device that asks too often, and no other', async () => {
    let now = test.clock.now.getTime();
    const server = openLibraryServer(
      { ...test.settings, rates: { requestsPerSecond: 3, atOnce: 100 } },
      { now: () => new Date(now) },
    );
    const ben = await test.makeDevice(yard);
    const statusOf = async (token: string) => (await ask(`/w/${yard.id}/changes`, { token }, server)).status;
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push(await statusOf(anna.token));
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await statusOf(ben.token)).toBe(200);
    now += 400;
    expect(await statusOf(anna.token)).toBe(200);
    // The clock is set back by a day.
    now -= 24 * 3600 * 1000;
    expect(await statusOf(anna.token)).toBe(429);
    now += 400;
    expect(await statusOf(anna.token)).toBe(200);
    await server.close();
  });

  it('hold off requests beyond those that may run at once, and say when to come again', () => {
    const limiter = new RateLimiter({ requestsPerSecond: 100, atOnce: 2 });
    const end = limiter.begin('a', 0);
    limiter.begin('a', 0);
    expect(() => limiter.begin('a', 0)).toThrow(
      expect.objectContaining({ type: 'slow-down', retryAfter: 1 }),
    );
    limiter.begin('b', 0);
    end();
    limiter.begin('a', 0);
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string) =>
    ask('/join', {
      method: 'OPTIONS',
      token: null,
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });

  it('are let in where they are named, also to read a refusal', async () => {
    const headers = { Origin: 'https://clips.example' };
    for (const answer of [
      await ask(`/w/${yard.id}/changes`, { headers }),
      await ask(`/w/${yard.id}/changes`, { headers, token: null }),
      await preflight('https://clips.example'),
    ]) {
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://clips.example');
      expect(answer.headers.get('Access-Control-Expose-Headers')).toBe('Content-Digest, ETag, Retry-After');
      expect(answer.headers.get('Vary')).toContain('Origin');
      expect(answer.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
    }
    const asked = (await preflight('https://clips.example')).headers;
    expect(asked.get('Access-Control-Allow-Headers')).toContain('content-digest');
    expect(asked.get('Access-Control-Allow-Methods')).toContain('PUT');
    expect(asked.get('Access-Control-Max-Age')).toBe('7200');
  });

  it('are not where they are not', async () => {
    const answer = await preflight('https://elsewhere.example');
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(answer.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
  });
});

describe('the server', () => {
  it('says what it is', async () => {
    for (const path of ['', '/'])
      expect(await (await ask(path, { token: null })).json()).toMatchObject({
        name: 'Framesift library',
        api: 1,
        search: 'exact',
      });
  });

  it('answers what it does not know with a problem', async () => {
    expect(await problemOf(await ask('/nothing'))).toMatchObject({ status: 404, type: 'unknown' });
    expect(await problemOf(await ask(`/w/${yard.id}/clips/none/rows/0?revision=r`))).toMatchObject({
      status: 404,
    });
  });

  it('says that it is away where its database is', async () => {
    const server = openLibraryServer({ ...test.settings, address: 'postgres:///library?host=/nowhere' });
    const answer = await ask(`/w/${yard.id}/changes`, {}, server);
    expect(await problemOf(answer)).toMatchObject({ status: 503, type: 'away' });
    expect(answer.headers.get('Retry-After')).toBe('2');
    await server.close();
  });

  it('says that a library of before is being brought up to date', async () => {
    const old = await test.makeWorkspace('Old');
    await test.queryAsOwner(old, `delete from schema_version where version = ${WORKSPACE_VERSION}`);
    const secret = await test.invite(old);
    const answer = await ask('/join', {
      method: 'POST',
      token: null,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ secret, device: { id: 'd1', name: 'Anna’s laptop' } }),
    });
    expect(await problemOf(answer)).toMatchObject({ status: 503, type: 'migrating' });
  });

  it('packs rows, which are kept under their revision, unless what stands in front does that', async () => {
    const clip = await makeClip({ frames: 20 });
    await pushClip(anna.client, clip);
    const path = `/w/${yard.id}/clips/${clip.clip}/rows/0?revision=${clip.revision}`;
    const headers = { 'Accept-Encoding': 'gzip, br' };
    const packed = await ask(path, { headers });
    expect(Object.fromEntries(packed.headers)).toMatchObject({
      'content-encoding': 'gzip',
      etag: `"${clip.revision}"`,
      'cache-control': 'private, max-age=31536000, immutable',
    });
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(writePage(clip.rows));

    const beside = openLibraryServer(test.settings, { packs: false });
    const plain = await ask(path, { headers }, beside);
    expect(plain.headers.get('Content-Encoding')).toBeNull();
    expect(await plain.text()).toBe(writePage(clip.rows));
    await beside.close();
  });

  it('sends pictures with their digest', async () => {
    const clip = await makeClip({ frames: 2 });
    await pushClip(anna.client, clip);
    const answer = await ask(`/w/${yard.id}/clips/${clip.clip}/pictures?revision=${clip.revision}&frames=2`);
    const body = new Uint8Array(await answer.arrayBuffer());
    expect(answer.headers.get('Content-Digest')).toBe(await contentDigest(body));
  });
});
