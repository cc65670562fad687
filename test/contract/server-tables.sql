-- The server's tables as its own migrations make them, with the source types that it knows checked.
create table events (
  id text primary key,
  timestamp timestamp with time zone not null,
  description text not null,
  source_type varchar(20) not null default 'rtsp' check (source_type in ('rtsp', 'usb', 'protect')),
  smart_detection_type varchar(20)
    check (smart_detection_type in ('person', 'vehicle', 'package', 'animal', 'motion', 'ring')),
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
