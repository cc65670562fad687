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
let clipId: string;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await emptyTables(pg);
  root = new FakeDirectory();
  database = makeClipDatabase(connectionOver(pg, connection.store), root);
  ({ id: clipId } = await database.createClip({ description: 'a clip' }));
  await database.storeFrameBatch(
    clipId,
    [0, 1, 2].map((n) => embeddedFrame(n)),
    MODEL,
  );
  await database.storeFrameBatch(clipId, [embeddedFrame(0)], 'clip-other@1/fp32/p1', { asDraft: true });
});

const files = () => new ClipFiles(new OpfsTree(root.asHandle()));
const scan = () => scanLibrary(connection.db, files());

describe('a scan of the library', () => {
  it('finds nothing in a sound one, and nothing after everything is deleted', async () => {
    expect(await scan()).toEqual(SOUND);
    expect(root.paths().length).toBeGreaterThan(3);
    await database.deleteFrameEmbeddings(clipId);
    expect(await scan()).toEqual(SOUND);
    await database.deleteClip(clipId);
    expect(await scan()).toEqual(SOUND);
    expect(root.paths()).toEqual([]);
  });

  it('finds files that no row names, and rows without a file', async () => {
    await files().write(`frames/${clipId}/frame_009.webp`, Uint8Array.of(1));
    await files().write('vectors/gone/x.current.f32', Uint8Array.of(1));
    await files().remove([`frames/${clipId}/frame_001.webp`]);
    expect(await scan()).toEqual({
      orphanFiles: [`frames/${clipId}/frame_009.webp`, 'vectors/gone/x.current.f32'],
      missingFiles: [`frames/${clipId}/frame_001.webp`],
      wrongRows: [],
    });
  });

  it('finds a count that is wrong', async () => {
    await pg.query('update events set frames_stored = 7');
    await pg.query(`update embedding_sets set frames = 7 where state = 'current'`);
    const { wrongRows } = await scan();
    expect(wrongRows.sort()).toEqual([`embedding_sets.frames: ${clipId}`, `events.frames_stored: ${clipId}`]);
  });

  it('is clean again after the next open, which removes what a killed page has left of an unfinished clip', async () => {
    await files().write(`frames/${clipId}/frame_009.webp`, Uint8Array.of(1));
    await files().write('frames/gone/frame_001.webp', Uint8Array.of(1));
    await makeClipDatabase(connectionOver(pg, connection.store), root).open();
    await expect.poll(scan).toEqual(SOUND);
  });
});
