import { Popover } from 'radix-ui';
import type { ComponentProps } from 'react';
import type { OfflineSnapshot, OfflineStage } from '../../_hooks/offline-copy';
import type { LibraryState } from '@/lib/core/clips-store';
import { modelOf, type ModelState } from '@/lib/core/model-store';
import { missingParts } from '@/lib/shared/platform';
import { usePlatform } from '../../_hooks/use-platform';
import { useSpeeds } from '../../_hooks/use-speeds';
import { Button } from '../ui/button';
import { ProviderButton } from './provider-button';
import { ProviderChoice } from './provider-choice';

const OFFLINE_LABELS: Record<OfflineStage, string> = {
  preparing: 'being prepared',
  ready: 'ready, this page works without a network',
  unavailable: 'not possible in this window',
};
const STORE_LABELS = {
  'opfs-ahp': 'this site’s private files',
  idb: 'IndexedDB',
  memory: 'memory, for this visit',
} as const;

/** How the model is to be run, and the means to change it. */
export type ProviderSettings = Omit<ComponentProps<typeof ProviderChoice>, 'model' | 'speeds' | 'isStarting'>;

/** What the model runs on, and the database, with their button; open from the start, since a click made it. */
export function ProviderPanel({
  model,
  onRetry,
  provider,
  library,
  offline,
}: {
  model: ModelState;
  onRetry: () => void;
  provider: ProviderSettings;
  library: LibraryState;
  offline: OfflineSnapshot;
}) {
  // While it is replaced the panel stays, and with it the keyboard's place in it.
  const shown = modelOf(model);
  const platform = usePlatform();
  const missing = platform ? missingParts(platform) : [];
  const speeds = useSpeeds(shown?.modelVersion ?? null);
  return (
    <Popover.Root defaultOpen>
      <Popover.Trigger asChild>
        <ProviderButton model={model} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          aria-label="What is at work"
          className="z-20 max-h-[var(--radix-popover-content-available-height)] w-96 max-w-[calc(100vw-2rem)] overflow-y-auto rounded-xl border border-line bg-surface p-4 text-sm shadow-xl"
        >
          {shown ? (
            <div className="space-y-4">
              <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 [&_dt]:text-ink-2">
                <dt>Model</dt>
                <dd>{shown.modelName}</dd>
                <dt>Version</dt>
                <dd
                  className="font-mono text-xs leading-5 [overflow-wrap:anywhere]"
                  data-testid="model-version"
                >
                  {shown.modelVersion}
                </dd>
                <dt>Database</dt>
                <dd data-testid="store">
                  {library.state === 'ready'
                    ? `PostgreSQL ${library.database.postgresVersion}, in ${STORE_LABELS[library.database.store]}`
                    : 'not open'}
                </dd>
                <dt>Offline</dt>
                <dd data-testid="offline">{OFFLINE_LABELS[offline.stage]}</dd>
              </dl>
              {missing.length > 0 && (
                <section aria-labelledby="missing-parts" className="space-y-2" data-testid="missing-parts">
                  <h2 id="missing-parts" className="font-semibold">
                    What this browser does not give this page
                  </h2>
                  <ul className="list-disc space-y-1 pl-5 text-xs text-ink-2">
                    {missing.map(({ part, sentence }) => (
                      <li key={part}>{sentence}</li>
                    ))}
                  </ul>
                </section>
              )}
              <section aria-labelledby="runs-on" className="space-y-2">
                <h2 id="runs-on" className="font-semibold">
                  Runs on <span data-testid="provider">{shown.providerLabel}</span>
                </h2>
                <ProviderChoice
                  model={shown}
                  speeds={speeds}
                  isStarting={model.state === 'loading'}
                  {...provider}
                />
              </section>
            </div>
          ) : model.state === 'failed' ? (
            <div className="space-y-3">
              <p>{model.message}</p>
              <Button onClick={onRetry}>Try again</Button>
            </div>
          ) : (
            <p>The model is being fetched and started. Clips can be opened meanwhile.</p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
