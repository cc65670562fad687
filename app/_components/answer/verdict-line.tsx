import type { Answer, AnswerFrame, AnswerSpan } from '@/lib/ports/search';
import { CircleDot, CircleHelp, ListVideo, SearchX, Waves } from 'lucide-react';
import { formatTime } from '@/lib/shared/format';

/** Moments that are named; more would be a list to read rather than an answer. */
const MOMENTS_NAMED = 4;

/** What the automatic choice found, in words, with each moment to click on. */
export function VerdictLine({
  answer,
  questionText,
  hasUnknownWordsOnly,
  isReading,
  clipNames,
  onSpan,
}: {
  answer: Answer;
  /** The model knows no word of the question, so that finding nothing says nothing. */
  hasUnknownWordsOnly: boolean;
  questionText: string;
  isReading: boolean;
  clipNames: ReadonlyMap<string, string> | null;
  onSpan: (span: AnswerSpan) => void;
}) {
  const { frames, levels } = answer;
  const verdict = answer.verdict ?? judgeBest(frames[0], levels);
  const where = clipNames ? 'these clips' : 'this clip';
  if (frames.length === 0) return null;
  if (hasUnknownWordsOnly) {
    return (
      <Line icon={<SearchX aria-hidden />} tone="bg-warn-soft text-warn">
        The model does not know these words, so it cannot tell whether {where} {clipNames ? 'show' : 'shows'}{' '}
        “{questionText}”. These are the closest frames.
      </Line>
    );
  }
  if (verdict?.kind === 'absent') {
    return (
      <Line icon={<SearchX aria-hidden />} tone="bg-warn-soft text-warn">
        Nothing {isReading ? 'read so far' : `in ${where}`} looks like “{questionText}”. These are the closest
        frames.
      </Line>
    );
  }
  if (!verdict) return null;
  const spans = verdict.spans.slice(0, MOMENTS_NAMED);
  const more = verdict.spans.length - spans.length;
  if (verdict.kind === 'whole') {
    return (
      <Line icon={<Waves aria-hidden />}>
        It can be seen through {clipNames ? 'all of it' : 'the whole clip'}; these frames are spread over it.
      </Line>
    );
  }
  const links = spans.map((span, index) => (
    <span key={`${span.clipId} ${span.startMs}`}>
      {index > 0 && (index === spans.length - 1 && more === 0 ? ' and ' : ', ')}
      <button
        type="button"
        className="rounded font-medium tabular-nums underline underline-offset-2"
        onClick={() => onSpan(span)}
      >
        {formatSpan(span)}
      </button>
      {clipNames && ` of ${clipNames.get(span.clipId) ?? 'a clip'}`}
    </span>
  ));
  if (verdict.kind === 'perhaps') {
    return (
      <Line icon={<CircleHelp aria-hidden />}>
        {links.length > 0 && (
          <>
            Perhaps {links}
            {more > 0 && ` and ${more} more`}.{' '}
          </>
        )}
        These frames come closest to “{questionText}”; the model is not sure.
      </Line>
    );
  }
  return verdict.kind === 'moment' ? (
    <Line icon={<CircleDot aria-hidden />}>One moment answers: {links}.</Line>
  ) : (
    <Line icon={<ListVideo aria-hidden />}>
      {verdict.spans.length} moments answer: {links}
      {more > 0 && ` and ${more} more`}.
    </Line>
  );
}

/** What can be said where the way of choosing gives no verdict: whether the best frame is too weak to rely on. */
function judgeBest(best: AnswerFrame | undefined, levels: Answer['levels']): Answer['verdict'] {
  if (best?.strength !== 'weak' || !levels || best.likelihood === null) return null;
  const kind = best.likelihood < levels.unlikely ? 'absent' : 'perhaps';
  return { kind, spans: [], evidence: null };
}

function formatSpan({ startMs, endMs }: AnswerSpan): string {
  const [start, end] = [formatTime(startMs), formatTime(endMs)];
  return start === end ? start : `${start}–${end}`;
}

function Line({
  icon,
  tone = 'bg-surface-2',
  children,
}: {
  icon: React.ReactNode;
  tone?: string;
  children: React.ReactNode;
}) {
  return (
    <p
      role="status"
      data-testid="verdict"
      className={`flex items-start gap-3 rounded-xl px-4 py-2.5 text-sm [&_svg]:mt-0.5 [&_svg]:size-4 [&_svg]:shrink-0 ${tone}`}
    >
      {icon}
      <span className="min-w-0 [overflow-wrap:anywhere]">{children}</span>
    </p>
  );
}
