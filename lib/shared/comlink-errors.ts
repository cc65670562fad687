import * as Comlink from 'comlink';
import { FramesiftError, property, toFramesiftError, type ErrorCode } from './errors';

interface SerialisedError {
  code: ErrorCode;
  message: string;
  transient: boolean;
  stack: string | undefined;
}

/**
 * Comlink carries an error's message across threads but drops its `code`. Every thread that imports
 * this module (each worker and the page) sends and receives FramesiftErrors whole instead.
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
        code: error.code,
        message: error.message,
        transient: error.transient,
        stack: typeof stack === 'string' ? stack : undefined,
      };
      return [serialised, []];
    },
    deserialize: (value) => {
      const { code, message, transient, stack } = value as SerialisedError;
      const error = new FramesiftError(code, message, { transient });
      if (stack) error.stack = stack;
      throw error;
    },
  });
}
