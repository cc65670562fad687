import fc from 'fast-check';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddingCache } from '@/lib/search/embedding-cache';
import { connectionOver, type DatabaseConnection } from '@/lib/library/client';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { importFile } from '@/lib/exchange/import';
import { fromJsonLines, toJsonLines } from '@/lib/exchange/jsonl';
import { readLines, textToBlob } from '@/lib/exchange/lines';
import { readClips } from '@/lib/exchange/read-rows';
import { fromSql, parseTuple, sqlLiteral, toSql } from '@/lib/exchange/sql';
import type { FramesiftServices } from '@/lib/core/services';
import { FakeDirectory } from '../../support/fake-opfs';
import {
  emptyTables,
  makeClipDatabase,
  openMemoryDatabase,
  randomEmbedding,
  snapshot,
} from '../library/support';

const MODEL = 'clip-test@1/fp32/p1';
const NASTY = "it's \\ a\r\n\"clip\"; -- 'x' ünï 🐟";

let pg: PGlite;
let connection: DatabaseConnection;
let files: FakeDirectory;
let database: ClipDatabase;
let services: FramesiftServices;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  files = new FakeDirectory({ hasAccess: false });
  database = makeClipDatabase(connectionOver(pg, connection.store), files);
  // The verbs of import ask for the database alone.
  services = { database } as unknown as FramesiftServices;
});

async function addClip(description: string, count: number, seed = 0): Promise<string> {
  const { id } = await database.createClip({
    description,
    fileName: `${description}.mp4`,
    fileBytes: 12_345_678_901,
    fileFingerprint: 'f00d',
    durationMs: 61_234,
    width: 1920,
    height: 1080,
    sampling: '{"kind":"rate","framesPerSecond":2}',
    framesPlanned: count,
    playerStartMs: 46.5,
    videoTrack: 1,
    gaps: '[{"startMs":10,"endMs":20,"reason":"Damaged."}]',
  });
  await database.storeFrameBatch(id, frames(count, seed), MODEL);
  await database.updateClip(id, { ingestState: 'done', modelVersion: MODEL });
  return id;
}

const frames = (count: number, seed = 0) =>
  Array.from({ length: count }, (_, frameIndex) => ({
    frameIndex,
    timestampMs: frameIndex * 500,
    span: frameIndex % 2 ? null : { startMs: frameIndex * 500 - 3.25, endMs: frameIndex * 500 + 30.117 },
    width: 1920,
    height: 1080,
    thumbnail: Uint8Array.of(0x52, 0x49, 0x46, 0x46, frameIndex),
    embedding: randomEmbedding(frameIndex + seed * 1000),
  }));

type Format = 'jsonl' | 'sql';

async function exportText(format: Format): Promise<string> {
  const events = await database.listClips();
  const header = { createdAt: '2026-11-22T20:00:00.000Z', clips: events.length };
  const clips = readClips(database, events);
  const blob = await textToBlob(
    format === 'jsonl' ? toJsonLines(clips, header) : toSql(clips, header),
    'text/plain',
  );
  return blob.text();
}

const asFile = (text: string, format: Format) => new File([text], `export.${format}`);
const bring = (text: string, format: Format) => importFile(services, asFile(text, format));

