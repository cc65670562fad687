/** Reads bits and Exp-Golomb numbers, first bit highest. Beyond the end it reads zeros. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bits have been read. */
  get position(): number {
    return this.#position;
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

  /** ue(v) of ITU-T H.264, 9.1. */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && this.isInside && !this.flag()) zeros += 1;
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** se(v) of ITU-T H.264, 9.1.1. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

/** Writes bits, first bit highest. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #bits = 0;

  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.#writeBit(Math.floor(value / 2 ** bit) & 1);
  }

  /** Copies bits `from` up to `until` of `bytes`. */
  copy(bytes: Uint8Array, from: number, until: number): void {
    for (let at = from; at < until; at++) this.#writeBit((bytes[at >> 3]! >> (7 - (at & 7))) & 1);
  }

  /** ue(v) of ITU-T H.264, 9.1. */
  writeUnsigned(value: number): void {
    const bits = 32 - Math.clz32(value + 1);
    this.write(0, bits - 1);
    this.write(value + 1, bits);
  }

  /** Fills the last byte with `bit`. */
  align(bit: 0 | 1): void {
    while (this.#bits % 8 !== 0) this.#writeBit(bit);
  }

  /** What was written, its last byte filled with zeros. */
  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #writeBit(bit: number): void {
    if (this.#bits % 8 === 0) this.#bytes.push(0);
    this.#bytes[this.#bits >> 3]! |= bit << (7 - (this.#bits & 7));
    this.#bits += 1;
  }
}
