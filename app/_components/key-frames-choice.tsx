import type { ClipFacts } from '@/lib/ports/media';
import { useId } from 'react';
import { describeKeyFrames } from '@/lib/media/key-frames';

/** Whether key frames alone are read, with what that saves and what it misses. */
export function KeyFramesChoice({
  facts,
  keyFramesMs,
  wanted,
  isChosen,
  onChoose,
}: {
  facts: ClipFacts;
  /** The key frames that would be read, rising; null while they are looked for. */
  keyFramesMs: readonly number[] | null;
  /** Frames that are read otherwise. */
  wanted: number;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
}) {
  const id = useId();
  const isPossible = keyFramesMs !== null && keyFramesMs.length > 0;
  return (
    <div className="text-sm">
      <label className="flex min-h-9 flex-wrap items-center gap-3">
        <input
          type="checkbox"
          data-testid="key-frames-choice"
          aria-describedby={`${id}-what`}
          checked={isChosen && isPossible}
          disabled={!isPossible}
          onChange={(event) => onChoose(event.target.checked)}
        />
        Key frames alone
      </label>
      <p id={`${id}-what`} data-testid="key-frames" className="ml-7 text-ink-2">
        {keyFramesMs === null
          ? 'Looking for the clip’s key frames…'
          : keyFramesMs.length === 0
            ? 'This clip has no key frames that can be read alone.'
            : describeKeyFrames(facts, keyFramesMs, wanted)}
      </p>
    </div>
  );
}
