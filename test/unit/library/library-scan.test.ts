import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { connectionOver, type DatabaseConnection } from '@/lib/library/client';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { ClipFiles } from '@/lib/library/clip-files';
import { scanLibrary } from '@/lib/library/library-scan';
import { FakeDirectory } from '../../support/fake-opfs';
import { embeddedFrame, emptyTables, makeClipDatabase, openMemoryDatabase } from './support';

const SOUND = { orphanFiles: [], missingFiles: [], wrongRows: [] };
const MODEL = 'clip-test@1/fp32/p1';

let pg: PGlite;
let connection: DatabaseConnection;
let root: FakeDirectory;
let database: ClipDatabase;
let eventId: string;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  root = new FakeDirectory();
  database = makeClipDatabase(connectionOver(pg, connection.store), root);
  ({ id: eventId } = await database.createEvent({ description: 'a clip' }));
  await database.storeFrameBatch(
    eventId,
    [0, 1, 2].map((n) => embeddedFrame(n)),
    MODEL,
  );
  await database.storeFrameBatch(eventId, [embeddedFrame(0)], 'clip-other@1/fp32/p1', { asDraft: true });
});

const files = () => new ClipFiles(new OpfsTree(root.asHandle()));
const scan = () => scanLibrary(connection.db, files());

describe('a scan of the library', () => {
  it('finds nothing in a sound one, and nothing after everything is deleted', async () => {
    expect(await scan()).toEqual(SOUND);
    expect(root.paths().length).toBeGreaterThan(3);
    await database.deleteFrameEmbeddings(eventId);
    expect(await scan()).toEqual(SOUND);
    await database.deleteEvent(eventId);
    expect(await scan()).toEqual(SOUND);
    expect(root.paths()).toEqual([]);
  });

  it('finds files that no row names, and rows without a file', async () => {
    await files().write(`frames/${eventId}/frame_009.webp`, Uint8Array.of(1));
    await files().write('vectors/gone/x.current.f32', Uint8Array.of(1));
    await files().remove([`frames/${eventId}/frame_001.webp`]);
    expect(await scan()).toEqual({
      orphanFiles: [`frames/${eventId}/frame_009.webp`, 'vectors/gone/x.current.f32'],
      missingFiles: [`frames/${eventId}/frame_001.webp`],
      wrongRows: [],
    });
  });

  it('finds a count that is wrong', async () => {
    await pg.query('update events set frames_stored = 7');
    await pg.query(`update embedding_sets set frames = 7 where state = 'current'`);
    const { wrongRows } = await scan();
    expect(wrongRows.sort()).toEqual([
      `embedding_sets.frames: ${eventId}`,
      `events.frames_stored: ${eventId}`,
    ]);
  });

  it('is clean again after the next open, which removes what a killed page has left of an unfinished clip', async () => {
    await files().write(`frames/${eventId}/frame_009.webp`, Uint8Array.of(1));
    await files().write('frames/gone/frame_001.webp', Uint8Array.of(1));
    await makeClipDatabase(connectionOver(pg, connection.store), root).open();
    await expect.poll(scan).toEqual(SOUND);
  });
});
