'use client';

import { useEffect, useRef, useState } from 'react';
import type { ExportedFile } from '@/lib/exchange/export-selection';
import type { ExportTask } from '@/lib/exchange/pictures';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';

/** The export under way, or how the last one ended. */
export type ExportState =
  | { state: 'idle' }
  | { state: 'running'; title: string; done: number; total: number }
  | { state: 'done'; message: string }
  | { state: 'failed'; message: string };

/** A download reads its URL after the click, some browsers once the person has chosen a place. */
const REVOKE_AFTER_MS = 60_000;

/** Hands a file to the browser's downloads. */
export function downloadFile({ blob, name }: Pick<ExportedFile, 'blob' | 'name'>): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

/** Runs one export at a time and tells how far it is. */
export function useExports() {
  const [state, setState] = useState<ExportState>({ state: 'idle' });
  const running = useRef<AbortController | null>(null);

  // An export of a clip that is not shown any more would end in a surprise.
  useEffect(() => () => running.current?.abort(), []);

  /**
   * @param title says what is being made, as `Frames as ZIP`
   * @param work gives the sentence to end with
   */
  const run = (title: string, work: (task: ExportTask) => Promise<string>): void => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const show = (next: ExportState) => {
      if (running.current === controller) setState(next);
    };
    show({ state: 'running', title, done: 0, total: 0 });
    work({
      signal: controller.signal,
      onProgress: (done, total) => {
        if (!controller.signal.aborted) show({ state: 'running', title, done, total });
      },
    }).then(
      (message) => show({ state: 'done', message }),
      (error: unknown) =>
        show(
          isCancelled(error) || controller.signal.aborted
            ? { state: 'idle' }
            : { state: 'failed', message: toFramesiftError(error, 'This could not be exported.').message },
        ),
    );
  };

  return {
    exporting: state,
    run,
    cancel: () => {
      running.current?.abort();
      setState({ state: 'idle' });
    },
    dismiss: () => setState({ state: 'idle' }),
  };
}
