import { Cpu, Loader2, TriangleAlert } from 'lucide-react';
import type { ComponentProps } from 'react';
import { formatBytes } from '@/lib/shared/format';
import type { ModelState } from '@/lib/core/model-store';
import { Button } from '../ui/button';

/** Says whether the model is ready, and opens what there is to say about it. */
export function ProviderButton({ model, ...rest }: ComponentProps<typeof Button> & { model: ModelState }) {
  const label =
    model.state === 'ready'
      ? model.model.providerLabel
      : model.state === 'failed'
        ? 'Model failed'
        : loadingLabel(model);
  const Icon = model.state === 'ready' ? Cpu : model.state === 'failed' ? TriangleAlert : Loader2;
  return (
    <Button
      variant="ghost"
      data-testid="provider-button"
      aria-label={`Model: ${label}. Details`}
      aria-haspopup="dialog"
      {...rest}
    >
      <Icon aria-hidden className={model.state === 'loading' ? 'animate-spin' : undefined} />
      {/* What it runs on is for the panel; a person who waits wants to know whether it is ready. */}
      <span className="sr-only">{label}</span>
      <span
        aria-hidden
        data-label={statusLabel(model)}
        className="whitespace-nowrap before:content-[attr(data-label)] max-[26rem]:hidden"
      />
    </Button>
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
  if (!progress || progress.stage === 'runtime') return 'Loading model';
  if (progress.stage === 'start') return `Starting ${progress.provider}`;
  const total = progress.totalBytes === null ? '' : ` of ${formatBytes(progress.totalBytes)}`;
  return `Model ${formatBytes(progress.loadedBytes)}${total}`;
}
