ALTER TABLE "libraries" ADD COLUMN "holding" varchar(10) DEFAULT 'copies' NOT NULL;--> statement-breakpoint
ALTER TABLE "shared_clips" ADD COLUMN "frames_there" integer;--> statement-breakpoint
ALTER TABLE "shared_clips" ADD COLUMN "is_theirs" boolean DEFAULT false NOT NULL;