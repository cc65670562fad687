import { FramesiftError, property, toFramesiftError } from './errors';

/**
 * Whether a file was changed, moved or deleted since it was chosen: the browser refuses to read it from then on, also
 * where it is still being recorded or was synchronised. Costs one byte.
 */
export async function hasChanged(file: Blob): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return false;
  } catch (error) {
    return ['NotReadableError', 'NotFoundError'].includes(String(property(error, 'name')));
  }
}

/** @throws FramesiftError `file-changed` when the file cannot be read any more as it was chosen */
export async function assertUnchanged(file: Blob): Promise<void> {
  if (await hasChanged(file)) throw fileChanged();
}

/** What made reading a file fail, told as a change of the file where that is the cause. */
export async function readingFailure(thrown: unknown, file: Blob): Promise<FramesiftError> {
  const error = toFramesiftError(thrown, 'The clip could not be read.');
  if (error.code === 'cancelled' || !(await hasChanged(file))) return error;
  return fileChanged(thrown);
}

function fileChanged(cause?: unknown): FramesiftError {
  return new FramesiftError(
    'file-changed',
    'The file changed or moved after it was chosen. Choose it again to read it as it is now.',
    { cause },
  );
}
