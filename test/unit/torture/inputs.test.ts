import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toJsonLines } from '@/lib/exchange/jsonl';
import { textToBlob } from '@/lib/exchange/lines';
import { readClips } from '@/lib/exchange/read-rows';
import { toSql } from '@/lib/exchange/sql';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { connectionOver } from '@/lib/library/client';
import { inputKinds, tryInputs, type ImportServices, type InputKind } from '@/scripts/torture/inputs';
import { greyPixelPng } from '@/test/support/png';
import { embeddedFrame, makeClipDatabase, openMemoryDatabase, snapshot } from '../library/support';

/** A share of what `npm run torture -- --inputs` tries. */
const COUNT = Number(process.env.FRAMESIFT_TORTURE_COUNT ?? 60);
const FIRST = Number(process.env.FRAMESIFT_TORTURE_FIRST ?? 0);

const KINDS = [
  'rows as JSON lines',
  'rows as SQL',
  'manifests',
  'messages',
  'tables',
  'contact sheets',
  'ZIPs',
  'graphs of models',
  'configurations of models',
  'tokenizers of models',
  'other files of models',
  'questions',
  'addresses',
  'file names',
  'pictures',
];

let pg: PGlite;
let database: ClipDatabase;
let kinds: Map<string, InputKind>;
let before: unknown;

beforeAll(async () => {
  const opened = await openMemoryDatabase();
  pg = opened.pg;
  database = makeClipDatabase(connectionOver(pg, opened.connection.store));
  const { id } = await database.createClip({ description: 'kept', fileName: 'kept.mp4', durationMs: 3000 });
  await database.storeFrameBatch(id, [embeddedFrame(0), embeddedFrame(1)], 'test/q8/p1');
  before = await snapshot(pg);
  const events = await database.listClips();
  const header = { createdAt: '2026-11-22T20:00:00.000Z', clips: events.length };
  const text = async (lines: Parameters<typeof textToBlob>[0]) =>
    (await textToBlob(lines, 'text/plain')).text();
  // Under another name, so that what comes in never takes the place of what is there.
  const other = (rows: string) => rows.replaceAll(id, 'b6f7a1f2-6b0e-4c7e-9a55-0d1f2a3b4c5d');
  const rows = {
    jsonl: other(await text(toJsonLines(readClips(database, events), header))),
    sql: other(await text(toSql(readClips(database, events), header))),
  };
  const services = { database } as unknown as ImportServices;
  kinds = new Map((await inputKinds(services, rows, greyPixelPng())).map((kind) => [kind.name, kind]));
}, 60_000);
afterAll(() => pg.close());

it('knows every kind', () => {
  expect([...kinds.keys()]).toEqual(KINDS);
});

it.each(KINDS)(
  'damaged %s are taken or refused with a sentence (#22)',
  { timeout: 600_000 },
  async (name) => {
    const numbers = Array.from({ length: COUNT }, (_, i) => FIRST + i);
    const report = await tryInputs(kinds.get(name)!, numbers);
    if (process.env.FRAMESIFT_TORTURE_COUNT)
      console.log(JSON.stringify({ ...report, faults: report.faults.length }));
    expect(report.faults).toEqual([]);
    expect(report.taken + report.refused).toBe(COUNT);
  },
);

it('the library and what it had are untouched by all of them', async () => {
  for (const { id, fileName } of await database.listClips()) {
    if (fileName !== 'kept.mp4' || id.startsWith('b6f7a1f2')) await database.deleteClip(id);
  }
  expect(await snapshot(pg)).toEqual(before);
});
