import { FramesiftError } from '@/lib/shared/errors';
import { describeMisfit, z } from '@/lib/shared/zod';
import { framesInOrder, type SelectionToExport } from './selection-to-export';

/*
 * The manifest of an exported selection, version 1. It comes back from files that anyone may have written, so every
 * text and list in it has a limit. A clip's id is `eventId` in it, after the server's tables.
 */

const MAX_FRAMES = 10_000;
const MAX_CLIPS = 10_000;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const index = z
  .int()
  .min(0)
  .max(2 ** 31 - 2);
const milliseconds = z
  .number()
  .min(-1)
  .max(2 ** 31);
const size = z
  .int()
  .min(0)
  .max(2 ** 31)
  .nullable();
const name = z.string().max(1000);
const frameKey = z.object({ eventId: id, frameIndex: index });
const place = { ...frameKey.shape, timestampMs: milliseconds };
const fraction = z.number().min(0).max(1);
const span = z.object({ startMs: z.number(), endMs: z.number() });

const attachmentSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('picture') }),
  z.object({ kind: z.literal('frame'), ...place }),
  z.object({
    kind: z.literal('crop'),
    ...place,
    x: fraction,
    y: fraction,
    width: fraction,
    height: fraction,
  }),
]);

const attachment = z.object({
  number: z.int().min(1).max(1000),
  name,
  source: attachmentSource,
  /** The picture's entry beside the manifest; a ZIP alone has one. */
  file: z.string().max(200).optional(),
});

const clip = z.object({
  eventId: id,
  fileName: name.nullable(),
  fingerprint: z.string().max(200).nullable(),
  durationMs: z.number().min(0).nullable(),
  width: size,
  height: size,
});

const frame = z.object({
  ...place,
  /** How long its picture stays; left out where nobody knows. */
  span: span.optional(),
  rank: z.int().min(1),
  score: z.number(),
  likelihood: z.number().nullable(),
  strength: z.enum(['strong', 'possible', 'weak', 'unrated']),
  isPinned: z.boolean(),
  /** The picture's entry beside the manifest; a ZIP alone has one. */
  file: z.string().max(200).optional(),
  /** Of the picture in `file`, or of the clip's frames where there is none. */
  width: size,
  height: size,
  /** True where the clip's file was gone and `file` is the small stored picture. */
  isThumbnail: z.boolean().optional(),
});

const selectionManifest = z.object({
  framesift: z.literal(1),
  createdAt: z.string().max(40),
  question: z.object({ text: z.string().max(20_000), attachments: z.array(attachment).max(100) }),
  strategy: z.string().max(50),
  parameters: z.object({
    count: z.int().min(0).max(MAX_FRAMES),
    range: span.nullable(),
    pinned: z.array(frameKey).max(MAX_FRAMES),
    dropped: z.array(frameKey).max(MAX_FRAMES),
  }),
  modelVersion: z.string().max(50),
  verdict: z.enum(['moment', 'several', 'whole', 'perhaps', 'absent']).nullable(),
  spans: z.array(span.extend({ eventId: id })).max(MAX_FRAMES),
  clips: z.array(clip).max(MAX_CLIPS),
  frames: z.array(frame).max(MAX_FRAMES),
});

/** What an exported selection says of itself, version 1: `manifest.json` in a ZIP, a chunk in a contact sheet. */
export type SelectionManifest = z.infer<typeof selectionManifest>;

/** The picture of a frame in an export, for the manifest. */
export interface ManifestPicture {
  file?: string;
  width: number;
  height: number;
  isThumbnail?: boolean;
}

/**
 * The manifest of a selection.
 *
 * @param pictures one for each of `framesInOrder(selection)`; null or left out where an export has no pictures
 */
export function toManifest(
  selection: SelectionToExport,
  createdAt: Date,
  pictures: readonly (ManifestPicture | null)[] = [],
): SelectionManifest {
  const clips = new Map(selection.clips.map((one) => [one.clipId, one]));
  const { pinned, dropped, ...parameters } = selection.parameters;
  return {
    framesift: 1,
    createdAt: createdAt.toISOString(),
    question: {
      text: selection.question.text,
      attachments: selection.question.images.map(({ number, name: label, source }) => ({
        number,
        name: label,
        source: source.kind === 'picture' ? source : withEventId(source),
      })),
    },
    strategy: selection.strategy,
    parameters: { ...parameters, pinned: pinned.map(withEventId), dropped: dropped.map(withEventId) },
    modelVersion: selection.modelVersion,
    verdict: selection.verdict,
    spans: selection.spans.map(withEventId),
    clips: selection.clips.map(withEventId),
    frames: framesInOrder(selection).map((one, i) => {
      const ofClip = clips.get(one.clipId);
      return {
        eventId: one.clipId,
        frameIndex: one.frameIndex,
        timestampMs: one.timestampMs,
        ...(one.span ? { span: one.span } : {}),
        rank: one.rank,
        score: one.score,
        likelihood: one.likelihood,
        strength: one.strength,
        isPinned: one.isPinned,
        width: ofClip?.width ?? null,
        height: ofClip?.height ?? null,
        ...pictures[i],
      };
    }),
  };
}

type WithEventId<T> = T extends unknown ? Omit<T, 'clipId'> & { eventId: string } : never;

function withEventId<T extends { clipId: string }>({ clipId, ...rest }: T): WithEventId<T> {
  return { eventId: clipId, ...rest } as WithEventId<T>;
}

/**
 * Reads a manifest.
 *
 * @throws FramesiftError `bad-input` that names the first thing that is wrong
 */
export function parseManifest(json: string): SelectionManifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new FramesiftError('bad-input', 'The selection in this file is cut off or damaged.', { cause });
  }
  return checkManifest(value);
}

/**
 * `parseManifest` of what is JSON no longer.
 *
 * @param describe the error for a place in it, for what people know by other names
 */
export function checkManifest(
  value: unknown,
  describe?: (path: readonly PropertyKey[]) => FramesiftError,
): SelectionManifest {
  const version = (value as { framesift?: unknown } | null)?.framesift;
  if (typeof version === 'number' && version > 1) {
    throw new FramesiftError(
      'bad-input',
      `This selection was exported by a newer Framesift (format ${version}). Reload this page to get the newest version.`,
    );
  }
  const result = selectionManifest.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue && describe) throw describe(issue.path);
  throw new FramesiftError(
    'bad-input',
    `The selection in this file is damaged: ${describeMisfit(result.error)}.`,
  );
}
