import type { ReactNode } from 'react';
import type { LibraryState } from '@/lib/core/clips-store';
import type { ModelState } from '@/lib/core/model-store';
import type { BringingIn } from '../_hooks/use-bring-in';
import { getFramesift } from '../_hooks/framesift';
import { BUNDLED_CHOICE, readModelChoice, saveModelChoice } from '../_hooks/model-settings';
import type { Refusal } from '@/lib/core/opened-files-store';
import { useNotices } from '../_hooks/use-store';
import { Button } from './ui/button';
import { Deferred } from './ui/deferred';
import { latePart } from './ui/late-part';
import { Notice } from './ui/notice';
import { ProgressBar } from './ui/progress-bar';

const PrivateWindowNotice = latePart(() =>
  import('./private-window-notice').then((module) => module.PrivateWindowNotice),
);

interface PageNoticesProps {
  library: LibraryState;
  model: ModelState;
  onRetryModel: () => void;
  refusals: readonly Refusal[];
  onDismissRefusal: (key: string) => void;
  /** What has come in; null where there is nothing to tell. */
  news: string | null;
  onDismissNews: () => void;
  /** Whether the clip of the address is not in the library. */
  isGone: boolean;
  onDismissGone: () => void;
  bringingIn: BringingIn | null;
  isInspecting: boolean;
}

/** What a person should read before anything else, in the order of its weight. */
export function PageNotices({
  library,
  model,
  onRetryModel,
  refusals,
  onDismissRefusal,
  news,
  onDismissNews,
  isGone,
  onDismissGone,
  bringingIn,
  isInspecting,
}: PageNoticesProps) {
  const { message, silence } = useNotices();
  return (
    <>
      {library.state === 'ready' &&
        (library.database.store === 'memory' ? (
          <Notice tone="warn">
            This browser keeps nothing for this site, so clips and settings are gone when you close or reload
            the page. To keep them, allow cookies and site data for this site, then reload.
          </Notice>
        ) : (
          <Deferred what="A notice" waiting={null}>
            <PrivateWindowNotice />
          </Deferred>
        ))}
      {silence && <Notice tone="warn">{silence}</Notice>}
      {message && (
        <Dismissible tone="danger" onDismiss={() => getFramesift().tell(null)}>
          {message}
        </Dismissible>
      )}
      {refusals.map(({ key, fileName, message: reason }) => (
        <Dismissible key={key} tone="danger" onDismiss={() => onDismissRefusal(key)}>
          <strong className="font-semibold">
            <bdi>{fileName}</bdi>
          </strong>
          : {reason}
        </Dismissible>
      ))}
      {news && (
        <Dismissible tone="info" onDismiss={onDismissNews}>
          {news}
        </Dismissible>
      )}
      {isGone && (
        <Dismissible tone="info" onDismiss={onDismissGone}>
          The clip of this address is not in this browser’s library. It may have been deleted, or read in
          another browser; open its file to read it here.
        </Dismissible>
      )}
      {bringingIn && <BringingInNotice {...bringingIn} />}
      {isInspecting && <Notice tone="info">Looking at the file…</Notice>}
      {model.state === 'failed' && <ModelFailure message={model.message} onRetry={onRetryModel} />}
    </>
  );
}

function Dismissible({
  tone,
  onDismiss,
  children,
}: {
  tone: 'info' | 'danger';
  onDismiss: () => void;
  children: ReactNode;
}) {
  return (
    <Notice
      tone={tone}
      actions={
        <Button variant="ghost" onClick={onDismiss}>
          Dismiss
        </Button>
      }
    >
      {children}
    </Notice>
  );
}

function BringingInNotice({ name, done, total, stop }: BringingIn) {
  return (
    <Notice
      tone="info"
      actions={
        total > 0 && (
          <Button variant="ghost" onClick={stop}>
            Cancel
          </Button>
        )
      }
    >
      Bringing in <bdi>{name}</bdi>…{total > 0 && <ProgressBar value={done} max={total} label="Brought in" />}
    </Notice>
  );
}

function ModelFailure({ message, onRetry }: { message: string; onRetry: () => void }) {
  return (
    <Notice
      tone="danger"
      actions={
        <>
          <Button onClick={onRetry}>Try again</Button>
          {readModelChoice().modelId !== BUNDLED_CHOICE.modelId && (
            <Button
              onClick={() => {
                saveModelChoice(BUNDLED_CHOICE);
                onRetry();
              }}
            >
              Use the bundled model
            </Button>
          )}
        </>
      }
    >
      {message}
    </Notice>
  );
}
