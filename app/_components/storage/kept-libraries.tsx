'use client';

import type { KeptLibrary } from '@/lib/ports/library';
import { useState } from 'react';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from '../../_hooks/framesift';
import { chooseLibrary, saveLibraryFiles } from '../../_hooks/save-library';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';

/** Libraries in this browser beside the one at work, and what can be done with them. */
export function KeptLibraries({ kept, onChange }: { kept: readonly KeptLibrary[]; onChange: () => void }) {
  return kept.map((library) => <KeptOne key={library.name} library={library} onChange={onChange} />);
}

function KeptOne({
  library: { name, canBeOpened },
  onChange,
}: {
  library: KeptLibrary;
  onChange: () => void;
}) {
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [news, setNews] = useState<string | null>(null);
  const work = (action: () => Promise<string | null>) => {
    setBusy(true);
    setNews(null);
    action()
      .then(
        (sentence) => setNews(sentence),
        (error: unknown) => setNews(toFramesiftError(error).message),
      )
      .finally(() => setBusy(false));
  };
  const remove = () =>
    work(async () => {
      await getFramesift().services.database.removeKeptLibrary(name);
      onChange();
      return null;
    });
  return (
    <Notice
      tone="info"
      actions={
        <div className="flex flex-wrap gap-1 [&>button]:px-2">
          {isAsked ? (
            <>
              <Button variant="danger" onClick={remove} disabled={isBusy}>
                Delete all its clips
              </Button>
              <Button variant="ghost" onClick={() => setAsked(false)} disabled={isBusy}>
                Keep it
              </Button>
            </>
          ) : (
            <>
              {canBeOpened && (
                <Button onClick={() => work(() => chooseLibrary(name).then(() => null))} disabled={isBusy}>
                  Open it
                </Button>
              )}
              <Button onClick={() => work(() => saveLibraryFiles(name))} disabled={isBusy}>
                Save its files
              </Button>
              <Button variant="danger" onClick={() => setAsked(true)} disabled={isBusy}>
                Delete…
              </Button>
            </>
          )}
        </div>
      }
    >
      {news ??
        (canBeOpened
          ? 'Another library is kept in this browser. It takes room until you delete it.'
          : `A library of another version of Framesift is kept in this browser (${name}). This version cannot open it; the other can, and back it up.`)}
    </Notice>
  );
}
