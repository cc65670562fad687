import * as Comlink from 'comlink';
import { property, toFramesiftError } from '@/lib/shared/errors';
import { fromPlainError, toPlainError, type PlainError } from './plain-error';

interface SerialisedError extends PlainError {
  stack: string | undefined;
}

/**
 * Comlink carries an error's message across threads but drops its `code`. Every thread that installs this sends and
 * receives FramesiftErrors whole instead.
 *
 * "throw" is the name under which Comlink 4 registers its own handler for thrown values.
 */
export function installErrorTransfer(): void {
  const original = Comlink.transferHandlers.get('throw');
  if (!original) throw new Error('Comlink has no "throw" transfer handler; its version has changed.');
  Comlink.transferHandlers.set('throw', {
    canHandle: (value): value is unknown => original.canHandle(value),
    serialize: (thrown) => {
      const error = toFramesiftError((thrown as { value: unknown }).value);
      const stack = property(error.cause, 'stack') ?? error.stack;
      const serialised: SerialisedError = {
        ...toPlainError(error),
        stack: typeof stack === 'string' ? stack : undefined,
      };
      return [serialised, []];
    },
    deserialize: (value) => {
      const { stack, ...plain } = value as SerialisedError;
      const error = fromPlainError(plain);
      if (stack) error.stack = stack;
      throw error;
    },
  });
}
