import { createHash } from 'node:crypto';
import { MemoryTree } from '@/lib/files/memory-tree';
import type { FileAppender } from '@/lib/files/file-tree';
import type { ExpectedFile } from '@/lib/shared/file-facts';
import { FramesiftError } from '@/lib/shared/errors';

/** Bytes that begin as an ONNX graph does and are the same for the same seed. */
export function graphBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[index] = state >> 16;
  }
  bytes[0] = 0x08;
  return bytes;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function expected(path: string, bytes: Uint8Array): ExpectedFile & { bytes: number; sha256: string } {
  return { path, bytes: bytes.length, sha256: sha256Of(bytes) };
}

/** Memory that has room for so many bytes, counted over all files, as a disk does. */
export class SmallTree extends MemoryTree {
  readonly #capacityBytes: number;
  #usedBytes = 0;

  constructor(capacityBytes: number) {
    super();
    this.#capacityBytes = capacityBytes;
  }

  override async append(path: string, offset: number): Promise<FileAppender> {
    const appender = await super.append(path, offset);
    return {
      write: async (chunk) => {
        this.#take(chunk.length);
        await appender.write(chunk);
      },
      close: () => appender.close(),
    };
  }

  override async remove(path: string): Promise<void> {
    this.#usedBytes -= (await this.size(path)) ?? 0;
    await super.remove(path);
  }

  #take(bytes: number): void {
    if (this.#usedBytes + bytes > this.#capacityBytes) {
      throw new FramesiftError('storage-full', 'No space left.');
    }
    this.#usedBytes += bytes;
  }
}
