import type { ReactNode } from 'react';
import type { OfflineSnapshot } from '../_hooks/offline-copy';
import type { LibraryState } from '@/lib/core/clips-store';
import type { ModelState } from '@/lib/core/model-store';
import { Provider } from './provider/provider';
import type { ProviderSettings } from './provider/provider-panel';
import { Help } from './help';

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
  libraries,
}: {
  model: ModelState;
  onRetryModel: () => void;
  provider: ProviderSettings;
  library: LibraryState;
  offline: OfflineSnapshot;
  /** The models dialog with its button. */
  models: ReactNode;
  /** The dialog of shared libraries with its button. */
  libraries: ReactNode;
}) {
  return (
    <header className="flex items-center gap-3 border-b border-line bg-surface px-4 py-2.5">
      <Logo />
      <div className="min-w-0">
        <p className="text-base leading-5 font-semibold">Framesift</p>
        <p className="hidden text-xs text-ink-2 sm:block">Your videos stay on this computer.</p>
      </div>
      <div className="ml-auto flex items-center gap-1">
        <Provider
          model={model}
          onRetry={onRetryModel}
          provider={provider}
          library={library}
          offline={offline}
        />
        {models}
        {libraries}
        <Help />
      </div>
    </header>
  );
}
