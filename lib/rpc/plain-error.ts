import { FramesiftError, toFramesiftError, type ErrorCode } from '@/lib/shared/errors';

/** A FramesiftError as plain data: structured cloning keeps an error's message and drops its code. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  transient: boolean;
}

/** Any thrown value as plain data; `fallback` as for `toFramesiftError`. */
export function toPlainError(thrown: unknown, fallback?: string): PlainError {
  const { code, message, transient } = toFramesiftError(thrown, fallback);
  return { code, message, transient };
}

export function fromPlainError({ code, message, transient }: PlainError): FramesiftError {
  return new FramesiftError(code, message, { transient });
}
