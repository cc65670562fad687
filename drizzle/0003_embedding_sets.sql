CREATE TABLE "embedding_sets" (
	"event_id" text NOT NULL,
	"model_version" varchar(50) NOT NULL,
	"state" varchar(20) NOT NULL,
	"frames" integer NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "embedding_sets_event_id_model_version_state_pk" PRIMARY KEY("event_id","model_version","state")
);
--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "frames_stored" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "embedding_sets" ADD CONSTRAINT "embedding_sets_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "embedding_sets" ("event_id", "model_version", "state", "frames", "revision")
SELECT "event_id", "model_version", 'current', count(*)::int, 1 FROM "frame_embeddings" GROUP BY "event_id", "model_version"
UNION ALL
SELECT "event_id", "model_version", 'replacement', count(*)::int, 1 FROM "frame_embedding_drafts" GROUP BY "event_id", "model_version";--> statement-breakpoint
UPDATE "events" SET "frames_stored" = (SELECT count(*) FROM "event_frames" WHERE "event_frames"."event_id" = "events"."id");
