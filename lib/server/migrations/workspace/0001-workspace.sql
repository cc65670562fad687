-- The tables of a library. The first three are a server's, letter for letter (test/contract/server-catalog.ts).
-- Ids and times are the writer's: the database has no defaults, no sequences and no triggers.

create table events (
  id text primary key,
  timestamp timestamp with time zone not null,
  description text not null,
  source_type varchar(20) not null default 'rtsp',
  smart_detection_type varchar(20),
  frame_count_used integer,
  frame_timestamps text,
  video_path varchar(500),
  created_at timestamp with time zone not null
);

create table event_frames (
  id text primary key,
  event_id text not null references events (id) on delete cascade,
  frame_number integer not null,
  frame_path varchar(500) not null,
  timestamp_offset_ms integer not null,
  width integer,
  height integer,
  file_size_bytes integer,
  created_at timestamp with time zone not null,
  constraint uq_event_frame_number unique (event_id, frame_number)
);

create table frame_embeddings (
  id text primary key,
  event_id text not null references events (id) on delete cascade,
  frame_index integer not null,
  embedding text not null,
  model_version varchar(50) not null,
  created_at timestamp with time zone not null,
  constraint uq_frame_embedding_event_frame unique (event_id, frame_index)
);
create index ix_frame_embeddings_event_id on frame_embeddings (event_id);
create index ix_frame_embeddings_event_frame on frame_embeddings (event_id, frame_index);
create index idx_frame_embeddings_model_version on frame_embeddings (model_version);

-- Thumbnails are compressed already.
create table frame_pictures (
  event_id text not null references events (id) on delete cascade,
  frame_number integer not null,
  type varchar(20) not null,
  bytes bytea not null,
  primary key (event_id, frame_number)
);
alter table frame_pictures alter column bytes set storage external;

create table devices (
  id text primary key,
  name text not null,
  last_seen timestamp with time zone not null
);

-- One row a clip, also after its deletion. It is the change feed: a clip that changes gets the next number.
create table clips (
  event_id text primary key,
  -- Null together with change_seq, and only within the transaction that adds the clip.
  revision text,
  change_seq bigint constraint clips_change_seq_key unique,
  state varchar(10) not null check (state in ('live', 'deleted', 'unshared')),
  device_id text not null,
  frames integer not null,
  vectors integer not null,
  pictures integer not null,
  rows_digest text not null,
  committed_at timestamp with time zone not null,
  -- What events has no column for.
  source_type varchar(20),
  file_name text,
  file_bytes bigint,
  file_fingerprint text,
  duration_ms integer,
  width integer,
  height integer,
  model_version varchar(50),
  sampling text,
  player_start_ms double precision,
  video_track integer,
  gaps text
);
create index clips_file_fingerprint on clips (file_fingerprint);

-- The number of the last change and the state of the library, in its one row.
create table clock (
  one integer primary key check (one = 1),
  change_seq bigint not null,
  state bit(128) not null,
  epoch text not null
);

-- Every change that was ever committed: answers a commit that is sent again.
create table revisions (
  event_id text not null,
  revision text not null,
  change_seq bigint not null,
  kind varchar(10) not null,
  device_id text not null,
  committed_at timestamp with time zone not null,
  primary key (event_id, revision)
);

-- What has come of a change and is not committed.
create table pushes (
  event_id text not null,
  revision text not null,
  base text,
  device_id text not null,
  event text not null,
  details text not null,
  frames integer not null,
  pictures integer not null,
  rows_digest text not null,
  started_at timestamp with time zone not null,
  primary key (event_id, revision)
);

-- Unlogged: a crash empties the rows and the list of pages together, and they are sent again.
create unlogged table push_pages (
  event_id text not null,
  revision text not null,
  -- 'rows' or 'pictures'.
  kind varchar(10) not null,
  page integer not null,
  digest text not null,
  primary key (event_id, revision, kind, page),
  foreign key (event_id, revision) references pushes (event_id, revision) on delete cascade
);

create unlogged table push_rows (
  event_id text not null,
  revision text not null,
  frame_index integer not null,
  frame_id text,
  timestamp_offset_ms integer,
  width integer,
  height integer,
  file_size_bytes integer,
  frame_created_at timestamp with time zone,
  vector_id text,
  model_version varchar(50),
  embedding text,
  vector_created_at timestamp with time zone,
  primary key (event_id, revision, frame_index),
  foreign key (event_id, revision) references pushes (event_id, revision) on delete cascade
);

create unlogged table push_pictures (
  event_id text not null,
  revision text not null,
  frame_number integer not null,
  type varchar(20) not null,
  bytes bytea not null,
  primary key (event_id, revision, frame_number),
  foreign key (event_id, revision) references pushes (event_id, revision) on delete cascade
);
alter table push_pictures alter column bytes set storage external;

-- 10,000 vectors take 16 s with pglz, PostgreSQL's default, and 2.4 s with lz4, which some builds lack.
do $$
begin
  alter table frame_embeddings alter column embedding set compression lz4;
  alter table push_rows alter column embedding set compression lz4;
exception when feature_not_supported then
  alter table frame_embeddings alter column embedding set storage external;
  alter table push_rows alter column embedding set storage external;
end
$$;