describe.each(['jsonl', 'sql'] as const)('rows as %s', (format) => {
  it('bring an emptied library back, to the digit and the id', async () => {
    await addClip(NASTY, 5);
    await addClip('another', 3, 1);
    const before = await snapshot(pg);
    const text = await exportText(format);
    await emptyTables(pg);
    const outcome = await bring(text, format);
    expect(outcome?.clipIds).toHaveLength(2);
    expect(outcome?.sentence).toMatch(/^2 clips added, with 8 embeddings\./);
    expect(await snapshot(pg)).toEqual(before);
  });

  it('update a clip that is there, and leave its pictures and its further frames', async () => {
    const id = await addClip('a clip', 4);
    const text = await exportText(format);
    const before = await snapshot(pg);
    await database.storeFrameBatch(id, frames(6, 7), MODEL);
    await database.updateClip(id, { description: 'renamed' });
    const pictures = files.paths();
    const outcome = await bring(text, format);
    expect(outcome?.sentence).toBe('1 clip updated, with 4 embeddings.');
    expect(await database.listClips()).toHaveLength(1);
    expect(await database.getClip(id)).toMatchObject({ description: 'a clip', frameCount: 6 });
    const stored = await database.getFrameEmbeddings(id);
    expect(stored.map(({ embedding }) => embedding.slice(0, 3))).toEqual(
      [...frames(4), ...frames(6, 7).slice(4)].map(({ embedding }) => embedding.slice(0, 3)),
    );
    expect(files.paths()).toEqual(pictures);
    expect((await database.readThumbnails(id, [0, 5])).every((blob) => blob !== null)).toBe(true);
    expect(before).not.toEqual(await snapshot(pg));
  });

  it('change nothing when they are brought in twice', async () => {
    await addClip('a clip', 3);
    const before = await snapshot(pg);
    const text = await exportText(format);
    await bring(text, format);
    await bring(text, format);
    expect(await snapshot(pg)).toEqual(before);
  });

  it('of a changed embedding are seen by the next question', async () => {
    const id = await addClip('a clip', 2);
    const text = await exportText(format);
    const [first] = await database.getFrameEmbeddings(id);
    const cache = new EmbeddingCache(database);
    await database.storeFrameEmbeddingsBatch(id, [{ frameIndex: 0, embedding: randomEmbedding(99) }], MODEL);
    await cache.read(MODEL, [{ clipId: id }]);
    await bring(text, format);
    const [read] = await cache.read(MODEL, [{ clipId: id }]);
    expect(read!.embeddings.slice(0, 512)).toEqual(first!.embedding);
  });

  it('that are cut off anywhere bring in only clips that are whole', async () => {
    await addClip('a clip', 3);
    await addClip('another', 3, 1);
    const text = await exportText(format);
    for (const share of [0.1, 0.45, 0.7, 0.999]) {
      await emptyTables(pg);
      await expect(bring(text.slice(0, text.length * share), format)).rejects.toThrow(
        /cut off|damaged|no JSON|not one that Framesift writes|missing/,
      );
      for (const { frameCount, embeddingCount } of await database.listClips()) {
        expect([frameCount, embeddingCount]).toEqual([3, 3]);
      }
    }
    const lines = text.trimEnd().split('\n');
    await emptyTables(pg);
    await expect(bring(lines.slice(0, -2).join('\n'), format)).rejects.toThrow(/cut off/);
  });

  it.each([
    ['an embedding that is too short', /\[-?0\.\d+,/, '[', /511 numbers instead of 512/],
    ['an embedding of zeros', /\[[^\]]{500,}\]/, `[${'0,'.repeat(511)}0]`, /all zeros/],
    ['a model version that is too long', new RegExp(MODEL.replaceAll('/', '\\/'), 'g'), 'm'.repeat(51), /50/],
    ['a wrong source type', /upload/, 'webcam', /source_type/],
    ['a row of another clip', /another-clip/, 'another-clip', /another clip/],
  ])('with %s are refused and leave everything as it was', async (what, pattern, change, message) => {
    const id = await addClip('a clip', 3);
    const before = await snapshot(pg);
    let text = await exportText(format);
    if (what === 'a row of another clip') {
      const at = text.lastIndexOf(id);
      text = text.slice(0, at) + crypto.randomUUID() + text.slice(at + id.length);
    } else {
      expect(text).toMatch(pattern);
      text = text.replace(pattern, change);
    }
    await expect(bring(text, format)).rejects.toThrow(message);
    expect(await snapshot(pg)).toEqual(before);
  });

  it('never make a path that leads out of their clip’s folder', async () => {
    const id = await addClip('a clip', 2);
    const text = (await exportText(format)).replaceAll(`frames/${id}/frame_001.webp`, 'clips/other/../x');
    await emptyTables(pg);
    await bring(text, format);
    const { rows } = await pg.query<{ frame_path: string }>('select frame_path from event_frames order by 1');
    expect(rows.map(({ frame_path: path }) => path)).toEqual([
      `frames/${id}/frame_001.webp`,
      `frames/${id}/frame_002.webp`,
    ]);
  });

  it('have no pictures, which the library tells and takes later', async () => {
    const id = await addClip('a clip', 3);
    const text = await exportText(format);
    await database.deleteClip(id);
    await bring(text, format);
    expect(await database.readThumbnails(id, [0, 1])).toEqual([null, null]);
    expect((await database.framesWithoutPicture(id)).map(({ frameIndex }) => frameIndex)).toEqual([0, 1, 2]);
    await database.storeThumbnails(id, [{ frameIndex: 1, thumbnail: Uint8Array.of(0xff, 0xd8, 1) }]);
    expect((await database.framesWithoutPicture(id)).map(({ frameIndex }) => frameIndex)).toEqual([0, 2]);
  });

  it('with ids that other rows have get new ones', async () => {
    await addClip('a clip', 2);
    const text = await exportText(format);
    const [event] = await database.listClips();
    const copy = text.replaceAll(event!.id, crypto.randomUUID());
    await bring(copy, format);
    expect((await database.listClips()).map(({ embeddingCount }) => embeddingCount)).toEqual([2, 2]);
  });
});

describe('a clip that the database refuses half way', () => {
  it('leaves nothing of itself', async () => {
    await addClip('a clip', 3);
    const text = await exportText('sql');
    await emptyTables(pg);
    await addClip('another', 1, 1);
    const before = await snapshot(pg);
    await pg.exec('alter table frame_embeddings add constraint no_third check (frame_index < 2)');
    try {
      await expect(bring(text, 'sql')).rejects.toThrow();
    } finally {
      await pg.exec('alter table frame_embeddings drop constraint no_third');
    }
    expect(await snapshot(pg)).toEqual(before);
  });
});

