import { Progress } from 'radix-ui';

/** A bar from 0 to `max`; `value` null means that how much there is to do is not known. */
export function ProgressBar({ value, max, label }: { value: number | null; max: number; label: string }) {
  const share = value === null || max === 0 ? 0 : Math.min(1, value / max);
  return (
    <Progress.Root
      value={value === null ? null : Math.min(value, max)}
      max={Math.max(max, 1)}
      aria-label={label}
      className="h-1.5 w-full overflow-hidden rounded-full bg-surface-2 forced-colors:outline"
    >
      <Progress.Indicator
        className={
          value === null
            ? 'h-full w-1/3 animate-pulse rounded-full bg-accent mark-strong'
            : 'h-full origin-left rounded-full bg-accent mark-strong transition-transform duration-300'
        }
        style={value === null ? undefined : { transform: `scaleX(${share})` }}
      />
    </Progress.Root>
  );
}
