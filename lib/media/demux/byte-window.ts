/** Bytes that are read at once where a file is walked through. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file front to back through a window, so that many small reads near each other ask the disk once.
 * Views are good until the next `read`.
 */
export class ByteWindow {
  readonly size: number;
  readonly #blob: Blob;
  readonly #windowBytes: number;
  #start = 0;
  #bytes = new Uint8Array(0);

  constructor(blob: Blob, windowBytes = WINDOW_BYTES) {
    this.#blob = blob;
    this.size = blob.size;
    this.#windowBytes = windowBytes;
  }

  /** Up to `length` bytes from `position`; fewer at the end of the file. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const end = Math.min(this.size, position + length);
    if (position >= end) return new Uint8Array(0);
    if (position < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.max(length, this.#windowBytes);
      this.#bytes = new Uint8Array(await this.#blob.slice(position, position + wanted).arrayBuffer());
      this.#start = position;
    }
    return this.#bytes.subarray(position - this.#start, end - this.#start);
  }
}

/** Bytes of a file from `start` up to `end`. */
export interface ByteStretch {
  start: number;
  end: number;
}

/** Text of bytes that are letters, one character each. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
