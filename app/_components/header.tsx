import { Popover } from 'radix-ui';
import { Cpu, Loader2, TriangleAlert } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import type { OfflineSnapshot, OfflineStage } from '../_hooks/offline-copy';
import { modelOf, type ModelState } from '../_hooks/use-model';
import { useSpeeds } from '../_hooks/use-speeds';
import type { LibraryState } from '../_hooks/use-library';
import { formatBytes } from '@/lib/shared/format';
import { ProviderChoice } from './engine/provider-choice';
import { HelpDialog } from './help-dialog';
import { Button } from './ui/button';

function Logo() {
  return (
    <svg viewBox="0 0 32 32" className="size-7 shrink-0" aria-hidden>
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <g
        className="stroke-accent-ink"
        fill="none"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="M7 9h18M10.5 14.5h11M14 20h4M16 20v5" />
      </g>
    </svg>
  );
}

/** The name of the page, what the model runs on, the choice of models, and help. */
export function Header({
  model,
  onRetryModel,
  provider,
  library,
  offline,
  models,
}: {
  model: ModelState;
  onRetryModel: () => void;
  provider: ProviderSettings;
  library: LibraryState;
  offline: OfflineSnapshot;
  /** The models dialog with its button. */
  models: ReactNode;
}) {
  return (
    <header className="flex items-center gap-3 border-b border-line bg-surface px-4 py-2.5">
      <Logo />
      <div className="min-w-0">
        <p className="text-base leading-5 font-semibold">Framesift</p>
        <p className="hidden text-xs text-ink-2 sm:block">Your clips stay on this computer.</p>
      </div>
      <div className="ml-auto flex items-center gap-1">
        <EngineBadge
          model={model}
          onRetry={onRetryModel}
          provider={provider}
          library={library}
          offline={offline}
        />
        {models}
        <HelpDialog />
      </div>
    </header>
  );
}

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
type ProviderSettings = Omit<ComponentProps<typeof ProviderChoice>, 'model' | 'speeds' | 'isStarting'>;

function EngineBadge({
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
  const label =
    model.state === 'ready'
      ? model.model.providerLabel
      : model.state === 'failed'
        ? 'Model failed'
        : loadingLabel(model);
  // While it is replaced the panel stays, and with it the keyboard's place in it.
  const shown = modelOf(model);
  const speeds = useSpeeds(shown?.modelVersion ?? null);
  const Icon = model.state === 'ready' ? Cpu : model.state === 'failed' ? TriangleAlert : Loader2;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button variant="ghost" data-testid="engine" aria-label={`Model: ${label}. Details`}>
          <Icon aria-hidden className={model.state === 'loading' ? 'animate-spin' : undefined} />
          {/* What it runs on is for the panel; a person who waits wants to know whether it is ready. */}
          <span className="sr-only">{label}</span>
          <span
            aria-hidden
            data-label={statusLabel(model)}
            className="whitespace-nowrap before:content-[attr(data-label)] max-[26rem]:hidden"
          />
        </Button>
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

/** What shows in the header. */
function statusLabel(model: ModelState): string {
  if (model.state === 'ready') return 'Ready';
  if (model.state === 'failed') return 'Not ready';
  const { progress } = model;
  if (progress?.stage !== 'download' || progress.totalBytes === null) return 'Getting ready…';
  return `Getting ready, ${Math.round((progress.loadedBytes / progress.totalBytes) * 100)} %`;
}

function loadingLabel({ progress }: Extract<ModelState, { state: 'loading' }>): string {
  if (!progress) return 'Loading model';
  if (progress.stage === 'start') return `Starting ${progress.provider}`;
  const total = progress.totalBytes === null ? '' : ` of ${formatBytes(progress.totalBytes)}`;
  return `Model ${formatBytes(progress.loadedBytes)}${total}`;
}
