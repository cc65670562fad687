CREATE TABLE "frame_embedding_drafts" (
	"event_id" text NOT NULL,
	"frame_index" integer NOT NULL,
	"embedding" text NOT NULL,
	"model_version" varchar(50) NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "frame_embedding_drafts_event_id_frame_index_pk" PRIMARY KEY("event_id","frame_index")
);
--> statement-breakpoint
ALTER TABLE "frame_embedding_drafts" ADD CONSTRAINT "frame_embedding_drafts_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE cascade ON UPDATE no action;