import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionOver } from '@/lib/library/client';
import { migrateDatabase } from '@/lib/library/migrate';
import {
  COLUMNS_SQL,
  CONSTRAINTS_SQL,
  INDEXES_SQL,
  SERVER_COLUMNS,
  SERVER_CONSTRAINTS,
  SERVER_INDEXES,
} from './server-frame-embeddings';

let pg: PGlite;

beforeAll(async () => {
  pg = await PGlite.create();
  await migrateDatabase(connectionOver(pg, 'memory').db);
}, 60_000);
afterAll(() => pg.close());

const rowsOf = async (sql: string, table: string) => (await pg.query(sql, [table])).rows;

describe('frame_embeddings is the server’s table', () => {
  it('has its columns, types and nullability, and no defaults', async () => {
    expect(await rowsOf(COLUMNS_SQL, 'frame_embeddings')).toEqual(SERVER_COLUMNS);
  });
  it('has its keys and its named unique constraint', async () => {
    expect(await rowsOf(CONSTRAINTS_SQL, 'frame_embeddings')).toEqual(SERVER_CONSTRAINTS);
  });
  it('has its three indexes', async () => {
    expect(await rowsOf(INDEXES_SQL, 'frame_embeddings')).toEqual(SERVER_INDEXES);
  });
});

describe('the tables beside it', () => {
  it('event_frames is the server’s', async () => {
    const columns = await rowsOf(COLUMNS_SQL, 'event_frames');
    expect(columns).toEqual([
      { column: 'id', type: 'text', nullable: false, default: null },
      { column: 'event_id', type: 'text', nullable: false, default: null },
      { column: 'frame_number', type: 'integer', nullable: false, default: null },
      { column: 'frame_path', type: 'character varying(500)', nullable: false, default: null },
      { column: 'timestamp_offset_ms', type: 'integer', nullable: false, default: null },
      { column: 'width', type: 'integer', nullable: true, default: null },
      { column: 'height', type: 'integer', nullable: true, default: null },
      { column: 'file_size_bytes', type: 'integer', nullable: true, default: null },
      { column: 'created_at', type: 'timestamp with time zone', nullable: false, default: null },
    ]);
    expect(await rowsOf(CONSTRAINTS_SQL, 'event_frames')).toEqual([
      {
        kind: 'foreign key',
        name: null,
        definition: 'FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE',
      },
      { kind: 'primary key', name: null, definition: 'PRIMARY KEY (id)' },
      { kind: 'unique', name: 'uq_event_frame_number', definition: 'UNIQUE (event_id, frame_number)' },
    ]);
  });

  it('events starts with the server’s columns', async () => {
    const columns = await rowsOf(COLUMNS_SQL, 'events');
    expect(columns.slice(0, 9)).toEqual([
      { column: 'id', type: 'text', nullable: false, default: null },
      { column: 'timestamp', type: 'timestamp with time zone', nullable: false, default: null },
      { column: 'description', type: 'text', nullable: false, default: null },
      {
        column: 'source_type',
        type: 'character varying(20)',
        nullable: false,
        default: "'rtsp'::character varying",
      },
      { column: 'smart_detection_type', type: 'character varying(20)', nullable: true, default: null },
      { column: 'frame_count_used', type: 'integer', nullable: true, default: null },
      { column: 'frame_timestamps', type: 'text', nullable: true, default: null },
      { column: 'video_path', type: 'character varying(500)', nullable: true, default: null },
      { column: 'created_at', type: 'timestamp with time zone', nullable: false, default: null },
    ]);
  });
});
