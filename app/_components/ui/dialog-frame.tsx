import { clsx } from 'clsx';
import { X } from 'lucide-react';
import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button';

const WIDTHS = {
  narrow: 'w-[min(36rem,calc(100vw-2rem))]',
  wide: 'w-[min(44rem,calc(100vw-1rem))]',
} as const;

/** What is inside a `Dialog.Root` once it is open: a backdrop, a title with a button that closes, and what the dialog is about. */
export function DialogFrame({
  title,
  description,
  closeLabel,
  width = 'wide',
  testId,
  children,
}: {
  title: string;
  /** What can be done here, for everybody to read; screen readers say it when the dialog opens. */
  description?: string;
  closeLabel: string;
  width?: keyof typeof WIDTHS;
  testId?: string;
  children: ReactNode;
}) {
  return (
    <Dialog.Portal>
      {/* Not Dialog.Overlay: it locks scrolling with a <style> element, which the site's policy refuses. */}
      <div data-backdrop className="fixed inset-0 z-30 bg-black/50" />
      <Dialog.Content
        // Without a description Radix wants to be told that there is none.
        {...(description === undefined && { 'aria-describedby': undefined })}
        className={clsx(
          'fixed top-1/2 left-1/2 z-30 max-h-[90dvh] -translate-1/2 overflow-y-auto rounded-2xl border border-line bg-surface p-4 shadow-2xl sm:p-6',
          WIDTHS[width],
        )}
        data-testid={testId}
      >
        <div className="flex items-start justify-between gap-4">
          <div>
            <Dialog.Title className="text-lg font-semibold">{title}</Dialog.Title>
            {description !== undefined && (
              <Dialog.Description className="mt-1 text-sm text-ink-2">{description}</Dialog.Description>
            )}
          </div>
          <Dialog.Close asChild>
            <Button variant="ghost" icon aria-label={closeLabel}>
              <X aria-hidden />
            </Button>
          </Dialog.Close>
        </div>
        {children}
      </Dialog.Content>
    </Dialog.Portal>
  );
}
