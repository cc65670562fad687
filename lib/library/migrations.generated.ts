// Generated from drizzle/ by scripts/bundle-migrations.ts; run `npm run db:generate` to renew it.
import type { MigrationMeta } from 'drizzle-orm/migrator';

// prettier-ignore
export const migrations: MigrationMeta[] = [
  {
    "sql": [
      "CREATE TABLE \"event_frames\" (\n\t\"id\" text PRIMARY KEY NOT NULL,\n\t\"event_id\" text NOT NULL,\n\t\"frame_number\" integer NOT NULL,\n\t\"frame_path\" varchar(500) NOT NULL,\n\t\"timestamp_offset_ms\" integer NOT NULL,\n\t\"width\" integer,\n\t\"height\" integer,\n\t\"file_size_bytes\" integer,\n\t\"created_at\" timestamp with time zone NOT NULL,\n\tCONSTRAINT \"uq_event_frame_number\" UNIQUE(\"event_id\",\"frame_number\")\n);\n",
      "\nCREATE TABLE \"events\" (\n\t\"id\" text PRIMARY KEY NOT NULL,\n\t\"timestamp\" timestamp with time zone NOT NULL,\n\t\"description\" text NOT NULL,\n\t\"source_type\" varchar(20) DEFAULT 'rtsp' NOT NULL,\n\t\"smart_detection_type\" varchar(20),\n\t\"frame_count_used\" integer,\n\t\"frame_timestamps\" text,\n\t\"video_path\" varchar(500),\n\t\"created_at\" timestamp with time zone NOT NULL,\n\t\"file_name\" text,\n\t\"file_bytes\" bigint,\n\t\"file_fingerprint\" text,\n\t\"duration_ms\" integer,\n\t\"width\" integer,\n\t\"height\" integer,\n\t\"model_version\" varchar(50),\n\t\"ingest_state\" varchar(20) DEFAULT 'pending' NOT NULL,\n\t\"ingest_error\" text,\n\t\"frames_planned\" integer,\n\t\"sampling\" text\n);\n",
      "\nCREATE TABLE \"frame_embeddings\" (\n\t\"id\" text PRIMARY KEY NOT NULL,\n\t\"event_id\" text NOT NULL,\n\t\"frame_index\" integer NOT NULL,\n\t\"embedding\" text NOT NULL,\n\t\"model_version\" varchar(50) NOT NULL,\n\t\"created_at\" timestamp with time zone NOT NULL,\n\tCONSTRAINT \"uq_frame_embedding_event_frame\" UNIQUE(\"event_id\",\"frame_index\")\n);\n",
      "\nALTER TABLE \"event_frames\" ADD CONSTRAINT \"event_frames_event_id_events_id_fk\" FOREIGN KEY (\"event_id\") REFERENCES \"public\".\"events\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nALTER TABLE \"frame_embeddings\" ADD CONSTRAINT \"frame_embeddings_event_id_events_id_fk\" FOREIGN KEY (\"event_id\") REFERENCES \"public\".\"events\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nCREATE INDEX \"ix_frame_embeddings_event_id\" ON \"frame_embeddings\" USING btree (\"event_id\");",
      "\nCREATE INDEX \"ix_frame_embeddings_event_frame\" ON \"frame_embeddings\" USING btree (\"event_id\",\"frame_index\");",
      "\nCREATE INDEX \"idx_frame_embeddings_model_version\" ON \"frame_embeddings\" USING btree (\"model_version\");"
    ],
    "bps": true,
    "folderMillis": 1795339602556,
    "hash": "8779a8ced968d85d36c8870a42cd53c86bdbea491e16bd68d911ba77abbec5bb"
  },
  {
    "sql": [
      "CREATE TABLE \"frame_embedding_drafts\" (\n\t\"event_id\" text NOT NULL,\n\t\"frame_index\" integer NOT NULL,\n\t\"embedding\" text NOT NULL,\n\t\"model_version\" varchar(50) NOT NULL,\n\t\"created_at\" timestamp with time zone NOT NULL,\n\tCONSTRAINT \"frame_embedding_drafts_event_id_frame_index_pk\" PRIMARY KEY(\"event_id\",\"frame_index\")\n);\n",
      "\nALTER TABLE \"frame_embedding_drafts\" ADD CONSTRAINT \"frame_embedding_drafts_event_id_events_id_fk\" FOREIGN KEY (\"event_id\") REFERENCES \"public\".\"events\"(\"id\") ON DELETE cascade ON UPDATE no action;"
    ],
    "bps": true,
    "folderMillis": 1795366159199,
    "hash": "a1e90ce0ce02941e5559414d2818c3e0d056212469f8707260bf71167be87581"
  },
  {
    "sql": [
      "CREATE TABLE \"frame_spans\" (\n\t\"event_id\" text NOT NULL,\n\t\"frame_index\" integer NOT NULL,\n\t\"start_ms\" double precision NOT NULL,\n\t\"end_ms\" double precision NOT NULL,\n\tCONSTRAINT \"frame_spans_event_id_frame_index_pk\" PRIMARY KEY(\"event_id\",\"frame_index\")\n);\n",
      "\nALTER TABLE \"events\" ADD COLUMN \"player_start_ms\" double precision;",
      "\nALTER TABLE \"events\" ADD COLUMN \"video_track\" integer;",
      "\nALTER TABLE \"events\" ADD COLUMN \"gaps\" text;",
      "\nALTER TABLE \"frame_spans\" ADD CONSTRAINT \"frame_spans_event_id_events_id_fk\" FOREIGN KEY (\"event_id\") REFERENCES \"public\".\"events\"(\"id\") ON DELETE cascade ON UPDATE no action;"
    ],
    "bps": true,
    "folderMillis": 1795987146345,
    "hash": "eedc74279b5401f940022c16d89f5e526d259d30e322fe30e0108bc8b87d7cb2"
  },
  {
    "sql": [
      "CREATE TABLE \"embedding_sets\" (\n\t\"event_id\" text NOT NULL,\n\t\"model_version\" varchar(50) NOT NULL,\n\t\"state\" varchar(20) NOT NULL,\n\t\"frames\" integer NOT NULL,\n\t\"revision\" bigint NOT NULL,\n\tCONSTRAINT \"embedding_sets_event_id_model_version_state_pk\" PRIMARY KEY(\"event_id\",\"model_version\",\"state\")\n);\n",
      "\nALTER TABLE \"events\" ADD COLUMN \"frames_stored\" integer DEFAULT 0 NOT NULL;",
      "\nALTER TABLE \"embedding_sets\" ADD CONSTRAINT \"embedding_sets_event_id_events_id_fk\" FOREIGN KEY (\"event_id\") REFERENCES \"public\".\"events\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nINSERT INTO \"embedding_sets\" (\"event_id\", \"model_version\", \"state\", \"frames\", \"revision\")\nSELECT \"event_id\", \"model_version\", 'current', count(*)::int, 1 FROM \"frame_embeddings\" GROUP BY \"event_id\", \"model_version\"\nUNION ALL\nSELECT \"event_id\", \"model_version\", 'replacement', count(*)::int, 1 FROM \"frame_embedding_drafts\" GROUP BY \"event_id\", \"model_version\";",
      "\nUPDATE \"events\" SET \"frames_stored\" = (SELECT count(*) FROM \"event_frames\" WHERE \"event_frames\".\"event_id\" = \"events\".\"id\");\n"
    ],
    "bps": true,
    "folderMillis": 1796002121311,
    "hash": "768c1597719eafec94b3f92d998a2be7e3786ab0442d8d822fc18f74e326f869"
  },
  {
    "sql": [
      "CREATE TABLE \"libraries\" (\n\t\"id\" text PRIMARY KEY NOT NULL,\n\t\"server\" text NOT NULL,\n\t\"name\" text NOT NULL,\n\t\"token\" text NOT NULL,\n\t\"scope\" varchar(10) NOT NULL,\n\t\"device_id\" text NOT NULL,\n\t\"joined_at\" timestamp with time zone NOT NULL,\n\t\"is_paused\" boolean NOT NULL,\n\t\"after\" bigint NOT NULL,\n\t\"epoch\" text,\n\t\"synced_at\" timestamp with time zone\n);\n",
      "\nCREATE TABLE \"shared_clips\" (\n\t\"library_id\" text NOT NULL,\n\t\"event_id\" text NOT NULL,\n\t\"known_revision\" text,\n\t\"known_digest\" text,\n\t\"known_event\" text,\n\t\"digest\" text,\n\t\"digest_of\" text,\n\tCONSTRAINT \"shared_clips_library_id_event_id_pk\" PRIMARY KEY(\"library_id\",\"event_id\")\n);\n",
      "\nCREATE TABLE \"sync_notices\" (\n\t\"library_id\" text NOT NULL,\n\t\"id\" text NOT NULL,\n\t\"notice\" text NOT NULL,\n\t\"told_at\" timestamp with time zone NOT NULL,\n\tCONSTRAINT \"sync_notices_library_id_id_pk\" PRIMARY KEY(\"library_id\",\"id\")\n);\n",
      "\nCREATE TABLE \"sync_outbox\" (\n\t\"library_id\" text NOT NULL,\n\t\"event_id\" text NOT NULL,\n\t\"revision\" text NOT NULL,\n\t\"kind\" varchar(10) NOT NULL,\n\t\"earlier\" text NOT NULL,\n\t\"changed_at\" timestamp with time zone NOT NULL,\n\tCONSTRAINT \"sync_outbox_library_id_event_id_pk\" PRIMARY KEY(\"library_id\",\"event_id\")\n);\n",
      "\nALTER TABLE \"shared_clips\" ADD CONSTRAINT \"shared_clips_library_id_libraries_id_fk\" FOREIGN KEY (\"library_id\") REFERENCES \"public\".\"libraries\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nALTER TABLE \"sync_notices\" ADD CONSTRAINT \"sync_notices_library_id_libraries_id_fk\" FOREIGN KEY (\"library_id\") REFERENCES \"public\".\"libraries\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nALTER TABLE \"sync_outbox\" ADD CONSTRAINT \"sync_outbox_library_id_libraries_id_fk\" FOREIGN KEY (\"library_id\") REFERENCES \"public\".\"libraries\"(\"id\") ON DELETE cascade ON UPDATE no action;",
      "\nCREATE INDEX \"ix_shared_clips_event_id\" ON \"shared_clips\" USING btree (\"event_id\");"
    ],
    "bps": true,
    "folderMillis": 1796053555193,
    "hash": "7816e967ac8ff6c106e7e8a16ef053845a7c9cffcc8182b19919be30028d14b7"
  },
  {
    "sql": [
      "ALTER TABLE \"libraries\" ADD COLUMN \"holding\" varchar(10) DEFAULT 'copies' NOT NULL;",
      "\nALTER TABLE \"shared_clips\" ADD COLUMN \"frames_there\" integer;",
      "\nALTER TABLE \"shared_clips\" ADD COLUMN \"is_theirs\" boolean DEFAULT false NOT NULL;"
    ],
    "bps": true,
    "folderMillis": 1796067563091,
    "hash": "f984cfec34a5796e231a5834431fc84b244be956267432096d7c78c67b7ed003"
  },
  {
    "sql": [
      "ALTER TABLE \"frame_embeddings\" ALTER COLUMN \"embedding\" SET STORAGE EXTERNAL;",
      "\nALTER TABLE \"frame_embedding_drafts\" ALTER COLUMN \"embedding\" SET STORAGE EXTERNAL;\n"
    ],
    "bps": true,
    "folderMillis": 1796080913903,
    "hash": "bcfe35125b9fc88b4e1da0ce33c6c401b8b7a321449adc627cae6b7c85c992fe"
  }
];
