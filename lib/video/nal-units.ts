/* NAL units of H.264 and HEVC, behind start codes or behind their sizes. */

export type NalCodec = 'avc' | 'hevc';

/** The codec of a decoder configuration's codec string; null for one without NAL units. */
export function nalCodecOf(codec: string): NalCodec | null {
  if (/^avc[13]\./.test(codec)) return 'avc';
  return /^(?:hvc1|hev1|dvh1|dvhe)\./.test(codec) ? 'hevc' : null;
}

/** The configuration record of a decoder configuration. */
export function descriptionBytes({ description }: VideoDecoderConfig): Uint8Array | null {
  if (!description) return null;
  return ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
}

/** Length of the size before each NAL unit; null for Annex B's start codes. */
export function nalSizeLength(codec: NalCodec, config: VideoDecoderConfig): number | null {
  const bytes = descriptionBytes(config);
  const sizes = bytes?.[codec === 'avc' ? 4 : 21];
  return sizes === undefined ? null : (sizes & 3) + 1;
}

/** The NAL units of a packet. */
export function* nalUnits(data: Uint8Array, sizeLength: number | null): Generator<Uint8Array, void> {
  if (sizeLength !== null) {
    for (let at = 0; at + sizeLength <= data.length;) {
      let size = 0;
      for (let i = 0; i < sizeLength; i++) size = size * 256 + data[at + i]!;
      at += sizeLength;
      yield data.subarray(at, at + size);
      at += size;
    }
    return;
  }
  let start = -1;
  for (let at = 0; at + 2 < data.length;) {
    if (data[at + 2]! > 1) at += 3;
    else if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1) {
      if (start >= 0) yield data.subarray(start, at);
      start = at + 3;
      at = start;
    } else at += 1;
  }
  if (start >= 0) yield data.subarray(start);
}

/** A NAL unit without the bytes that keep start codes out of it (ITU-T H.264, 7.4.1). */
export function withoutEmulationPrevention(unit: Uint8Array): Uint8Array {
  const kept: number[] = [];
  for (let at = 0; at < unit.length; at++) {
    const isEscape = unit[at] === 3 && unit[at - 1] === 0 && unit[at - 2] === 0 && at >= 2;
    if (!isEscape) kept.push(unit[at]!);
  }
  return Uint8Array.from(kept);
}

/** Reads a bitstream from its highest bit on; ones beyond its end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** `ue(v)` of ITU-T H.264, 9.1. */
  readExpGolomb(): number {
    let zeros = 0;
    while (zeros < 32 && this.#readBit() === 0) zeros += 1;
    let value = 1;
    for (let i = 0; i < zeros; i++) value = value * 2 + this.#readBit();
    return value - 1;
  }

  /** How many bits have been read. */
  get position(): number {
    return this.#bit;
  }

  readBits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.#readBit();
    return value;
  }

  #readBit(): number {
    const byte = this.#bytes[this.#bit >> 3] ?? 0xff;
    const bit = (byte >> (7 - (this.#bit & 7))) & 1;
    this.#bit += 1;
    return bit;
  }
}
