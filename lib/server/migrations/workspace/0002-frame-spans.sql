-- How long the picture of a frame is on screen, in clip time. The page has the same table; the server's own does not.
create table frame_spans (
  event_id text not null references events (id) on delete cascade,
  -- 0-based.
  frame_index integer not null,
  start_ms double precision not null,
  end_ms double precision not null,
  primary key (event_id, frame_index)
);

alter table push_rows add column start_ms double precision, add column end_ms double precision;
