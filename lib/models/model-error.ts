import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';

/** A file of a model that is not to be had, as the model that is not; any other error as it is. */
export function asModelError(thrown: unknown): FramesiftError {
  const error = toFramesiftError(thrown, 'The model could not be fetched.');
  if (error.code !== 'file-unavailable') return error;
  return new FramesiftError('model-unavailable', error.message, { transient: error.transient, cause: error });
}
