'use client';

import { Tooltip } from 'radix-ui';
import { ImageUp, Search, X } from 'lucide-react';
import { useEffect, useRef, useState, type ClipboardEvent } from 'react';
import { flushSync } from 'react-dom';
import { addImage, imageOfFile, removeImage, tidyQuestion } from '@/lib/ask/query-images';
import type { QueryImage, Question } from '@/lib/ask/question';
import { linesOfList } from '@/lib/query/list';
import { QuerySyntaxError } from '@/lib/query/parse';
import type { QueryAdvice } from '../../_hooks/use-query-advice';
import { Button } from '../ui/button';
import { ImageChips } from './image-chips';
import { CropDialog } from './crop-dialog';
import { QueryAdviceLines } from './query-advice';
import { QueryHelp } from './query-help';
import { QueryProblem } from './query-problem';

const NOTHING: Question = { text: '', images: [] };
const PROBLEM_ID = 'query-problem';

/** Where the question is typed, with the pictures that belong to it. */
export function QueryBar({
  question,
  advice,
  examples,
  onAsk,
  onClear,
}: {
  question: Question | null;
  /** On the question that is asked. */
  advice: QueryAdvice;
  /** Questions to try, shown while there is none; the help is made of the first two. */
  examples: readonly string[];
  onAsk: (question: Question) => void;
  onClear: () => void;
}) {
  const [draft, setDraft] = useState(question ?? NOTHING);
  const [asked, setAsked] = useState(question);
  const [problem, setProblem] = useState<QuerySyntaxError | null>(null);
  const [cropped, setCropped] = useState<QueryImage | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  /** Whether the picture that is being chosen takes the place of what is typed. */
  const replaces = useRef(false);

  // What is asked elsewhere, by a dropped picture or from a frame, is shown here too.
  if (question !== asked) {
    setAsked(question);
    setDraft(question ?? NOTHING);
    setProblem(null);
  }

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

  const edit = (next: Question) => {
    setDraft(next);
    setProblem(null);
  };
  /** Edits, with the caret before the character `caret`. At once: a later frame would come between two keys. */
  const editAt = (next: Question, caret: number) => {
    flushSync(() => edit(next));
    input.current?.focus();
    input.current?.setSelectionRange(caret, caret);
  };
  const ask = (next: Question) => {
    edit(next);
    try {
      onAsk(tidyQuestion(next));
    } catch (error) {
      if (!(error instanceof QuerySyntaxError)) throw error;
      setProblem(error);
      input.current?.focus();
      // Selected, so that what is typed next takes its place.
      input.current?.setSelectionRange(error.start, error.end);
    }
  };
  const clear = () => {
    edit(NOTHING);
    onClear();
    input.current?.focus();
  };
  const choosePicture = (instead: boolean) => {
    replaces.current = instead;
    picker.current?.click();
  };
  const addPicture = (image: File) => ask(addImage(replaces.current ? null : draft, imageOfFile(image)));
  const remove = ({ number }: QueryImage) => {
    const rest = removeImage(draft, number);
    if (rest.text === '') clear();
    else ask(rest);
    input.current?.focus();
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const picture = Array.from(event.clipboardData.files).find(({ type }) => type.startsWith('image/'));
    const lines = linesOfList(event.clipboardData.getData('text'));
    if (picture) {
      event.preventDefault();
      replaces.current = false;
      addPicture(picture);
    } else if (lines.length > 1) {
      // The box has one line, and would run the lines of a list together.
      event.preventDefault();
      const { selectionStart, selectionEnd } = event.currentTarget;
      const before = draft.text.slice(0, selectionStart ?? 0);
      const after = draft.text.slice(selectionEnd ?? draft.text.length);
      const pasted = `${before}${lines.join(' | ')}`;
      editAt({ ...draft, text: pasted + after }, pasted.length);
    }
  };

  return (
    <div className="space-y-2">
      <form
        role="search"
        className="flex flex-wrap items-center justify-end gap-2 rounded-2xl border border-line bg-surface p-1.5 shadow-sm focus-within:border-accent sm:flex-nowrap"
        onSubmit={(event) => {
          event.preventDefault();
          ask(draft);
        }}
      >
        <input
          ref={input}
          type="text"
          enterKeyHint="search"
          autoComplete="off"
          aria-label="What are you looking for?"
          aria-invalid={problem !== null}
          aria-describedby={problem ? PROBLEM_ID : undefined}
          placeholder="What are you looking for? “a red car”"
          value={draft.text}
          onChange={(event) => edit({ ...draft, text: event.target.value })}
          onPaste={paste}
          onKeyDown={(event) => {
            // While an input method composes, the key ends the composition.
            if (event.key === 'Escape' && !event.nativeEvent.isComposing) clear();
          }}
          className="min-h-10 min-w-0 flex-auto basis-full bg-transparent px-3 outline-none placeholder:text-ink-2 sm:basis-0"
        />
        {(question !== null || draft.text !== '' || draft.images.length > 0) && (
          <Button variant="ghost" icon aria-label="Clear the question" onClick={clear}>
            <X aria-hidden />
          </Button>
        )}
        <QueryHelp
          examples={examples}
          hasPicture={draft.images.some(({ number }) => number === 1)}
          onExample={(text) => ask({ ...draft, text })}
          onPicture={() => choosePicture(true)}
        />
        <input
          ref={picker}
          type="file"
          accept="image/*"
          hidden
          data-testid="picture-input"
          onChange={(event) => {
            const image = event.target.files?.[0];
            if (image) addPicture(image);
            replaces.current = false;
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
                onClick={() => choosePicture(false)}
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
      {problem && <QueryProblem id={PROBLEM_ID} text={draft.text} problem={problem} />}
      {question !== null && draft === question && (
        <QueryAdviceLines
          advice={advice}
          onAsk={(text) => ask({ ...draft, text })}
          onEdit={(text) => {
            // What is typed next comes before it.
            editAt({ ...draft, text }, 0);
          }}
        />
      )}
      <ImageChips images={draft.images} onCrop={setCropped} onRemove={remove} />
      {question === null && examples.length > 0 && (
        <div className="flex flex-wrap items-center gap-2 px-2 text-sm">
          <span className="text-ink-2">Try</span>
          {examples.map((example) => (
            <button
              key={example}
              type="button"
              data-testid="example"
              className="rounded-full border border-line bg-surface px-3 py-1 hover:border-accent"
              onClick={() => ask({ ...draft, text: example })}
            >
              {example}
            </button>
          ))}
        </div>
      )}
      <CropDialog
        picture={cropped}
        onSearch={(part) => {
          setCropped(null);
          const images = draft.images.map((each) => (each.number === part.number ? part : each));
          ask({ ...draft, images });
        }}
        onClose={() => setCropped(null)}
      />
    </div>
  );
}
