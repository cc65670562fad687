/**
 * [Note: Codec strings from the bitstream]
 *
 * `VideoDecoder.isConfigSupported` answers for a codec string, and what a container says of its codec may be wrong:
 * Chromium's own recorder writes level 0 into `vpcC`, editors patch `avcC`. Decoders read the bitstream, so its
 * headers make the first string that is asked for, and the container's the second. A level that the bitstream states
 * wrongly too is chosen by the picture's size.
 *
 * Read are the sequence parameter set of H.264 (ITU-T H.264, 7.3.2.1.1), VP9's uncompressed header (VP9 bitstream
 * specification, 6.2) and AV1's sequence header (AV1 specification, 5.5).
 */

/** The part of a decoder's configuration that a string is made of. */
export interface CodecConfig {
  codec: string;
  description?: AllowSharedBufferSource | undefined;
  codedWidth?: number | undefined;
  codedHeight?: number | undefined;
}

/**
 * The strings to ask a browser for, best first, without repetition.
 *
 * @param firstPacket the track's first packet, which should be a key packet; null where there is none
 */
export function codecStringCandidates(config: CodecConfig, firstPacket: Uint8Array | null): string[] {
  const size = (config.codedWidth ?? 0) * (config.codedHeight ?? 0);
  const read = [...readStrings(config, firstPacket, size), config.codec];
  return Array.from(new Set(read));
}

