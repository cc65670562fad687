import { FramesiftError } from './errors';

/** What a clip id may be made of, since it also names folders. A UUID is. */
const CLIP_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws FramesiftError `bad-input` for what can be no clip's id */
export function assertClipId(clipId: string): void {
  if (!CLIP_ID.test(clipId)) {
    throw new FramesiftError('bad-input', 'A clip id is letters, digits, "-" and "_", at most 64 of them.');
  }
}
