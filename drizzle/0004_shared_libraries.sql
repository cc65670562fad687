CREATE TABLE "libraries" (
	"id" text PRIMARY KEY NOT NULL,
	"server" text NOT NULL,
	"name" text NOT NULL,
	"token" text NOT NULL,
	"scope" varchar(10) NOT NULL,
	"device_id" text NOT NULL,
	"joined_at" timestamp with time zone NOT NULL,
	"is_paused" boolean NOT NULL,
	"after" bigint NOT NULL,
	"epoch" text,
	"synced_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "shared_clips" (
	"library_id" text NOT NULL,
	"event_id" text NOT NULL,
	"known_revision" text,
	"known_digest" text,
	"known_event" text,
	"digest" text,
	"digest_of" text,
	CONSTRAINT "shared_clips_library_id_event_id_pk" PRIMARY KEY("library_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "sync_notices" (
	"library_id" text NOT NULL,
	"id" text NOT NULL,
	"notice" text NOT NULL,
	"told_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sync_notices_library_id_id_pk" PRIMARY KEY("library_id","id")
);
--> statement-breakpoint
CREATE TABLE "sync_outbox" (
	"library_id" text NOT NULL,
	"event_id" text NOT NULL,
	"revision" text NOT NULL,
	"kind" varchar(10) NOT NULL,
	"earlier" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sync_outbox_library_id_event_id_pk" PRIMARY KEY("library_id","event_id")
);
--> statement-breakpoint
ALTER TABLE "shared_clips" ADD CONSTRAINT "shared_clips_library_id_libraries_id_fk" FOREIGN KEY ("library_id") REFERENCES "public"."libraries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sync_notices" ADD CONSTRAINT "sync_notices_library_id_libraries_id_fk" FOREIGN KEY ("library_id") REFERENCES "public"."libraries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sync_outbox" ADD CONSTRAINT "sync_outbox_library_id_libraries_id_fk" FOREIGN KEY ("library_id") REFERENCES "public"."libraries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ix_shared_clips_event_id" ON "shared_clips" USING btree ("event_id");