function readStrings(config: CodecConfig, packet: Uint8Array | null, pixels: number): string[] {
  const [family = ''] = config.codec.split('.');
  if (family === 'avc1' || family === 'avc3') return readAvc(family, config, packet, pixels);
  if (family === 'vp09' || family === 'vp9') return packet ? readVp9(packet, pixels) : [];
  if (family === 'av01') return packet ? readAv1(packet, pixels) : [];
  return [];
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');
const decimal = (number: number) => String(number).padStart(2, '0');

/** level_idc, and the most macroblocks of a picture at that level (table A-1). */
const AVC_LEVELS = [
  [10, 99],
  [13, 396],
  [22, 1620],
  [31, 3600],
  [40, 8192],
  [51, 36_864],
  [62, 139_264],
] as const;

function readAvc(family: string, config: CodecConfig, packet: Uint8Array | null, pixels: number): string[] {
  const sps = findSequence(toBytes(config.description), packet);
  if (!sps) return [];
  const [profile, constraints, level] = [sps[1]!, sps[2]!, sps[3]!];
  const write = (levelIdc: number) => `${family}.${hex(profile)}${hex(constraints)}${hex(levelIdc)}`;
  return level === 0 ? [write(levelFor(AVC_LEVELS, pixels / 256))] : [write(level)];
}

function levelFor(levels: readonly (readonly [level: number, most: number])[], wanted: number): number {
  return (levels.find(([, most]) => wanted <= most) ?? levels.at(-1)!)[0];
}

const SEQUENCE_PARAMETERS = 7;

/** The first sequence parameter set: of `avcC`, else of a packet in the format of Annex B. */
export function findSequence(avcc: Uint8Array | null, packet: Uint8Array | null): Uint8Array | null {
  if (avcc?.[0] === 1 && (avcc[5]! & 0x1f) > 0) {
    const sps = avcc.subarray(8, 8 + avcc[6]! * 256 + avcc[7]!);
    return isSequence(sps) ? sps : null;
  }
  for (let i = 0; packet && i + 7 < packet.length; i += 1) {
    if (packet[i] !== 0 || packet[i + 1] !== 0 || packet[i + 2] !== 1) continue;
    const unit = packet.subarray(i + 3);
    if (isSequence(unit)) return unit;
  }
  return null;
}

function isSequence(unit: Uint8Array): boolean {
  return unit.length >= 4 && (unit[0]! & 0x1f) === SEQUENCE_PARAMETERS;
}

export function toBytes(source: AllowSharedBufferSource | undefined): Uint8Array | null {
  if (!source) return null;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/** Level times ten, and the most luma samples of a picture at that level (VP9 levels, 2.1). */
const VP9_LEVELS = [
  [10, 36_864],
  [11, 73_728],
  [20, 122_880],
  [21, 245_760],
  [30, 552_960],
  [31, 983_040],
  [40, 2_228_224],
  [50, 8_912_896],
  [60, 35_651_584],
] as const;

/** Of a key frame; a profile above 1 says its bit depth there. */
function readVp9(packet: Uint8Array, pixels: number): string[] {
  const bits = new Bits(packet);
  if (bits.read(2) !== 2) return [];
  const profile = bits.read(1) + 2 * bits.read(1);
  if (profile === 3) bits.read(1);
  const showsExisting = bits.read(1) === 1;
  const isInterFrame = bits.read(1) === 1;
  if (showsExisting || isInterFrame) return [];
  bits.read(2);
  if (bits.read(24) !== 0x498342) return [];
  const depth = profile < 2 ? 8 : bits.read(1) === 1 ? 12 : 10;
  return [`vp09.${decimal(profile)}.${decimal(levelFor(VP9_LEVELS, pixels))}.${decimal(depth)}`];
}

/** seq_level_idx, and the most samples of a picture at that level (AV1 annex A.3). */
const AV1_LEVELS = [
  [0, 147_456],
  [1, 278_784],
  [4, 665_856],
  [5, 1_065_024],
  [8, 2_359_296],
  [12, 8_912_896],
  [16, 35_651_584],
] as const;

/** 31 says that the stream keeps to no level, 24 to 30 are reserved. */
const MAX_AV1_LEVEL = 23;
const AV1_SEQUENCE_HEADER = 1;

function readAv1(packet: Uint8Array, pixels: number): string[] {
  const header = findAv1Sequence(packet);
  if (!header) return [];
  const bits = new Bits(header);
  const profile = bits.read(3);
  bits.read(1);
  const isReduced = bits.read(1) === 1;
  let level = 0;
  let tier = 0;
  if (isReduced) level = bits.read(5);
  else {
    // Timing of the decoder model would stand before the first level; such streams keep the container's string.
    if (bits.read(1) === 1) return [];
    const hasDelay = bits.read(1) === 1;
    const points = bits.read(5) + 1;
    for (let point = 0; point < points; point += 1) {
      bits.read(12);
      const [pointLevel, pointTier] = readAv1Level(bits);
      // The first operating point is the whole stream.
      if (point === 0) [level, tier] = [pointLevel, pointTier];
      if (hasDelay && bits.read(1) === 1) bits.read(4);
    }
  }
  const depth = readAv1Depth(bits, profile, isReduced);
  return [av1String(profile, level, tier, depth, pixels)];
}

function readAv1Level(bits: Bits): [level: number, tier: number] {
  const level = bits.read(5);
  return [level, level > 7 ? bits.read(1) : 0];
}

function av1String(profile: number, level: number, tier: number, depth: number, pixels: number): string {
  const known = level <= MAX_AV1_LEVEL ? level : levelFor(AV1_LEVELS, pixels);
  return `av01.${profile}.${decimal(known)}${tier === 1 ? 'H' : 'M'}.${decimal(depth)}`;
}

/** From the size of the picture on, 5.5.1, to the beginning of color_config, 5.5.2. */
function readAv1Depth(bits: Bits, profile: number, isReduced: boolean): number {
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  bits.read(widthBits);
  bits.read(heightBits);
  if (!isReduced && bits.read(1) === 1) bits.read(7);
  bits.read(3);
  if (!isReduced) {
    bits.read(4);
    const hasOrderHint = bits.read(1) === 1;
    if (hasOrderHint) bits.read(2);
    const choosesScreenContent = bits.read(1) === 1;
    const screenContent = choosesScreenContent ? 2 : bits.read(1);
    if (screenContent > 0 && bits.read(1) === 0) bits.read(1);
    if (hasOrderHint) bits.read(3);
  }
  bits.read(3);
  const isHigh = bits.read(1) === 1;
  return !isHigh ? 8 : profile === 2 && bits.read(1) === 1 ? 12 : 10;
}

/** The payload of the packet's sequence header OBU (5.3), or null. */
function findAv1Sequence(packet: Uint8Array): Uint8Array | null {
  for (let position = 0; position < packet.length;) {
    const head = packet[position]!;
    const type = (head >> 3) & 15;
    position += (head & 4) === 0 ? 1 : 2;
    let size = packet.length - position;
    if ((head & 2) !== 0) {
      size = 0;
      for (let shift = 0; shift < 56; shift += 7) {
        const byte = packet[position] ?? 0;
        position += 1;
        size += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
    }
    if (type === AV1_SEQUENCE_HEADER) return packet.subarray(position, position + size);
    position += size;
  }
  return null;
}

/** Reads bits, the highest of a byte first; zeros beyond the end. */
class Bits {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }
}
