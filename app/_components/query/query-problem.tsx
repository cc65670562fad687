import type { QuerySyntaxError } from '@/lib/query/parse';

/** What is wrong with a question, and where: its text again with the place marked. */
export function QueryProblem({
  id,
  text,
  problem: { message, start, end },
}: {
  id: string;
  text: string;
  problem: QuerySyntaxError;
}) {
  const place = text.slice(start, end);
  return (
    <div id={id} role="alert" className="space-y-1 px-3 text-sm text-warn" data-testid="query-problem">
      <p>{message}</p>
      {place.trim() !== '' && (
        <p className="[overflow-wrap:anywhere] whitespace-pre-wrap text-ink">
          <span className="sr-only">It is marked here: </span>
          {text.slice(0, start)}
          <mark className="rounded-xs bg-warn-soft px-0.5 font-semibold text-warn underline decoration-wavy decoration-2 underline-offset-4">
            {place}
          </mark>
          {text.slice(end)}
        </p>
      )}
    </div>
  );
}
