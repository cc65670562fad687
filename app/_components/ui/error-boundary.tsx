'use client';

import { Component, type ReactNode } from 'react';
import { explainFailure } from '@/lib/shared/errors';
import { Button } from './button';
import { renewFailedParts } from './late-part';
import { Notice } from './notice';

/** Keeps a failure of one part of the page to that part, which says so and can be shown again. */
export class ErrorBoundary extends Component<
  {
    /** The part, as the beginning of a sentence: "The list of clips". */
    what: string;
    children: ReactNode;
  },
  { failure: { thrown: unknown } | null }
> {
  override state: { failure: { thrown: unknown } | null } = { failure: null };

  /** Anything can be thrown, `null` included, so what was thrown is kept in an object. */
  static getDerivedStateFromError(thrown: unknown) {
    return { failure: { thrown } };
  }

  override render() {
    const { failure } = this.state;
    if (!failure) return this.props.children;
    return (
      <div className="p-4">
        <Notice
          tone="danger"
          actions={
            <>
              <Button
                onClick={() => {
                  renewFailedParts();
                  this.setState({ failure: null });
                }}
              >
                Show it again
              </Button>
              <Button variant="ghost" onClick={() => window.location.reload()}>
                Reload the page
              </Button>
            </>
          }
        >
          {explainFailure(
            `${this.props.what} cannot be shown.`,
            failure.thrown,
            'What is stored is not affected. Show it again; if it fails again, reload the page.',
          )}
        </Notice>
      </div>
    );
  }
}
