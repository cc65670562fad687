import type { EventRow } from '@/lib/ports/library';
import type { ClipDetails, EventColumns } from '@/lib/protocol/clips';

/**
 * A clip's row as a library has it. The path of a kept copy is this browser's own: the library's stays what it was.
 *
 * @param videoPath what the library has
 */
export function toSharedEvent(row: EventRow, videoPath: string | null): EventColumns {
  return {
    id: row.id,
    timestamp: row.timestamp.toISOString(),
    description: row.description,
    // The server's table knows no uploads; the details do.
    source_type: row.sourceType === 'upload' ? 'rtsp' : row.sourceType,
    smart_detection_type: row.smartDetectionType,
    frame_count_used: row.frameCountUsed,
    frame_timestamps: row.frameTimestamps,
    video_path: videoPath,
    created_at: row.createdAt.toISOString(),
  };
}

/** What a library knows of a clip beyond that. */
export function toSharedDetails(row: EventRow): ClipDetails {
  return {
    source_type: row.sourceType,
    file_name: row.fileName,
    file_bytes: row.fileBytes,
    file_fingerprint: row.fileFingerprint,
    duration_ms: row.durationMs,
    width: row.width,
    height: row.height,
    model_version: row.modelVersion,
    sampling: row.sampling,
    player_start_ms: row.playerStartMs,
    video_track: row.videoTrack,
    gaps: row.gaps,
  };
}

/** The columns of a clip's row that a library has. */
export function fromShared(
  event: EventColumns,
  details: ClipDetails,
): Omit<EventRow, 'id' | 'videoPath' | 'ingestState' | 'ingestError' | 'framesPlanned' | 'framesStored'> {
  return {
    timestamp: new Date(event.timestamp),
    description: event.description,
    sourceType: details.source_type,
    smartDetectionType: event.smart_detection_type,
    frameCountUsed: event.frame_count_used,
    frameTimestamps: event.frame_timestamps,
    createdAt: new Date(event.created_at),
    fileName: details.file_name,
    fileBytes: details.file_bytes,
    fileFingerprint: details.file_fingerprint,
    durationMs: details.duration_ms,
    width: details.width,
    height: details.height,
    modelVersion: details.model_version,
    sampling: details.sampling,
    playerStartMs: details.player_start_ms,
    videoTrack: details.video_track,
    gaps: details.gaps,
  };
}
