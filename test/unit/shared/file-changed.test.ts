import { describe, expect, it } from 'vitest';
import { assertUnchanged, hasChanged, readingFailure } from '@/lib/shared/file-changed';
import { FramesiftError } from '@/lib/shared/errors';

/** A file as the browser gives it, which fails with an error of this name once it has changed. */
function fileFailingWith(name: string): Blob {
  const read = () => Promise.reject(new DOMException('The requested file could not be read.', name));
  return { slice: () => ({ arrayBuffer: read }) } as unknown as Blob;
}

describe('a chosen file', () => {
  it.each([
    ['NotReadableError', true],
    ['NotFoundError', true],
    ['SecurityError', false],
  ])('that fails with %s has changed: %s', async (name, expected) => {
    expect(await hasChanged(fileFailingWith(name))).toBe(expected);
  });

  it('that can be read has not, an empty one included', async () => {
    expect(await hasChanged(new Blob(['abc']))).toBe(false);
    await assertUnchanged(new Blob([]));
  });

  it('that changed is the reason why reading failed, whatever the decoder says', async () => {
    const decoder = new FramesiftError('unreadable-video', 'This file is cut off.');
    const failure = await readingFailure(decoder, fileFailingWith('NotReadableError'));
    expect(failure.code).toBe('file-changed');
    expect(failure.message).toContain('Choose it again');
    expect(await readingFailure(decoder, new Blob(['abc']))).toBe(decoder);
  });

  it('that changed does not turn a stop into a failure', async () => {
    const stopped = new FramesiftError('cancelled', 'Cancelled.');
    expect(await readingFailure(stopped, fileFailingWith('NotReadableError'))).toBe(stopped);
  });
});
