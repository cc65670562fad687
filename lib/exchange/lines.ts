import { FramesiftError } from '@/lib/shared/errors';

/** The longest line of ours is an embedding in full digits, 12 KB, or the times of 20,000 frames, 200 KB. */
const MAX_LINE_CHARACTERS = 4_000_000;

/** The lines of a text file without their ends, read as they are asked for. */
export async function* readLines(file: Blob): AsyncGenerator<string, void, undefined> {
  const reader = file.stream().getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += decode(decoder, value, !done);
      const lines = rest.split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
      if (rest.length > MAX_LINE_CHARACTERS) {
        throw new FramesiftError('bad-input', 'This file has a line that is longer than any of ours.');
      }
      if (done) break;
    }
    if (rest !== '') yield rest;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch (cause) {
    throw new FramesiftError('bad-input', 'This file is no UTF-8 text, so it is damaged.', { cause });
  }
}

/**
 * A blob of chunks of text. Each becomes a blob at once, which the browser may keep on disk: half a gigabyte of rows is
 * never one string, nor in this page's memory at one time.
 */
export async function textToBlob(chunks: AsyncIterable<string>, type: string): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const chunk of chunks) parts.push(new Blob([chunk]));
  return new Blob(parts, { type });
}
