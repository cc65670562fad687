import type { LoadedModel, ProviderRung } from '@/lib/ports/encoder';
import clsx from 'clsx';
import { Gauge } from 'lucide-react';
import { RadioGroup } from 'radix-ui';
import { rungOf } from '@/lib/shared/provider-rungs';
import { PROVIDER_PREFERENCES, type ProviderPreference } from '../../_hooks/provider-preference';
import type { Speeds } from '../../_hooks/use-speeds';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';

const LABELS: Record<ProviderPreference, string> = {
  auto: 'Automatic',
  webgpu: 'WebGPU (graphics card)',
  'wasm-threads': 'WASM, several threads',
  'wasm-single': 'WASM, one thread',
};

/** Which way of running the model is at work, why the others are not, how fast each is, and the choice. */
export function ProviderChoice({
  model,
  speeds,
  isStarting,
  preference,
  isReading,
  onChoose,
}: {
  model: LoadedModel;
  speeds: Speeds;
  /** It is about to be replaced by what was chosen. */
  isStarting: boolean;
  preference: ProviderPreference;
  /** A clip is being read: neither a change nor a measurement may come between. */
  isReading: boolean;
  onChoose: (preference: ProviderPreference) => void;
}) {
  const isBusy = isReading || speeds.isMeasuring;
  return (
    <div className="space-y-3">
      <RadioGroup.Root
        aria-label="Run the model on"
        value={preference}
        disabled={isBusy}
        onValueChange={(value) => onChoose(value as ProviderPreference)}
        className="space-y-1"
      >
        {PROVIDER_PREFERENCES.map((value) => (
          <Way key={value} value={value} model={isStarting ? null : model} speeds={speeds} />
        ))}
      </RadioGroup.Root>
      {speeds.problem && <Notice tone="danger">{speeds.problem}</Notice>}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button onClick={speeds.measure} disabled={isBusy || isStarting}>
          <Gauge aria-hidden /> {speeds.isMeasuring ? 'Measuring…' : 'Measure the speed of each'}
        </Button>
        <p className="text-xs text-ink-2" aria-live="polite">
          {isReading
            ? 'A clip is being read. This can be changed when it is done or stopped.'
            : speeds.isMeasuring
              ? `${speeds.reports.size} of 3 tried.`
              : 'Takes some seconds.'}
        </p>
      </div>
    </div>
  );
}

function Way({
  value,
  model,
  speeds,
}: {
  value: ProviderPreference;
  /** Null while it is being started. */
  model: LoadedModel | null;
  speeds: Speeds;
}) {
  const report = value === 'auto' ? undefined : speeds.reports.get(value);
  const isAtWork = model !== null && rungOf(model.provider) === value;
  const name = value === 'wasm-threads' && isAtWork ? model.providerLabel : LABELS[value];
  return (
    <RadioGroup.Item
      value={value}
      data-testid={`provider-${value}`}
      aria-label={name}
      aria-describedby={`provider-note-${value}`}
      className="group flex w-full items-start gap-3 rounded-lg border border-transparent px-2 py-1.5 text-left hover:bg-surface-2 disabled:opacity-60 data-[state=checked]:border-accent data-[state=checked]:bg-accent-soft"
    >
      <span
        aria-hidden
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-ink-2"
      >
        <RadioGroup.Indicator className="size-2 rounded-full bg-accent" />
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span className="font-medium">{name}</span>
          {report?.speed && (
            <span className="text-ink-2 tabular-nums" data-testid={`speed-${value}`}>
              {report.speed.framesPerSecond.toFixed(1)} frames/s
            </span>
          )}
        </span>
        <span
          id={`provider-note-${value}`}
          className={clsx('block text-xs [overflow-wrap:anywhere]', isAtWork ? 'text-accent' : 'text-ink-2')}
        >
          {noteOn(value, isAtWork, model, report?.problem ?? null)}
        </span>
      </span>
    </RadioGroup.Item>
  );
}

function noteOn(
  value: ProviderPreference,
  isAtWork: boolean,
  model: LoadedModel | null,
  problem: string | null,
): string {
  if (value === 'auto') return 'The best way that passes its self-test.';
  if (!model) return 'The model is being started.';
  const skipped = model.skipped.find(({ rung }: { rung: ProviderRung }) => rung === value);
  if (isAtWork && model.provider.isMeasured)
    return 'At work, with as many threads as read clips fastest here when that was measured.';
  if (isAtWork) return skipped ? `At work with fewer threads, because ${skipped.reason}.` : 'At work.';
  if (skipped) return `Not at work, because ${skipped.reason}.`;
  return problem ?? 'Not at work: another way is.';
}