describe('JSON lines', () => {
  it('may come without what is local, as from a server', async () => {
    await addClip('a clip', 2);
    const text = await exportText('jsonl');
    await emptyTables(pg);
    const bare = text.replace(/,"local":\{.*?\}\}\}/, '}').replace('"rtsp"', '"protect"');
    await bring(bare, 'jsonl');
    const [event] = await database.listClips();
    expect(event).toMatchObject({ sourceType: 'protect', modelVersion: MODEL, ingestState: 'done' });
  });

  it('with a column that is none of the table’s are refused', async () => {
    await addClip('a clip', 1);
    const text = (await exportText('jsonl')).replace('"frame_index":', '"camera_id":1,"frame_index":');
    await expect(bring(text, 'jsonl')).rejects.toThrow(/frame_embeddings.*camera_id/);
  });

  it('of an unknown table are refused', async () => {
    const lines = '{"framesift":1,"format":"rows","createdAt":"x","clips":1}\n{"table":"pg_user"}\n';
    await expect(bring(lines, 'jsonl')).rejects.toThrow(/Line 2/);
  });
});

describe('SQL', () => {
  it.each([
    'drop table events;',
    'insert into pg_authid (rolname) values',
    "insert into events (id) values ('x');",
    'select 1; commit;',
    '\\! touch /tmp/x',
    "  ('x'), (select 1))",
  ])(
    'that is not ours is refused and not run: %s',
    async (line) => {
      await addClip('a clip', 1);
      const before = await snapshot(pg);
      const text = await exportText('sql');
      for (const [i] of text.split('\n').entries()) {
        const lines = text.split('\n');
        lines.splice(i + 1, 0, line);
        await expect(bring(lines.join('\n'), 'sql')).rejects.toThrow();
      }
      expect(await snapshot(pg)).toEqual(before);
    },
    20_000,
  );
});

describe('SQL literals', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom("'", '\\', '\n', '\r', 'E', ',', ')', '(', ';', ' ', '-') }),
  );
  const cell = fc.oneof(
    text.filter((value) => !value.includes('\0')),
    fc.integer(),
    fc.constant(null),
  );

  it('are read back by our parser as they were', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), fc.boolean(), (values, isContinued) => {
        const columns = values.map((_, i) => `c${i}`);
        const line = `  (${values.map(sqlLiteral).join(', ')})${isContinued ? ',' : ''}`;
        expect(line).not.toMatch(/[\r\n]/);
        expect(parseTuple(line, columns)).toEqual({
          values: Object.fromEntries(values.map((value, i) => [`c${i}`, value])),
          isContinued,
        });
      }),
    );
  }, 30_000);

  it('are read by PostgreSQL as they were', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        fc.pre(!value.includes('\0'));
        const { rows } = await pg.query<{ value: string }>(`select ${sqlLiteral(value)} as value`);
        expect(rows[0]!.value).toBe(value);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  it.each([
    "  ('a' || 'b')",
    "  ('a'",
    "  ('a', )",
    "  ('a') ",
    '  (now())',
    "  (E'\\x41')",
    "  ('\\')",
    '  (1e5)',
  ])('that we never write are none: %s', (line) => {
    expect(parseTuple(line, ['c'])).toBeNull();
  });

  it('of a text with NUL are refused', () => {
    expect(() => sqlLiteral('a\0b')).toThrow(/NUL/);
  });
});

describe('lines', () => {
  it('are the same however the file is cut into pieces', async () => {
    const text = 'one\r\ntwo ünï 🐟\n\nlast';
    const bytes = new TextEncoder().encode(text);
    const blob = new Blob(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    const lines: string[] = [];
    for await (const line of readLines(blob)) lines.push(line);
    expect(lines).toEqual(['one', 'two ünï 🐟', '', 'last']);
  });

  it('of a file that is no text are refused', async () => {
    await expect(readLines(new Blob([Uint8Array.of(0xff, 0xfe)])).next()).rejects.toThrow(/UTF-8/);
  });
});

describe('parsers', () => {
  const parse = async (parser: typeof fromSql, text: string) => {
    const lines = readLines(new Blob([text]));
    for await (const clip of parser(lines)) expect(clip).toBeDefined();
  };
  it('refuse a file without a header or with none of its clips', async () => {
    await expect(parse(fromSql, 'begin;\ncommit;\n')).rejects.toThrow(/Line 1/);
    await expect(parse(fromJsonLines, '')).rejects.toThrow(/cut off/);
    await expect(parse(fromJsonLines, '{"framesift":2,"format":"rows"}')).rejects.toThrow(/first line/);
  });
});
