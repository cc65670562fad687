import clsx from 'clsx';
import type { ComponentProps } from 'react';

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger';

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-accent text-accent-ink hover:opacity-90',
  secondary: 'border border-line bg-surface hover:bg-surface-2',
  ghost: 'text-ink-2 hover:bg-surface-2 hover:text-ink',
  danger: 'text-danger hover:bg-danger-soft',
};

/** A push button; `icon` alone makes it square and then it needs an `aria-label`. */
export function Button({
  variant = 'secondary',
  icon = false,
  className,
  type = 'button',
  ...rest
}: ComponentProps<'button'> & { variant?: Variant; icon?: boolean }) {
  return (
    <button
      type={type}
      className={clsx(
        'inline-flex min-h-9 items-center justify-center gap-2 rounded-lg text-sm font-medium transition-colors disabled:opacity-50 forced-colors:border [&_svg]:size-4 [&_svg]:shrink-0',
        icon ? 'min-w-9' : 'px-3.5',
        VARIANTS[variant],
        className,
      )}
      {...rest}
    />
  );
}
