import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProblemAnswer } from '@/lib/protocol/clips';
import { API_PATH } from '@/lib/protocol/limits';
import type { ClipRow } from '@/lib/protocol/rows';
import {
  packVector,
  unpackSearchAnswer,
  type LibrarySearchAnswer,
  type LibrarySearchRequest,
} from '@/lib/protocol/search';
import type { Workspace } from '@/lib/server/administration';
import { openLibraryServer } from '@/lib/server/open-server';
import { pushClip } from '@/lib/sync/push-clip';
import { dotProducts } from '@/lib/shared/dot-products';
import { embeddingToJson } from '@/lib/shared/embedding-json';
import { dotAt, normaliseRows, stepsBetween } from '@/lib/shared/vectors';
import {
  madeEvent,
  madeRow,
  makeClip,
  MODEL,
  SERVER,
  startTestServer,
  type TestDevice,
  type TestServer,
} from '../../support/library-server';
import { addSearchedClips } from '../../support/searched-library';
import { randomEmbedding } from '../library/support';

const DIMENSION = 512;

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});

/** A question with these vectors, and what a case changes of it. */
function questionOf(
  vectors: readonly Float32Array[],
  changes: Partial<LibrarySearchRequest> = {},
): LibrarySearchRequest {
  return {
    model: MODEL,
    vectors: vectors.map(packVector),
    negatives: [],
    clips: 20,
    frames: 2000,
    scope: { clips: null, from: null, to: null },
    ...changes,
  };
}

function ask(
  workspace: Workspace,
  token: string | null,
  content: unknown,
  {
    server = test.server,
    headers = {},
  }: { server?: TestServer['server']; headers?: Record<string, string> } = {},
): Promise<Response> {
  return server.fetch(
    new Request(`${SERVER}${API_PATH}/w/${workspace.id}/search`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token !== null && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: typeof content === 'string' ? content : JSON.stringify(content),
    }),
  );
}

async function search(
  workspace: Workspace,
  { token }: TestDevice,
  question: LibrarySearchRequest,
  server = test.server,
): Promise<LibrarySearchAnswer> {
  const response = await ask(workspace, token, question, { server });
  if (response.status !== 200) expect(await response.text()).toBe('an answer');
  return unpackSearchAnswer(new Uint8Array(await response.arrayBuffer()), question);
}

async function problemOf(response: Response): Promise<ProblemAnswer> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  return (await response.json()) as ProblemAnswer;
}

/** Unit vector near `centre`: the nearer, the smaller `distance`. */
function vectorNear(centre: Float32Array, distance: number, seed: number): Float32Array<ArrayBuffer> {
  const noise = randomEmbedding(seed);
  const vector = centre.map((value, i) => value + distance * noise[i]!);
  normaliseRows(vector, DIMENSION);
  return new Float32Array(vector);
}

/** Unit vector that has this cosine with `direction`. */
function vectorWithCosine(direction: Float32Array, cosine: number, seed: number): Float32Array<ArrayBuffer> {
  const noise = randomEmbedding(seed);
  const along = dotAt(noise, 0, direction);
  const across = noise.map((value, i) => value - along * direction[i]!);
  const length = Math.sqrt(dotAt(across, 0, across) / (1 - cosine ** 2));
  return new Float32Array(across.map((value, i) => value / length + cosine * direction[i]!));
}

/** As all of CLIP's are: two numbers are large, and much the same in every vector. */
const CENTRE = vectorNear(
  Float32Array.from({ length: DIMENSION }, (_, i) => (i === 92 ? 0.6 : i === 133 ? -0.5 : 0)),
  0.4,
  7,
);

function rowWith(frameIndex: number, values: Float32Array<ArrayBuffer>, modelVersion = MODEL): ClipRow {
  const row = madeRow(frameIndex);
  return { ...row, vector: { ...row.vector!, values, json: embeddingToJson(values), modelVersion } };
}

interface MadeClip {
  clip: string;
  recordedAt: string;
  rows: ClipRow[];
}

/** All vectors of a clip, row-major. */
function matrixOf({ rows }: Pick<MadeClip, 'rows'>): Float32Array<ArrayBuffer> {
  const embeddings = new Float32Array(rows.length * DIMENSION);
  rows.forEach(({ vector }, i) => embeddings.set(vector!.values, i * DIMENSION));
  return embeddings;
}

