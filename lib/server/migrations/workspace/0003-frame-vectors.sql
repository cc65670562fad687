-- What frame_embeddings says, as 512 little-endian float32: 2,048 bytes, read without parsing. It is derived, and filled in
-- again wherever it is missing (lib/server/search/fill-vectors.ts).
create table frame_vectors (
  event_id text not null references events (id) on delete cascade,
  -- 0-based.
  frame_index integer not null,
  model_version varchar(50) not null,
  vector bytea not null,
  primary key (event_id, frame_index)
);
-- Vectors lie in the rows themselves, which would be moved out of them above 2,032 bytes, and are not packed: they do not shrink.
alter table frame_vectors alter column vector set storage main;
alter table frame_vectors set (toast_tuple_target = 4080);

alter table push_rows add column vector bytea;
alter table push_rows alter column vector set storage external;
