import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** A SHA-256 that is fed piece by piece, which the browser's own `crypto.subtle` cannot be. */
export class StreamingSha256 {
  readonly #state = sha256.create();

  update(chunk: Uint8Array): void {
    this.#state.update(chunk);
  }

  /** The digest of all that was fed, in hex; nothing may be fed after it. */
  hex(): string {
    return bytesToHex(this.#state.digest());
  }
}

/** SHA-256 of a text's UTF-8 bytes, in hex. */
export function sha256OfText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
