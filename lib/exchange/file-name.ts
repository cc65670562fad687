import type { SelectedFrame, SelectionToExport } from './selection-to-export';

/** Characters of each part of a name: short enough for every file system, long enough to tell files apart. */
const MAX_CLIP_CHARACTERS = 60;
const MAX_QUESTION_CHARACTERS = 40;

/** Letters and digits of any language, `-`, `_` and `.`; everything else becomes one `-`. */
function safeNamePart(text: string, maxCharacters: number): string {
  const cleaned = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return Array.from(cleaned)
    .slice(0, maxCharacters)
    .join('')
    .replace(/[-.]+$/, '');
}

/** `holiday_a-red-car.zip`: the clip's name, what was asked, and what it is. Never empty, never a path. */
export function exportFileName(
  clipName: string | null,
  question: string | null,
  extension: string,
  suffix = '',
): string {
  const stem = safeNamePart((clipName ?? '').replace(/\.[A-Za-z0-9]{1,5}$/, ''), MAX_CLIP_CHARACTERS);
  const asked = safeNamePart(question ?? '', MAX_QUESTION_CHARACTERS);
  const parts = [stem || 'framesift', asked, suffix].filter((part) => part !== '');
  const name = parts.join('_');
  return `${RESERVED_NAME.test(name) ? `_${name}` : name}.${extension}`;
}

/** Names of devices, which Windows takes for no file, whatever the extension. */
const RESERVED_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** The name of a selection's file: of its one clip, or `3-clips`. */
export function selectionFileName(selection: SelectionToExport, extension: string, suffix = ''): string {
  const withFrames = selection.clips.filter(({ clipId }) =>
    selection.frames.some((frame) => frame.clipId === clipId),
  );
  const [only, ...others] = withFrames;
  const clipName = others.length === 0 ? (only?.fileName ?? null) : `${withFrames.length} clips`;
  return exportFileName(clipName, selection.question.text, extension, suffix);
}

/** `01-02-03.4` or `00-12.3`: a time that every file system takes in a name. */
export function timeInFileName(timestampMs: number): string {
  const tenths = Math.floor(Math.max(0, timestampMs) / 100);
  const seconds = Math.floor(tenths / 10);
  const pad = (value: number) => String(value).padStart(2, '0');
  const clock = `${pad(Math.floor(seconds / 60) % 60)}-${pad(seconds % 60)}.${tenths % 10}`;
  return seconds >= 3600 ? `${pad(Math.floor(seconds / 3600))}-${clock}` : clock;
}

/** `frames/0001_00-12.3.jpg`: where a ZIP has the picture of its `position`th frame, counted from 0. */
export function framePictureName(
  position: number,
  frame: Pick<SelectedFrame, 'timestampMs'>,
  type: string,
): string {
  const extension = type === 'image/webp' ? 'webp' : type === 'image/png' ? 'png' : 'jpg';
  return `frames/${String(position + 1).padStart(4, '0')}_${timeInFileName(frame.timestampMs)}.${extension}`;
}
