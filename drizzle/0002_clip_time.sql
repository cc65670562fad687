CREATE TABLE "frame_spans" (
	"event_id" text NOT NULL,
	"frame_index" integer NOT NULL,
	"start_ms" double precision NOT NULL,
	"end_ms" double precision NOT NULL,
	CONSTRAINT "frame_spans_event_id_frame_index_pk" PRIMARY KEY("event_id","frame_index")
);
--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "player_start_ms" double precision;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "video_track" integer;--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "gaps" text;--> statement-breakpoint
ALTER TABLE "frame_spans" ADD CONSTRAINT "frame_spans_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE cascade ON UPDATE no action;