CREATE TABLE "event_frames" (
	"id" text PRIMARY KEY NOT NULL,
	"event_id" text NOT NULL,
	"frame_number" integer NOT NULL,
	"frame_path" varchar(500) NOT NULL,
	"timestamp_offset_ms" integer NOT NULL,
	"width" integer,
	"height" integer,
	"file_size_bytes" integer,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "uq_event_frame_number" UNIQUE("event_id","frame_number")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" text PRIMARY KEY NOT NULL,
	"timestamp" timestamp with time zone NOT NULL,
	"description" text NOT NULL,
	"source_type" varchar(20) DEFAULT 'rtsp' NOT NULL,
	"smart_detection_type" varchar(20),
	"frame_count_used" integer,
	"frame_timestamps" text,
	"video_path" varchar(500),
	"created_at" timestamp with time zone NOT NULL,
	"file_name" text,
	"file_bytes" bigint,
	"file_fingerprint" text,
	"duration_ms" integer,
	"width" integer,
	"height" integer,
	"model_version" varchar(50),
	"ingest_state" varchar(20) DEFAULT 'pending' NOT NULL,
	"ingest_error" text,
	"frames_planned" integer,
	"sampling" text
);
--> statement-breakpoint
CREATE TABLE "frame_embeddings" (
	"id" text PRIMARY KEY NOT NULL,
	"event_id" text NOT NULL,
	"frame_index" integer NOT NULL,
	"embedding" text NOT NULL,
	"model_version" varchar(50) NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "uq_frame_embedding_event_frame" UNIQUE("event_id","frame_index")
);
--> statement-breakpoint
ALTER TABLE "event_frames" ADD CONSTRAINT "event_frames_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "frame_embeddings" ADD CONSTRAINT "frame_embeddings_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_frame_embeddings_event_id" ON "frame_embeddings" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "ix_frame_embeddings_event_frame" ON "frame_embeddings" USING btree ("event_id","frame_index");--> statement-breakpoint
CREATE INDEX "idx_frame_embeddings_model_version" ON "frame_embeddings" USING btree ("model_version");