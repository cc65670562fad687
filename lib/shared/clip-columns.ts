/** Where a clip came from. The server knows the first three; `upload` is a file opened in the browser. */
export const SOURCE_TYPES = ['rtsp', 'usb', 'protect', 'upload'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

/** What the server's detector saw. A clip opened in the browser has none. */
export const SMART_DETECTION_TYPES = ['person', 'vehicle', 'package', 'animal', 'motion', 'ring'] as const;
export type SmartDetectionType = (typeof SMART_DETECTION_TYPES)[number];

/** How far the frames of a clip have come into the library. */
export const INGEST_STATES = ['pending', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
export type IngestState = (typeof INGEST_STATES)[number];

/** Rows in one page of an export: 3 MB of embeddings, which bounds what is in memory on either side. */
export const ROWS_PER_EXPORT_PAGE = 500;
