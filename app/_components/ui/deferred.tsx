import { Suspense, type ReactNode } from 'react';
import { ErrorBoundary } from './error-boundary';

/** Holds a part whose script is fetched when it is first wanted: `waiting` stands in for it, and a failure stays in its place. */
export function Deferred({
  what,
  waiting = null,
  children,
}: {
  /** The part, as the beginning of a sentence: "The help". */
  what: string;
  waiting?: ReactNode;
  children: ReactNode;
}) {
  return (
    <ErrorBoundary what={what}>
      <Suspense fallback={waiting}>{children}</Suspense>
    </ErrorBoundary>
  );
}
