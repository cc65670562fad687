/**
 * The server's tables as PostgreSQL's catalog tells them, and the queries that ask for it. Used on
 * PGlite in memory here, on the browser's own database in test/browser, and on each workspace of a library server.
 */
export interface CatalogColumn {
  column: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

export interface CatalogConstraint {
  kind: 'primary key' | 'foreign key' | 'unique';
  /** Null where the server leaves the name to the database. */
  name: string | null;
  definition: string;
}

export interface CatalogIndex {
  name: string;
  unique: boolean;
  columns: string;
}

export const SERVER_COLUMNS: CatalogColumn[] = [
  { column: 'id', type: 'text', nullable: false, default: null },
  { column: 'event_id', type: 'text', nullable: false, default: null },
  { column: 'frame_index', type: 'integer', nullable: false, default: null },
  { column: 'embedding', type: 'text', nullable: false, default: null },
  { column: 'model_version', type: 'character varying(50)', nullable: false, default: null },
  { column: 'created_at', type: 'timestamp with time zone', nullable: false, default: null },
];

export const SERVER_CONSTRAINTS: CatalogConstraint[] = [
  {
    kind: 'foreign key',
    name: null,
    definition: 'FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE',
  },
  { kind: 'primary key', name: null, definition: 'PRIMARY KEY (id)' },
  { kind: 'unique', name: 'uq_frame_embedding_event_frame', definition: 'UNIQUE (event_id, frame_index)' },
];

/** The indexes beside those that the constraints bring. */
export const SERVER_INDEXES: CatalogIndex[] = [
  { name: 'idx_frame_embeddings_model_version', unique: false, columns: 'model_version' },
  { name: 'ix_frame_embeddings_event_frame', unique: false, columns: 'event_id, frame_index' },
  { name: 'ix_frame_embeddings_event_id', unique: false, columns: 'event_id' },
];

/** Columns of the server's `event_frames`. */
export const SERVER_FRAME_COLUMNS: CatalogColumn[] = [
  { column: 'id', type: 'text', nullable: false, default: null },
  { column: 'event_id', type: 'text', nullable: false, default: null },
  { column: 'frame_number', type: 'integer', nullable: false, default: null },
  { column: 'frame_path', type: 'character varying(500)', nullable: false, default: null },
  { column: 'timestamp_offset_ms', type: 'integer', nullable: false, default: null },
  { column: 'width', type: 'integer', nullable: true, default: null },
  { column: 'height', type: 'integer', nullable: true, default: null },
  { column: 'file_size_bytes', type: 'integer', nullable: true, default: null },
  { column: 'created_at', type: 'timestamp with time zone', nullable: false, default: null },
];

/** Constraints of the server's `event_frames`. */
export const SERVER_FRAME_CONSTRAINTS: CatalogConstraint[] = [
  {
    kind: 'foreign key',
    name: null,
    definition: 'FOREIGN KEY (event_id) REFERENCES events(id) ON DELETE CASCADE',
  },
  { kind: 'primary key', name: null, definition: 'PRIMARY KEY (id)' },
  { kind: 'unique', name: 'uq_event_frame_number', definition: 'UNIQUE (event_id, frame_number)' },
];

/** Columns of the server's `events` that a clip of a browser has values for. */
export const SERVER_EVENT_COLUMNS: CatalogColumn[] = [
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
];

/** Columns of the table $1, in order. */
export const COLUMNS_SQL = `
  select a.attname as "column", format_type(a.atttypid, a.atttypmod) as "type",
    not a.attnotnull as "nullable", pg_get_expr(d.adbin, d.adrelid) as "default"
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = ($1::text)::regclass and a.attnum > 0 and not a.attisdropped
  order by a.attnum`;

/** Constraints of the table $1. A not-null constraint, which PostgreSQL 18 lists too, counts as its column's. */
export const CONSTRAINTS_SQL = `
  select case c.contype when 'p' then 'primary key' when 'f' then 'foreign key' else 'unique' end as "kind",
    case c.contype when 'u' then c.conname end as "name",
    pg_get_constraintdef(c.oid) as "definition"
  from pg_constraint c
  where c.conrelid = ($1::text)::regclass and c.contype <> 'n'
  order by 1, 2`;

/** Indexes of the table $1 that no constraint made. */
export const INDEXES_SQL = `
  select i.relname as "name", x.indisunique as "unique",
    (select string_agg(pg_get_indexdef(x.indexrelid, k, true), ', ' order by k)
     from generate_series(1, x.indnkeyatts) k) as "columns"
  from pg_index x join pg_class i on i.oid = x.indexrelid
  where x.indrelid = ($1::text)::regclass
    and not exists (select 1 from pg_constraint c where c.conindid = x.indexrelid and c.contype <> 'f')
  order by 1`;
