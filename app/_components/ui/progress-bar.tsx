/** A bar from 0 to `max`; `value` null means that how much there is to do is not known. */
export function ProgressBar({ value, max, label }: { value: number | null; max: number; label: string }) {
  const share = value === null || max === 0 ? 0 : Math.min(1, value / max);
  const isKnown = value !== null;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(max, 1)}
      aria-valuenow={isKnown ? Math.min(value, max) : undefined}
      aria-valuetext={isKnown ? `${Math.round(share * 100)}%` : undefined}
      className="h-1.5 w-full overflow-hidden rounded-full bg-surface-2 forced-colors:outline"
    >
      <div
        className={
          isKnown
            ? // No transition: a bar that moves several times a second would have the page drawn 60 times a second meanwhile.
              'h-full origin-left rounded-full bg-accent mark-strong'
            : 'h-full w-1/3 animate-pulse rounded-full bg-accent mark-strong'
        }
        style={isKnown ? { transform: `scaleX(${share})` } : undefined}
      />
    </div>
  );
}