describe('a search', () => {
  const clips: MadeClip[] = [];
  let yard: Workspace;
  let anna: TestDevice;

  beforeAll(async () => {
    yard = await test.makeWorkspace('Yard');
    anna = await test.makeDevice(yard);
    // Scenes of frames that are much alike, so that bounds of rounded rows overlap, over several blocks of the index.
    for (let n = 0; n < 24; n += 1) {
      const scene = vectorNear(CENTRE, 0.7, 100 + (n % 6));
      const frames = n === 5 ? 1100 : 1 + ((n * 7) % 40);
      const rows = Array.from({ length: frames }, (_, i) =>
        rowWith(2 * i, vectorNear(scene, n % 2 ? 0.05 : 0.6, 1000 * (n + 1) + i)),
      );
      const clip = `clip-${n}`;
      const recordedAt = `2026-01-${String(n + 1).padStart(2, '0')}T12:00:00.000Z`;
      const source = await makeClip({ clip, rows, pictures: [] });
      source.request.event.timestamp = recordedAt;
      await pushClip(anna.client, source);
      clips.push({ clip, recordedAt, rows });
    }
  }, 120_000);

  /** What a scan of all vectors as they are finds: each clip's best score for each vector. */
  function scan(
    searched: readonly MadeClip[],
    vectors: readonly Float32Array[],
    wanted: number,
    count: number,
  ) {
    const matrix = new Float32Array(vectors.length * DIMENSION);
    vectors.forEach((vector, i) => matrix.set(vector, i * DIMENSION));
    const scored = searched.map(({ clip, rows }) => {
      const products = dotProducts(matrixOf({ rows }), matrix, DIMENSION);
      return {
        clip,
        scores: vectors.map((_, q) =>
          Float32Array.from(rows, (_row, i) => products[i * vectors.length + q]!),
        ),
      };
    });
    const best = (q: number) =>
      scored
        .map(({ clip, scores }) => ({ clip, score: Math.max(...scores[q]!) }))
        .sort((a, b) => b.score - a.score || (a.clip < b.clip ? -1 : 1))
        .map(({ clip }) => clip);
    const rankings = vectors.slice(0, wanted).map((_, q) => best(q));
    const found: string[] = [];
    while (found.length < Math.min(count, searched.length)) {
      for (const ranking of rankings) {
        const next = ranking.find((clip) => !found.includes(clip));
        if (next !== undefined && found.length < count) found.push(next);
      }
    }
    return { found, scoresOf: (clip: string) => scored.find((one) => one.clip === clip)!.scores };
  }

  it('finds what a scan of all vectors as they are finds, whatever is asked', async () => {
    const vector = fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.double({ min: 0.05, max: 3, noNaN: true }), fc.nat(1e6))
      .map(([scene, distance, seed]) => vectorNear(vectorNear(CENTRE, 0.7, 100 + scene), distance, seed));
    await fc.assert(
      fc.asyncProperty(
        fc.array(vector, { minLength: 1, maxLength: 3 }),
        fc.array(vector, { maxLength: 2 }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0, 1, 37, 500, 2000),
        fc.option(fc.subarray([...Array(24).keys()], { minLength: 1 })),
        fc.option(fc.integer({ min: 1, max: 24 })),
        async (wanted, unwanted, count, frames, chosen, day) => {
          const from = day === null ? null : `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;
          const question = questionOf(wanted, {
            negatives: unwanted.map(packVector),
            clips: count,
            frames,
            scope: { clips: chosen?.map((n) => `clip-${n}`) ?? null, from, to: '2026-01-23T12:00:00Z' },
          });
          const searched = clips.filter(
            ({ recordedAt }, n) =>
              (chosen?.includes(n) ?? true) && (from === null || recordedAt >= from) && n < 22,
          );
          const { found, scoresOf } = scan(searched, [...wanted, ...unwanted], wanted.length, count);
          const answer = await search(yard, anna, question);
          expect(answer.clips.map(({ clip }) => clip)).toEqual(found);
          expect(answer.totalClips).toBe(searched.length);
          expect(answer.total).toBe(searched.reduce((sum, { rows }) => sum + rows.length, 0));
          const all = found.flatMap((clip) => clips.find((one) => one.clip === clip)!.rows);
          answer.scores.forEach((scores, q) =>
            expect(scores).toEqual(Float32Array.from(found.flatMap((clip) => [...scoresOf(clip)[q]!]))),
          );
          expect([...answer.frameIndexes]).toEqual(all.map(({ frameIndex }) => frameIndex));
          expect([...answer.timestampsMs]).toEqual(all.map(({ frame }) => frame!.timestampMs));
          const steps = found.flatMap((clip) => [
            ...stepsBetween(matrixOf(clips.find((one) => one.clip === clip)!), DIMENSION),
          ]);
          expect(answer.steps).toEqual(Float32Array.from(steps));
          expect(answer.rows).toHaveLength(Math.min(frames, all.length));
          answer.rows.forEach((row, i) => {
            const { values } = all[row]!.vector!;
            const sent = answer.embeddings.subarray(i * DIMENSION, (i + 1) * DIMENSION);
            expect(dotProducts(sent, values, DIMENSION)[0]).toBeGreaterThan(0.9999);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('says how all frames score, each to 0.01', async () => {
    const vector = vectorNear(CENTRE, 0.5, 3);
    const { samples, total } = await search(yard, anna, questionOf([vector], { clips: 1 }));
    const { scoresOf } = scan(clips, [vector], 1, 1);
    const exact = clips.flatMap(({ clip }) => [...scoresOf(clip)[0]!]);
    expect(samples[0]).toHaveLength(total);
    // Clips are searched in the order of their changes.
    samples[0]!.forEach((score, i) => expect(Math.abs(score - exact[i]!)).toBeLessThan(0.01));
  });

  it('tells how long a picture is on screen, where that is known', async () => {
    const { spansMs } = await search(
      yard,
      anna,
      questionOf([CENTRE], { scope: { clips: ['clip-0'], from: null, to: null } }),
    );
    const { frame } = clips[0]!.rows[0]!;
    expect([...spansMs.subarray(0, 2)]).toEqual([frame!.span!.startMs, frame!.span!.endMs]);
  });

  it('may be made by a device that only reads', async () => {
    const reader = await test.makeDevice(yard, { scope: 'read' });
    expect((await search(yard, reader, questionOf([CENTRE]))).clips).toHaveLength(20);
  });

  const zeros = packVector(new Float32Array(DIMENSION));
  it.each<[string, unknown, number, string, RegExp]>([
    ['no JSON', '{"model":', 422, 'bad-request', /not JSON/],
    [
      '17 vectors',
      questionOf(Array.from({ length: 17 }, () => CENTRE)),
      422,
      'bad-request',
      /“vectors” is too long/,
    ],
    [
      '9 wanted and 8 unwanted vectors',
      questionOf(
        Array.from({ length: 9 }, () => CENTRE),
        { negatives: Array.from({ length: 8 }, () => packVector(CENTRE)) },
      ),
      422,
      'bad-vector',
      /at most 16 vectors; this one has 17/,
    ],
    ['no vector', questionOf([]), 422, 'bad-request', /“vectors” is too short/],
    [
      'a vector of zeros',
      questionOf([], { vectors: [zeros] }),
      422,
      'bad-vector',
      /length 1; its length is 0.00/,
    ],
    ['half a vector', questionOf([CENTRE.slice(256)]), 422, 'bad-vector', /1024 bytes/],
    ['no base64', questionOf([], { vectors: ['{}'] }), 422, 'bad-vector', /not base64/],
    [
      'a model that nobody has',
      questionOf([CENTRE], { model: 'another' }),
      404,
      'unknown-model',
      /read with “framesift-clip-v2@test”/,
    ],
    ['65 clips', questionOf([CENTRE], { clips: 65 }), 422, 'bad-request', /at most 64/],
    [
      'SQL as a clip',
      questionOf([CENTRE], { scope: { clips: ["'; drop table events"], from: null, to: null } }),
      422,
      'bad-request',
      /scope/,
    ],
  ])('with %s is refused', async (_, content, status, type, detail) => {
    const problem = await problemOf(await ask(yard, anna.token, content));
    expect(problem).toMatchObject({ status, type, detail: expect.stringMatching(detail) as string });
  });

  it('is refused to other devices, and at another address', async () => {
    const roof = await test.makeWorkspace('Roof');
    const question = questionOf([CENTRE]);
    expect(await problemOf(await ask(roof, anna.token, question))).toMatchObject({
      status: 403,
      type: 'other-workspace',
    });
    expect(await problemOf(await ask(yard, null, question))).toMatchObject({
      status: 401,
      type: 'token-refused',
    });
    expect(await problemOf(await ask(yard, 'fsl_x', question))).toMatchObject({
      status: 401,
      type: 'token-refused',
    });
    const media = await ask(yard, anna.token, question, { headers: { 'Content-Type': 'text/plain' } });
    expect(await problemOf(media)).toMatchObject({ status: 415, type: 'media-type' });
  });
});

describe('a crowd of clips that score much the same', () => {
  it('is told apart by vectors as they are, not rounded', async () => {
    const crowd = await test.makeWorkspace('Crowd');
    const device = await test.makeDevice(crowd);
    const query = randomEmbedding(4);
    // Each scores 0.00001 more than another; rounding moves a score by some thirty times as much.
    const vectors = Array.from({ length: 400 }, (_, i) =>
      vectorWithCosine(query, 0.3 + ((i * 7) % 400) * 1e-5, 10 + i),
    );
    const clips = vectors.map((one, i) => ({ clip: `one-${i}`, vectors: one }));
    await addSearchedClips(test, crowd, clips);
    const matrix = Float32Array.from(vectors.flatMap((one) => [...one]));
    const scores = dotProducts(matrix, query, DIMENSION);
    const best = [...clips.keys()].sort((a, b) => scores[b]! - scores[a]!).map((i) => `one-${i}`);
    for (const count of [1, 5, 20, 64]) {
      const answer = await search(crowd, device, questionOf([query], { clips: count }));
      expect(answer.clips.map(({ clip }) => clip)).toEqual(best.slice(0, count));
    }
  });
});

describe('a library that changes', () => {
  let yard: Workspace;
  let anna: TestDevice;
  const seen = async (vector = CENTRE) => {
    const { clips, scores } = await search(yard, anna, questionOf([vector]));
    return clips.map(({ clip, revision, frames }) => ({
      clip,
      revision,
      frames,
      best: Math.max(...scores[0]!),
    }));
  };

  beforeAll(async () => {
    yard = await test.makeWorkspace('Changing');
    anna = await test.makeDevice(yard);
  });

  it('without clips has none that fit', async () => {
    expect(await search(yard, anna, questionOf([CENTRE]))).toMatchObject({
      total: 0,
      totalClips: 0,
      clips: [],
    });
  });

  it('is searched with each clip from its commit on, until it is gone', async () => {
    const gate = await makeClip({ frames: 3, seed: 5 });
    const change = await pushClip(anna.client, gate);
    const vector = gate.rows[1]!.vector!.values;
    expect(await seen(vector)).toMatchObject([{ clip: gate.clip, revision: gate.revision, frames: 3 }]);
    expect((await seen(vector))[0]!.best).toBeCloseTo(1, 5);
    expect((await search(yard, anna, questionOf([vector]))).change).toBe(change);

    // Words change; the rows stay, under the new revision.
    const event = madeEvent(gate.clip, 'the gate');
    await anna.client.putRevision(gate.clip, 'edited', { kind: 'edit', base: gate.revision, ...event });
    expect(await seen(vector)).toMatchObject([{ clip: gate.clip, revision: 'edited', frames: 3 }]);

    // Read again: other vectors, and fewer.
    const again = await makeClip({ clip: gate.clip, base: 'edited', frames: 2, seed: 6 });
    await pushClip(anna.client, again);
    const replaced = await seen(vector);
    expect(replaced).toMatchObject([{ clip: gate.clip, revision: again.revision, frames: 2 }]);
    expect(replaced[0]!.best).toBeLessThan(0.9);
    expect((await seen(again.rows[0]!.vector!.values))[0]!.best).toBeCloseTo(1, 5);

    await anna.client.putRevision(gate.clip, 'deleted', { kind: 'delete', base: again.revision });
    expect(await seen(vector)).toEqual([]);
    expect(await test.queryAsOwner(yard, 'select count(*)::integer as count from frame_vectors')).toEqual([
      { count: 0 },
    ]);
  });

  it('is searched by one model at a time', async () => {
    const mixed = await makeClip({
      rows: [rowWith(0, CENTRE), rowWith(1, CENTRE, 'another-model')],
      pictures: [],
    });
    await pushClip(anna.client, mixed);
    const answer = await search(yard, anna, questionOf([CENTRE], { model: 'another-model' }));
    expect(answer).toMatchObject({ total: 1, clips: [{ clip: mixed.clip, frames: 1 }] });
    expect([...answer.frameIndexes]).toEqual([1]);
    expect((await search(yard, anna, questionOf([CENTRE]))).total).toBe(1);
    await anna.client.putRevision(mixed.clip, 'deleted-too', { kind: 'delete', base: mixed.revision });
  });

  it('is read anew after it came from a backup', async () => {
    const clip = await makeClip({ frames: 2, seed: 8 });
    await pushClip(anna.client, clip);
    expect(await seen()).toHaveLength(1);
    await test.queryAsOwner(
      yard,
      "delete from events; update clips set state = 'deleted'; update clock set epoch = 'restored'",
    );
    expect(await seen()).toEqual([]);
    await test.queryAsOwner(yard, 'delete from clips; delete from revisions');
  });

  it('has its vectors filled in where an older server wrote them, by whoever finds them missing', async () => {
    const clips = [
      await makeClip({ frames: 3, seed: 20 }),
      await makeClip({ frames: 502, seed: 21, pictures: [] }),
    ];
    for (const clip of clips) await pushClip(anna.client, clip);
    const stored = () =>
      test.queryAsOwner(
        yard,
        'select event_id, frame_index, model_version, md5(vector) from frame_vectors order by 1, 2',
      );
    const whole = await stored();
    expect(whole).toHaveLength(505);
    const other = openLibraryServer(test.settings);
    try {
      await test.queryAsOwner(yard, 'delete from frame_vectors where frame_index > 0');
      const vector = clips[1]!.rows[501]!.vector!.values;
      const answer = await search(yard, anna, questionOf([vector]), other);
      expect(answer.total).toBe(505);
      expect(Math.max(...answer.scores[0]!)).toBeCloseTo(1, 5);
    } finally {
      await other.close();
    }
    expect(await stored()).toEqual(whole);
    await test.queryAsOwner(yard, 'delete from frame_vectors');
    await test.administer((administration) => administration.migrate(new Date()));
    expect(await stored()).toEqual(whole);
  });
});

describe('the memory of searches', () => {
  it('is shared by libraries, that which was asked longest ago leaves first, and one that does not fit is refused', async () => {
    // One block of 1,024 rows.
    const server = openLibraryServer({ ...test.settings, searchMegabytes: 1 });
    const vectorsOf = (frames: number, seed: number) =>
      Float32Array.from(Array.from({ length: frames }, (_, i) => [...randomEmbedding(seed + i)]).flat());
    const makeLibrary = async (name: string, frames: number, seed: number) => {
      const workspace = await test.makeWorkspace(name);
      const device = await test.makeDevice(workspace);
      await addSearchedClips(test, workspace, [{ clip: 'first', vectors: vectorsOf(frames, seed) }]);
      const question = questionOf([randomEmbedding(seed + frames - 1)]);
      return {
        add: (more: number) =>
          addSearchedClips(test, workspace, [{ clip: 'more', vectors: vectorsOf(more, seed + frames) }]),
        ask: () => ask(workspace, device.token, question, { server }),
        best: async () => Math.max(...(await search(workspace, device, question, server)).scores[0]!),
      };
    };
    try {
      const one = await makeLibrary('One', 600, 1);
      const two = await makeLibrary('Two', 700, 10_000);
      const large = await makeLibrary('Large', 1100, 20_000);
      for (const library of [one, two, one, two]) expect(await library.best()).toBeCloseTo(1, 5);
      const refused = await problemOf(await large.ask());
      expect(refused).toMatchObject({ status: 507, type: 'too-large-to-search' });
      expect(refused.detail).toMatch(/can search 1,024 frames at once, and this would be 1,100 or more/);
      // A library that grows beyond it is refused as well, and the other still answers.
      expect(await one.best()).toBeCloseTo(1, 5);
      await one.add(500);
      expect(await problemOf(await one.ask())).toMatchObject({ status: 507, type: 'too-large-to-search' });
      expect(await two.best()).toBeCloseTo(1, 5);
    } finally {
      await server.close();
    }
  });
});
