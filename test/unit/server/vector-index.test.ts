import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_PATH } from '@/lib/protocol/limits';
import { packVector, unpackSearchAnswer, type LibrarySearchAnswer } from '@/lib/protocol/search';
import type { Workspace } from '@/lib/server/administration';
import { roleOf } from '@/lib/server/names';
import { openLibraryServer } from '@/lib/server/open-server';
import { IndexedLibrary } from '@/lib/server/search/indexed-library';
import type { LibraryQuestion } from '@/lib/server/search/library-index';
import { LibrarySearch } from '@/lib/server/search/library-search';
import { openPool } from '@/lib/server/workspaces';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { normaliseRows } from '@/lib/shared/vectors';
import { pushClip } from '@/lib/sync/push-clip';
import { libraryProgram } from '@/scripts/library/program';
import { makeClip, MODEL, SERVER, startTestServer, type TestDevice } from '../../support/library-server';
import { addSearchedClips } from '../../support/searched-library';
import { randomEmbedding } from '../library/support';

/** Most tests need pgvector in the server's folder: `POSTGRES_BIN` names one that has it. */
const test = await startTestServer({ wantsPgvector: true });
afterAll(async () => {
  await test.stop();
  expect(test.faults).toEqual([]);
});

const EVERYTHING = { clips: null, fromMs: -Infinity, toMs: Infinity };

function questionOf(
  vectors: readonly Float32Array[],
  changes: Partial<LibraryQuestion> = {},
): LibraryQuestion {
  return { vectors, wanted: vectors.length, clips: 8, frames: 100, scope: EVERYTHING, ...changes };
}

/** Clips of frames near one of some centres. */
function madeClips(count: number, framesOf: (clip: number) => number) {
  return Array.from({ length: count }, (_, n) => {
    const vectors = new Float32Array(framesOf(n) * EMBEDDING_DIMENSION);
    const centre = randomEmbedding(n % 7);
    for (let frame = 0; frame < framesOf(n); frame += 1) {
      const noise = randomEmbedding(1000 * (n + 1) + frame);
      vectors.set(
        centre.map((value, i) => value + 0.7 * noise[i]!),
        frame * EMBEDDING_DIMENSION,
      );
    }
    normaliseRows(vectors, EMBEDDING_DIMENSION);
    return { clip: `clip-${String(n).padStart(3, '0')}`, vectors };
  });
}

/** What a library prints for a command. */
async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = libraryProgram({
    settings: test.settings,
    print: (line) => lines.push(line),
    now: () => test.clock.now,
    serve: () => Promise.resolve(),
  });
  await program.parseAsync(args, { from: 'user' });
  return lines;
}

describe('a library that is read from PostgreSQL for a question', () => {
  let yard: Workspace;
  let pool: Pool;
  const memory = new LibrarySearch(64);
  beforeAll(async () => {
    yard = await test.makeWorkspace('Yard');
    pool = openPool(test.settings, roleOf(yard.id));
    await addSearchedClips(
      test,
      yard,
      madeClips(40, (n) => 1 + ((n * 11) % 60)),
    );
  });
  afterAll(async () => {
    await Promise.all([pool.end(), memory.close()]);
  });

  it.each([
    ['one vector', questionOf([randomEmbedding(3)])],
    ['three vectors, one of them unwanted', questionOf([1, 2, 3].map(randomEmbedding), { wanted: 2 })],
    ['more clips than there are', questionOf([randomEmbedding(3)], { clips: 64, frames: 4000 })],
    [
      'some clips',
      questionOf([randomEmbedding(3)], {
        scope: { ...EVERYTHING, clips: new Set(['clip-001', 'clip-030']) },
      }),
    ],
    ['a time without clips', questionOf([randomEmbedding(3)], { scope: { ...EVERYTHING, toMs: 0 } })],
  ])('answers as one in memory does: %s', async (_, question) => {
    const { vectors, wanted, clips, frames, scope } = question;
    const inMemory = await memory.search(yard.id, pool, {
      model: MODEL,
      vectors: vectors.slice(0, wanted).map(packVector),
      negatives: vectors.slice(wanted).map(packVector),
      clips,
      frames,
      scope: {
        clips: scope.clips && [...scope.clips],
        from: null,
        to: scope.toMs === Infinity ? null : new Date(scope.toMs).toISOString(),
      },
    });
    const read = await new IndexedLibrary(MODEL).answer(pool, { schema: 'none' }, question);
    const { samples, ...rest } = read;
    const { samples: expected, ...others } = inMemory;
    expect(rest).toEqual(others);
    samples.forEach((values, q) => {
      expect(values).toHaveLength(expected[q]!.length);
      values.forEach((value, i) => expect(Math.abs(value - expected[q]![i]!)).toBeLessThan(0.01));
    });
  });
});

