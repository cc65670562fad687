import type { ReactNode } from 'react';
import { listOf } from '@/lib/shared/format';
import type { QueryAdvice } from '../../_hooks/use-query-advice';

/** What the model does not understand of a question, and questions to ask instead, each a click away. */
export function QueryAdviceLines({
  advice: { words, signs },
  onAsk,
  onEdit,
}: {
  advice: QueryAdvice;
  onAsk: (text: string) => void;
  /** Puts a text into the box without asking it: something is still to be typed before it. */
  onEdit: (text: string) => void;
}) {
  if (!words && !signs) return null;
  return (
    <div role="status" data-testid="query-advice" className="space-y-1.5 px-3 text-sm text-ink-2">
      {words && (
        <p>
          The model hardly knows {listOf(words.unknown.map((word) => `“${word}”`))}. It reads English.
          {words.spellings.length > 0 && ' Perhaps you mean'}
          {words.spellings.map(({ other, text }) => (
            <Offer key={text} onChoose={() => onAsk(text)} label={`Ask for “${text}”`}>
              {other}
            </Offer>
          ))}
        </p>
      )}
      {signs && (
        <p>
          The model reads {listOf(signs.words.map((word) => `“${word}”`))} like any other word.{' '}
          {signs.lacksSubject ? 'Type what the frames shall show, then' : 'Ask with signs:'}
          <Offer
            onChoose={() => (signs.lacksSubject ? onEdit(` ${signs.text}`) : onAsk(signs.text))}
            label={signs.lacksSubject ? `Put “${signs.text}” behind it` : `Ask for “${signs.text}”`}
          >
            {signs.text}
          </Offer>
        </p>
      )}
    </div>
  );
}

function Offer({ label, onChoose, children }: { label: string; onChoose: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onChoose}
      className="ml-2 rounded-full border border-line bg-surface px-3 py-0.5 [overflow-wrap:anywhere] text-ink hover:border-accent"
    >
      {children}
    </button>
  );
}
