import clsx from 'clsx';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

const TONES = {
  info: { icon: Info, style: 'bg-surface-2 text-ink' },
  warn: { icon: TriangleAlert, style: 'bg-warn-soft text-warn' },
  danger: { icon: CircleAlert, style: 'bg-danger-soft text-danger' },
} as const;

/** A sentence that needs attention, with what can be done about it beside it. */
export function Notice({
  tone,
  children,
  actions,
}: {
  tone: keyof typeof TONES;
  children: ReactNode;
  actions?: ReactNode;
}) {
  const { icon: Icon, style } = TONES[tone];
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={clsx('flex flex-wrap items-start gap-x-3 gap-y-2 rounded-xl px-4 py-3 text-sm', style)}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-48 flex-1 [overflow-wrap:anywhere]">{children}</div>
      {actions}
    </div>
  );
}