describe('npm run library -- index', () => {
  it.skipIf(test.pgvector !== null)('says what is missing where the database has no pgvector', async () => {
    await test.makeWorkspace('Without');
    await expect(run('index', 'Without')).rejects.toThrow(
      'This database has no pgvector. Install it on the server, then run “create extension vector” in this database as its administrator.',
    );
  });
});

describe.skipIf(test.pgvector === null)('a library with an index, in a PostgreSQL with pgvector', () => {
  let yard: Workspace;
  let anna: TestDevice;
  let pool: Pool;
  const clips = madeClips(120, (n) => 1 + ((n * 11) % 60));
  const count = async () =>
    Number((await test.queryAsOwner(yard, 'select count(*) as count from frame_half_vectors'))[0]!.count);

  /** Answers by the index, whatever the library's size. */
  const byIndex = (question: LibraryQuestion): Promise<LibrarySearchAnswer> =>
    new IndexedLibrary(MODEL, 0).answer(pool, { schema: 'public' }, question);

  beforeAll(async () => {
    yard = await test.makeWorkspace('Indexed');
    anna = await test.makeDevice(yard);
    pool = openPool(test.settings, roleOf(yard.id));
    await addSearchedClips(test, yard, clips);
  }, 60_000);
  afterAll(() => pool.end());

  /** Through the server, which keeps no library of more than 1,000 frames in memory. */
  async function ask(vector: Float32Array): Promise<{ status: number; answer: LibrarySearchAnswer | null }> {
    const server = openLibraryServer({ ...test.settings, searchMegabytes: 1 });
    const request = {
      model: MODEL,
      vectors: [packVector(vector)],
      negatives: [],
      clips: 8,
      frames: 100,
      scope: { clips: null, from: null, to: null },
    };
    const response = await server.fetch(
      new Request(`${SERVER}${API_PATH}/w/${yard.id}/search`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${anna.token}` },
        body: JSON.stringify(request),
      }),
    );
    const bytes = new Uint8Array(await response.arrayBuffer());
    await server.close();
    return { status: response.status, answer: response.ok ? unpackSearchAnswer(bytes, request) : null };
  }

  it('is made while the library is there, and searched where the library does not fit into memory', async () => {
    const total = clips.reduce((sum, { vectors }) => sum + vectors.length / EMBEDDING_DIMENSION, 0);
    expect(total).toBeGreaterThan(1024);
    expect(await ask(randomEmbedding(3))).toMatchObject({ status: 507 });
    expect(await run('index', 'Indexed')).toEqual([
      expect.stringMatching(`^The index of “Indexed” has ${total} vectors.`),
    ]);
    expect(await ask(randomEmbedding(3))).toMatchObject({ status: 200, answer: { total, totalClips: 120 } });
    // Again: nothing is missing.
    expect(await run('index', 'Indexed')).toEqual([expect.stringMatching(`has ${total} vectors.`)]);
  }, 60_000);

  it('finds the clips that fit best, says that it asked the index, and scores them as a scan does', async () => {
    let found = 0;
    for (let n = 0; n < 20; n += 1) {
      const question = questionOf([randomEmbedding(n % 9), randomEmbedding(50 + n)], { wanted: 1 + (n % 2) });
      const answer = await byIndex(question);
      const exact = await new IndexedLibrary(MODEL).answer(pool, { schema: 'public' }, question);
      expect([answer.method, exact.method]).toEqual(['index', 'exact']);
      expect([answer.total, answer.totalClips]).toEqual([exact.total, exact.totalClips]);
      const best = exact.clips.map(({ clip }) => clip);
      found += answer.clips.filter(({ clip }) => best.includes(clip)).length / best.length;
      if (answer.clips.map(({ clip }) => clip).join() === best.join())
        expect(answer.scores).toEqual(exact.scores);
    }
    expect(found / 20).toBeGreaterThan(0.95);
  });

  it('looks for a scope alone', async () => {
    const scope = { ...EVERYTHING, clips: new Set(['clip-001', 'clip-002', 'clip-030']) };
    const answer = await byIndex(questionOf([randomEmbedding(3)], { scope }));
    expect(answer.clips.map(({ clip }) => clip).sort()).toEqual([...scope.clips]);
    expect(answer.totalClips).toBe(3);
  });

  it('follows each commit: a clip that comes, is read again, and goes', async () => {
    const before = await count();
    const gate = await makeClip({ frames: 3, seed: 5 });
    await pushClip(anna.client, gate);
    const vector = gate.rows[1]!.vector!.values;
    const best = async () => {
      const { clips, scores } = await byIndex(questionOf([vector], { clips: 1 }));
      return { clip: clips[0]!.clip, isSame: Math.max(...scores[0]!) > 0.9999 };
    };
    expect(await best()).toEqual({ clip: gate.clip, isSame: true });
    expect(await count()).toBe(before + 3);

    const again = await makeClip({ clip: gate.clip, base: gate.revision, frames: 2, seed: 6 });
    await pushClip(anna.client, again);
    expect(await count()).toBe(before + 2);
    expect((await best()).isSame).toBe(false);

    await anna.client.putRevision(gate.clip, 'deleted', { kind: 'delete', base: again.revision });
    expect(await count()).toBe(before);
  });

  it('stays frozen with its library, and is told to be short of clips until it is completed', async () => {
    const checked = await test.makeWorkspace('Checked');
    const { client } = await test.makeDevice(checked);
    const gate = await makeClip({ frames: 2, seed: 7 });
    await pushClip(client, gate);
    await pushClip(client, await makeClip({ frames: 3, seed: 8 }));
    await run('freeze', 'Checked');
    await run('index', 'Checked');
    expect(await run('check', 'Checked')).toEqual(['“Checked” is whole: 2 clips, 5 frames.']);
    await test.queryAsOwner(checked, 'delete from frame_half_vectors where event_id = $1', [gate.clip]);
    expect(await run('check', 'Checked')).toEqual([
      'Its index lacks 1 clips. Complete it with: npm run library -- index "Checked"',
      '“Checked” is whole: 2 clips, 5 frames.',
    ]);
    expect(await run('index', 'Checked')).toEqual([expect.stringMatching('has 5 vectors')]);
    expect((await run('list')).join()).toMatch(/Checked [^,]*, 5 frames, .* frozen/);
    const role = openPool(test.settings, roleOf(checked.id));
    await expect(role.query('delete from frame_half_vectors')).rejects.toMatchObject({ code: '42501' });
    await role.end();
  });

  it('is completed by a migration too, and built again where it is damaged', async () => {
    const whole = await count();
    await test.queryAsOwner(
      yard,
      `delete from frame_half_vectors where event_id < 'clip-010'; drop index frame_half_vectors_hnsw`,
    );
    expect(await ask(randomEmbedding(3))).toMatchObject({ status: 507 });
    await run('migrate');
    expect(await count()).toBe(whole);
    await run('index', 'Indexed');
    expect(await ask(randomEmbedding(3))).toMatchObject({ status: 200 });
  });

  it('can be removed', async () => {
    expect(await run('index', 'Indexed', '--drop')).toEqual(['The index of “Indexed” is gone.']);
    expect(await run('index', 'Indexed', '--drop')).toEqual(['“Indexed” has no index.']);
    expect(await ask(randomEmbedding(3))).toMatchObject({ status: 507 });
    await pushClip(anna.client, await makeClip());
  });
});
