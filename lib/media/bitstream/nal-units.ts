/* NAL units of H.264 and HEVC, behind start codes (Annex B) or behind their sizes. */

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

/** The NAL units of a packet, as views. */
export function nalUnits(
  data: Uint8Array,
  sizeLength: number | null,
): Generator<Uint8Array, void, undefined> {
  return sizeLength === null ? annexBUnits(data) : lengthPrefixedUnits(data, sizeLength);
}

/** A packet of NAL units, each behind its size, or behind a start code where `sizeLength` is null. */
export function joinNalUnits(
  units: readonly Uint8Array[],
  sizeLength: number | null,
): Uint8Array<ArrayBuffer> {
  const leading = sizeLength ?? START_CODE_BYTES;
  const joined = new Uint8Array(units.reduce((sum, unit) => sum + unit.length + leading, 0));
  let position = 0;
  for (const unit of units) {
    const lead = sizeLength === null ? 1 : unit.length;
    for (let i = 0; i < leading; i++) joined[position + i] = (lead / 256 ** (leading - 1 - i)) & 0xff;
    joined.set(unit, position + leading);
    position += unit.length + leading;
  }
  return joined;
}

/** nal_unit_type of an H.264 unit, table 7-1. */
export const avcType = (unit: Uint8Array): number => (unit[0] ?? 0) & 0x1f;

/** A start code with the zero byte that leads an access unit. */
const START_CODE_BYTES = 4;

/** The NAL units of a stream in the format of Annex B. */
export function* annexBUnits(data: Uint8Array): Generator<Uint8Array, void, undefined> {
  let start = findStartCode(data, 0);
  while (start < data.length) {
    const begin = start + 3;
    const next = findStartCode(data, begin);
    // A unit ends with a bit that is 1: zeros behind it belong to the next start code.
    let end = next;
    while (end > begin && data[end - 1] === 0) end -= 1;
    if (end > begin) yield data.subarray(begin, end);
    start = next;
  }
}

/** The NAL units of a packet in which each is led by its length. Stops at a length that the packet does not hold. */
export function* lengthPrefixedUnits(
  data: Uint8Array,
  lengthBytes: number,
): Generator<Uint8Array, void, undefined> {
  for (let position = 0; position + lengthBytes < data.length;) {
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + data[position + i]!;
    position += lengthBytes;
    if (length > data.length - position) return;
    if (length > 0) yield data.subarray(position, position + length);
    position += length;
  }
}

/** Position of the next 00 00 01 at or after `from`, or the length of `data`. */
function findStartCode(data: Uint8Array, from: number): number {
  for (let i = from + 2; i < data.length;) {
    const byte = data[i]!;
    if (byte > 1) i += 3;
    else if (byte === 0) i += 1;
    else if (data[i - 1] === 0 && data[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return data.length;
}

/** A NAL unit without the bytes that keep start codes out of it (ITU-T H.264, 7.4.1). */
export function withoutEmulationPrevention(unit: Uint8Array): Uint8Array {
  const plain = new Uint8Array(unit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of unit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    plain[length] = byte;
    length += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return plain.subarray(0, length);
}

/** The opposite of `withoutEmulationPrevention`. */
export function withEmulationPrevention(unit: Uint8Array): Uint8Array {
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of unit) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(escaped);
}
