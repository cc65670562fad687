ALTER TABLE "frame_embeddings" ALTER COLUMN "embedding" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "frame_embedding_drafts" ALTER COLUMN "embedding" SET STORAGE EXTERNAL;
