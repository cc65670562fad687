import type { PendingChange } from './sync-store';

/**
 * The change that is to be sent once a clip was changed again: what waits for its turn already and the new one together. Null
 * where nothing is left to send, since the library has never heard of the clip.
 *
 * @param isKnown whether the library has the clip
 */
export function addChange(
  waiting: PendingChange | null,
  { clip, kind, revision }: Pick<PendingChange, 'clip' | 'kind' | 'revision'>,
  isKnown: boolean,
): PendingChange | null {
  const earlier = waiting ? [...waiting.earlier, waiting.revision] : [];
  const isEnding = kind === 'delete' || kind === 'unshare';
  // What was sent may have arrived although no answer came: then it has to end there too.
  if (isEnding && !isKnown && earlier.length === 0) return null;
  // Rows go with an edit's columns, but not the reverse.
  const isWithRows = !isEnding && (kind === 'rows' || waiting?.kind === 'rows' || !isKnown);
  return { clip, revision, kind: isWithRows ? 'rows' : kind, earlier };
}
