import { Popover } from 'radix-ui';
import { BookOpenText } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../ui/button';

interface Example {
  text: string;
  meaning: string;
}

/** One example of everything the question box understands, in words that fit the clip. */
export function examplesFor([one = 'a red car', other = 'a person']: readonly string[]): Example[] {
  return [
    { text: one, meaning: 'in plain words; the shorter the better' },
    { text: `${one} | ${other}`, meaning: 'any of several' },
    { text: `${one} + ${other}`, meaning: 'both in one frame' },
    { text: `${one} - ${other}`, meaning: 'the first without the second' },
    { text: `2:${one} + ${other}`, meaning: 'the first counts twice as much' },
    { text: `"${one}"`, meaning: 'exactly these words, signs included' },
  ];
}

/** The language of questions by examples; each asks itself when it is clicked. */
export function QueryHelp({
  examples,
  hasPicture,
  onExample,
  onPicture,
}: {
  examples: readonly string[];
  /** The question has a picture #1. */
  hasPicture: boolean;
  onExample: (text: string) => void;
  onPicture: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const [one = 'a red car'] = examples;
  const close = (then: () => void) => () => {
    setOpen(false);
    then();
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button variant="ghost" icon aria-label="Ways to ask" title="Ways to ask">
          <BookOpenText aria-hidden />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={10}
          collisionPadding={12}
          aria-label="Ways to ask"
          className="z-20 max-h-[var(--radix-popover-content-available-height)] w-[min(27rem,calc(100vw-1.5rem))] overflow-y-auto rounded-2xl border border-line bg-surface p-4 text-sm shadow-2xl"
        >
          <h2 className="font-semibold">Ways to ask</h2>
          <ul className="mt-2 space-y-1">
            {examplesFor(examples).map(({ text, meaning }) => (
              <Row key={text} text={text} meaning={meaning} onChoose={close(() => onExample(text))} />
            ))}
            <Row
              text="#1"
              meaning={hasPicture ? 'frames like picture #1' : 'frames like a picture: choose one'}
              onChoose={close(hasPicture ? () => onExample('#1') : onPicture)}
            />
            {hasPicture && (
              <Row
                text={`#1 - ${one}`}
                meaning="like the picture, without something"
                onChoose={close(() => onExample(`#1 - ${one}`))}
              />
            )}
          </ul>
          <p className="mt-3 text-xs leading-5 text-ink-2">
            + and − count where a space stands before them: “black-and-white” is a word. The crop button
            beside a picture searches with a part of it.
          </p>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Row({ text, meaning, onChoose }: Example & { onChoose: () => void }) {
  return (
    <li>
      <button
        type="button"
        onClick={onChoose}
        className="flex w-full flex-wrap items-baseline gap-x-3 gap-y-0.5 rounded-lg px-2 py-1.5 text-left hover:bg-surface-2"
      >
        <code className="font-mono text-[0.8125rem] font-medium text-accent">{text}</code>{' '}
        <span className="text-ink-2">{meaning}</span>
      </button>
    </li>
  );
}
