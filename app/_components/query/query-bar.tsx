'use client';

import { Tooltip } from 'radix-ui';
import { ImageUp, Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { pictureQuestion, type Question } from '@/lib/ask/question';
import { MAX_QUERY_LENGTH } from '@/lib/query/prompts';
import { useObjectUrl } from '../../_hooks/use-object-url';
import { Button } from '../ui/button';

/** Where the question is typed, or a picture is given instead of one. */
export function QueryBar({
  question,
  examples,
  onAsk,
  onClear,
}: {
  question: Question | null;
  /** Questions to try, shown while there is none. */
  examples: readonly string[];
  onAsk: (question: Question) => void;
  onClear: () => void;
}) {
  const [text, setText] = useState('');
  const [isEmptyAsked, setEmptyAsked] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const picture = useObjectUrl(question?.attachments[0]?.image ?? null);

  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent) => {
      const inField =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [role=dialog]');
      if (event.key !== '/' || inField || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener('keydown', focusOnSlash);
    return () => document.removeEventListener('keydown', focusOnSlash);
  }, []);

  const ask = (value: string) => {
    const trimmed = value.trim();
    setEmptyAsked(trimmed === '');
    if (trimmed === '') input.current?.focus();
    else onAsk({ text: trimmed, attachments: [] });
  };
  const clear = () => {
    setText('');
    setEmptyAsked(false);
    onClear();
    input.current?.focus();
  };

  return (
    <div className="space-y-2">
      <form
        role="search"
        className="flex items-center gap-2 rounded-2xl border border-line bg-surface p-1.5 shadow-sm focus-within:border-accent"
        onSubmit={(event) => {
          event.preventDefault();
          ask(text);
        }}
      >
        {question?.attachments[0] ? (
          <span className="flex min-w-0 flex-1 items-center gap-3 px-2 text-sm">
            {/* eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise */}
            {picture && <img src={picture} alt="" className="size-9 rounded-md object-cover" />}
            <span className="truncate">Frames that look like {question.attachments[0].name}</span>
          </span>
        ) : (
          <input
            ref={input}
            type="text"
            enterKeyHint="search"
            aria-label="What are you looking for?"
            aria-invalid={isEmptyAsked}
            aria-describedby={isEmptyAsked ? 'query-hint' : undefined}
            placeholder="What are you looking for? “a red car”"
            maxLength={MAX_QUERY_LENGTH}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setEmptyAsked(false);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Escape') clear();
            }}
            className="min-h-10 min-w-0 flex-1 bg-transparent px-3 outline-none placeholder:text-ink-2"
          />
        )}
        {(question !== null || text !== '') && (
          <Button variant="ghost" icon aria-label="Clear the question" onClick={clear}>
            <X aria-hidden />
          </Button>
        )}
        <input
          ref={picker}
          type="file"
          accept="image/*"
          hidden
          data-testid="picture-input"
          onChange={(event) => {
            const image = event.target.files?.[0];
            if (image) onAsk(pictureQuestion(image));
            event.target.value = '';
          }}
        />
        <Tooltip.Provider delayDuration={400}>
          <Tooltip.Root>
            <Tooltip.Trigger asChild>
              <Button
                variant="ghost"
                icon
                aria-label="Search with a picture"
                onClick={() => picker.current?.click()}
              >
                <ImageUp aria-hidden />
              </Button>
            </Tooltip.Trigger>
            <Tooltip.Portal>
              <Tooltip.Content
                sideOffset={6}
                className="z-20 rounded-md bg-ink px-2 py-1 text-xs text-canvas"
              >
                Search with a picture
              </Tooltip.Content>
            </Tooltip.Portal>
          </Tooltip.Root>
        </Tooltip.Provider>
        <Button variant="primary" type="submit" className="min-h-10">
          <Search aria-hidden /> <span className="hidden sm:inline">Find frames</span>
          <span className="sr-only sm:hidden">Find frames</span>
        </Button>
      </form>
      {isEmptyAsked && (
        <p id="query-hint" role="alert" className="px-3 text-sm text-warn">
          Type a few words about what you want to see, such as “a red car”.
        </p>
      )}
      {question === null && examples.length > 0 && (
        <div className="flex flex-wrap items-center gap-2 px-2 text-sm">
          <span className="text-ink-2">Try</span>
          {examples.map((example) => (
            <button
              key={example}
              type="button"
              className="rounded-full border border-line bg-surface px-3 py-1 hover:border-accent"
              onClick={() => {
                setText(example);
                ask(example);
              }}
            >
              {example}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
