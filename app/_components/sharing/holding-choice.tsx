import { useId } from 'react';
import type { Holding } from '@/lib/ports/sharing';

/** Asks whether a library's clips are copied into this browser, or searched where they are. */
export function HoldingChoice({
  holding,
  isNew = false,
  onChoose,
}: {
  holding: Holding;
  /** Nobody has decided yet: then the size may do so. */
  isNew?: boolean;
  onChoose: (holding: Holding) => void;
}) {
  const name = useId();
  const choices = isNew ? CHOICES : CHOICES.filter(({ value }) => value !== 'undecided');
  return (
    <fieldset className="text-sm">
      <legend className="font-medium">Its clips</legend>
      {choices.map(({ value, text }) => (
        <label key={value} className="flex min-h-9 items-center gap-2">
          <input
            type="radio"
            name={name}
            className="size-4 shrink-0 accent-accent"
            checked={holding === value}
            onChange={() => onChoose(value)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

const CHOICES: readonly { value: Holding; text: string }[] = [
  { value: 'undecided', text: 'are copied here up to 100,000 frames, and searched there beyond that' },
  { value: 'copies', text: 'are copied into this browser' },
  { value: 'list', text: 'are searched there; a clip comes here when you open it' },
];
