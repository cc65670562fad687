/** Reads bits and Exp-Golomb numbers, first bit highest. Beyond the end it reads zeros. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything read so far was there. */
  get isInside(): boolean {
    return this.#position <= this.#bytes.length * 8;
  }

  /** An unsigned number of up to 32 bits. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  skip(count: number): void {
    this.#position += count;
  }

  /** ue(v) of H.264 9.1. */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && this.isInside && !this.flag()) zeros += 1;
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** se(v) of H.264 9.1.1. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
