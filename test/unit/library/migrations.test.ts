import { readFileSync } from 'node:fs';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { describe, expect, it } from 'vitest';
import { PGlite } from '@electric-sql/pglite';
import { connectionOver } from '@/lib/library/client';
import { getClip, listClips } from '@/lib/library/clips';
import { migrateDatabase } from '@/lib/library/migrate';
import { migrations } from '@/lib/library/migrations.generated';
import { DATABASE_NAME } from '@/lib/library/stores';
import * as schema from '@/lib/library/schema';
import { renderMigrations } from '@/scripts/bundle-migrations';
import { openPreparedPglite } from '../../support/memory-database';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('migrations', () => {
  it('lib/library/migrations.generated.ts is what drizzle/ holds (else: npm run db:generate)', () => {
    expect(read('lib/library/migrations.generated.ts')).toBe(renderMigrations());
  });

  it('drizzle/ has every change of lib/library/schema.ts (else: npm run db:generate)', async () => {
    const newest = String(migrations.length - 1).padStart(4, '0');
    const migrated = JSON.parse(read(`drizzle/meta/${newest}_snapshot.json`)) as { id: string };
    // drizzle-kit's types of a snapshot do not resolve outside its own build.
    expect(await generateMigration(migrated as never, generateDrizzleJson(schema, migrated.id))).toEqual([]);
  });
});

describe('a library of 0.1', () => {
  it('opens with its rows as they are and its embeddings counted', async () => {
    const pg = await PGlite.create();
    try {
      await pg.exec(
        'create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
      );
      for (const { sql, hash, folderMillis } of migrations.slice(0, 3)) {
        for (const statement of sql) await pg.exec(statement);
        await pg.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
          hash,
          folderMillis,
        ]);
      }
      await pg.exec(`
        insert into events (id, timestamp, description, created_at) values ('a', now(), 'a clip', now()), ('b', now(), 'another', now());
        insert into event_frames (id, event_id, frame_number, frame_path, timestamp_offset_ms, created_at)
          select 'f' || n, 'a', n, 'frames/a/frame_00' || n || '.webp', n * 1000, now() from generate_series(1, 3) n;
        insert into frame_embeddings (id, event_id, frame_index, embedding, model_version, created_at)
          select 'v' || n, 'a', n, '[1]', case when n < 2 then 'older' else 'newer' end, now() from generate_series(0, 2) n;
        insert into frame_embedding_drafts (event_id, frame_index, embedding, model_version, created_at)
          values ('a', 0, '[1]', 'newest', now());`);
      const rows = async () => (await pg.query('select * from frame_embeddings order by id')).rows;
      const before = await rows();
      const { db } = connectionOver(pg, 'memory');
      await migrateDatabase(db);
      expect(await rows()).toEqual(before);
      expect(await listClips(db)).toEqual([
        expect.objectContaining({
          id: 'a',
          frameCount: 3,
          embeddingCount: 3,
          embeddingCounts: { newer: 1, older: 2 },
        }),
        expect.objectContaining({ id: 'b', frameCount: 0, embeddingCount: 0 }),
      ]);
      expect((await getClip(db, 'a'))!.embeddingSets).toContainEqual({
        modelVersion: 'newest',
        state: 'replacement',
        frames: 1,
        revision: 1,
      });
    } finally {
      await pg.close();
    }
  }, 60_000);
});

describe('a library of a newer version of the page', () => {
  it('is refused with a way on, and left as it is', async () => {
    const pg = await openPreparedPglite();
    try {
      const { db } = connectionOver(pg, 'memory');
      await migrateDatabase(db);
      await pg.exec(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('newer', 9e15)`);
      await expect(migrateDatabase(db)).rejects.toMatchObject({
        code: 'storage-unavailable',
        message: expect.stringMatching(/newer version.*open the page again.*start anew/) as string,
      });
      const { rows } = await pg.query('select count(*)::int as n from drizzle.__drizzle_migrations');
      expect(rows).toEqual([{ n: migrations.length + 1 }]);
    } finally {
      await pg.close();
    }
  }, 60_000);
});

describe('the name of the database', () => {
  it('has the major version of PGlite’s PostgreSQL, which traps on files of another', async () => {
    const pg = await openPreparedPglite();
    const { rows } = await pg.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    );
    await pg.close();
    expect(DATABASE_NAME).toMatch(new RegExp(`^framesift-pg${rows[0]!.major}-v\\d+$`));
  }, 60_000);
});
