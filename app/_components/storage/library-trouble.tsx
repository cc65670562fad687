'use client';

import type { KeptLibrary } from '@/lib/ports/library';
import { useEffect, useState } from 'react';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from '../../_hooks/framesift';
import { chooseLibrary, saveLibrary } from '../../_hooks/save-library';
import { useExports } from '../../_hooks/use-exports';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { KeptLibraries } from './kept-libraries';

/** A library that cannot be opened: why, and the ways on. Nothing of it is deleted. */
export function LibraryTrouble({ message, onRetry }: { message: string; onRetry: () => void }) {
  const [isAsked, setAsked] = useState(false);
  const [isStarting, setStarting] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [kept, setKept] = useState<KeptLibrary[]>([]);
  const { exporting, run, cancel } = useExports();
  const isSaving = exporting.state === 'running';

  const lookForOthers = () =>
    getFramesift()
      .services.database.keptLibraries()
      .then(setKept, () => undefined);
  useEffect(() => {
    void lookForOthers();
  }, []);

  const startAnew = () => {
    setStarting(true);
    setFailure(null);
    chooseLibrary(null).catch((error: unknown) => {
      setFailure(toFramesiftError(error, 'A new library could not be begun.').message);
      setStarting(false);
      setAsked(false);
    });
  };
  return (
    <div data-testid="library-trouble" className="space-y-2">
      <Notice
        tone="danger"
        actions={
          isAsked ? (
            <div className={ACTIONS_CLASS}>
              <Button onClick={startAnew} disabled={isStarting}>
                Start anew
              </Button>
              <Button onClick={() => setAsked(false)} disabled={isStarting}>
                Not now
              </Button>
            </div>
          ) : (
            <div className={ACTIONS_CLASS}>
              <Button onClick={onRetry} disabled={isSaving}>
                Try again
              </Button>
              <Button onClick={() => location.reload()} disabled={isSaving}>
                Reload
              </Button>
              <Button
                onClick={() => (isSaving ? cancel() : run('Copy of the library', saveLibrary))}
                aria-busy={isSaving}
              >
                {isSaving ? 'Cancel' : 'Save a copy'}
              </Button>
              <Button onClick={() => setAsked(true)} disabled={isSaving}>
                Start anew…
              </Button>
            </div>
          )
        }
      >
        {failure ??
          (isAsked
            ? 'An empty library takes the place of this one. This one stays in the browser as it is, and you can come back to it.'
            : message)}
      </Notice>
      <p
        role="status"
        data-testid="copy-status"
        className={`px-1 text-xs [overflow-wrap:anywhere] ${exporting.state === 'failed' ? 'text-danger' : 'text-ink-2'}`}
      >
        {isSaving ? 'Saving a copy…' : exporting.state !== 'idle' && exporting.message}
      </p>
      <KeptLibraries kept={kept} onChange={() => void lookForOthers()} />
    </div>
  );
}

const ACTIONS_CLASS = 'grid w-full grid-cols-2 gap-2 [&>button]:px-2';
