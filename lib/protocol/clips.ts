import { SMART_DETECTION_TYPES, SOURCE_TYPES } from '@/lib/shared/clip-columns';
import { z } from '@/lib/shared/zod';
import { id, instant, text } from './ids';
import { MAX_FRAMES } from './limits';

/** Hexadecimal SHA-256. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const int = z.int32();
const count = int.min(0).max(MAX_FRAMES);

/** A clip's row of `events`, with the columns that a server's table has. */
export const eventRow = z.strictObject({
  id,
  timestamp: instant,
  description: text,
  // The server's table knows no uploads: `details` says what it was.
  source_type: z.enum(['rtsp', 'usb', 'protect']),
  smart_detection_type: z.enum(SMART_DETECTION_TYPES).nullable(),
  frame_count_used: int.nullable(),
  frame_timestamps: text.nullable(),
  video_path: text.max(500).nullable(),
  created_at: instant,
});
export type EventColumns = z.infer<typeof eventRow>;

/** What a library knows of a clip beyond `events`. */
export const clipDetails = z.strictObject({
  source_type: z.enum(SOURCE_TYPES),
  file_name: text.nullable(),
  file_bytes: z.int().min(0).nullable(),
  file_fingerprint: text.max(200).nullable(),
  duration_ms: int.nullable(),
  width: int.nullable(),
  height: int.nullable(),
  model_version: text.max(50).nullable(),
  sampling: text.nullable(),
  player_start_ms: z.number().nullable(),
  video_track: int.nullable(),
  gaps: text.nullable(),
});
export type ClipDetails = z.infer<typeof clipDetails>;

/** Names of `ClipDetails`, which are columns of `clips` too. */
export const DETAIL_COLUMNS = Object.keys(clipDetails.shape) as (keyof ClipDetails)[];

/** The clip's current revision as the writer knows it; null for a clip that the library has never had. */
const base = id.nullable();

/** A change of a clip, as `PUT …/revisions/{r}` is given it. */
export const revisionRequest = z.discriminatedUnion('kind', [
  // The clip with its rows and pictures, which follow in pages.
  z.strictObject({
    kind: z.literal('rows'),
    base,
    event: eventRow,
    details: clipDetails,
    /** Rows, and pictures among them. */
    frames: count,
    pictures: count,
    /** See [Note: Digests of a clip]. */
    digest,
  }),
  // The clip's own row alone.
  z.strictObject({ kind: z.literal('edit'), base, event: eventRow, details: clipDetails }),
  z.strictObject({ kind: z.literal('delete'), base }),
  z.strictObject({ kind: z.literal('unshare'), base }),
]);
export type RevisionRequest = z.infer<typeof revisionRequest>;

/** What a device sends to be let into a library. */
export const joinRequest = z.strictObject({
  secret: z.string().max(200),
  device: z.strictObject({ id, name: text.min(1).max(100) }),
});

const change = z.object({
  clip: id,
  revision: id,
  /** Place in the feed. A clip that changes moves to its end. */
  change: z.int(),
  state: z.enum(['live', 'deleted', 'unshared']),
  frames: count,
  pictures: count,
  digest: z.string(),
  /** The device that changed it last, as people call it. */
  device: z.string(),
  at: instant,
  /** Null once the clip is no longer shared. */
  event: eventRow.nullable(),
  details: clipDetails.nullable(),
});
/** A clip as the library has it now. */
export type ClipChange = z.infer<typeof change>;

/** Answer of `GET …/changes`. */
export const changesAnswer = z.object({
  /** Another after the library was restored from a backup. */
  epoch: z.string(),
  changes: z.array(change),
  /** What to ask after next. */
  next: z.int(),
  more: z.boolean(),
  state: z.string(),
});
export type ChangesAnswer = z.infer<typeof changesAnswer>;

/** Answer of `PUT …/revisions/{r}`: what is there already of its rows, or its place in the feed. */
export const revisionAnswer = z.object({
  have: z.array(z.int()).optional(),
  havePictures: z.array(z.int()).optional(),
  change: z.int().optional(),
});
export type RevisionAnswer = z.infer<typeof revisionAnswer>;

/** Answer of `POST …/commit`. */
export const commitAnswer = z.object({ change: z.int() });

/** Answer of `GET …/clips`. */
export const clipsAnswer = z.object({ clips: z.array(z.object({ clip: id, frames: count })) });
export type FoundClip = z.infer<typeof clipsAnswer>['clips'][number];

/** Answer of `GET …/devices`. */
export const devicesAnswer = z.object({
  devices: z.array(z.object({ id, name: z.string(), seen: instant })),
});
export type ListedDevice = z.infer<typeof devicesAnswer>['devices'][number];

/** What a device may do in a library. */
export const SCOPES = ['read', 'write'] as const;
export type Scope = (typeof SCOPES)[number];

/** Answer of `POST /join`. */
export const joinAnswer = z.object({
  workspace: z.string(),
  name: z.string(),
  token: z.string(),
  scope: z.enum(SCOPES),
  expires: instant,
});
export type JoinAnswer = z.infer<typeof joinAnswer>;

/** A refusal (RFC 9457), with what each kind adds. */
export const problemAnswer = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** A sentence for a person. */
  detail: z.string(),
  line: z.int().optional(),
  current: change.nullable().optional(),
  have: z.array(z.int()).optional(),
});
export type ProblemAnswer = z.infer<typeof problemAnswer>;
