import { lengthPrefixedUnits } from '../bitstream/nal-units';
import { FLV_AVC, FLV_HEVC, type FlvCodec } from './flv';

/** H.264's configuration record: parameter sets, and how many bytes lead each NAL unit (ISO/IEC 14496-15, 5.3.3.1). */
export interface AvcRecord {
  lengthBytes: number;
  parameterSets: Uint8Array[];
}

/** Reads `avcC`, or null where it is damaged. */
export function readAvcRecord(record: Uint8Array): AvcRecord | null {
  if (record.length < 7 || record[0] !== 1) return null;
  const lengthBytes = (record[4]! & 3) + 1;
  const parameterSets: Uint8Array[] = [];
  let position = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = (record[position] ?? 0) & mask;
    position += 1;
    for (let i = 0; i < count; i++) {
      const length = ((record[position] ?? 0) << 8) | (record[position + 1] ?? 0);
      const bytes = record.subarray(position + 2, position + 2 + length);
      if (bytes.length !== length || length === 0) return null;
      parameterSets.push(bytes);
      position += 2 + length;
    }
  }
  return { lengthBytes, parameterSets };
}

/** The NAL units of a packet as FLV and MP4 hold it. */
export function avcUnits(data: Uint8Array, { lengthBytes }: AvcRecord): Uint8Array[] {
  return [...lengthPrefixedUnits(data, lengthBytes)];
}

/** Codec strings of records that follow ISO/IEC 14496-15 (HEVC) and the AV1 and VP9 bindings; null when damaged. */
export function codecStringOf(kind: 'hevc' | 'av1' | 'vp9', record: Uint8Array): string | null {
  if (kind === 'hevc') return hevcString(record);
  if (kind === 'av1') return av1String(record);
  return vp9String(record);
}

/** Annex E.3 of ISO/IEC 14496-15. */
function hevcString(record: Uint8Array): string | null {
  if (record.length < 13) return null;
  const space = ['', 'A', 'B', 'C'][record[1]! >> 6]!;
  const profile = record[1]! & 0x1f;
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit++) {
    if ((record[2 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) compatibility += 2 ** bit;
  }
  const tier = (record[1]! & 0x20) === 0 ? 'L' : 'H';
  const constraints = [...record.subarray(6, 12)].map((byte) => byte.toString(16).toUpperCase());
  while (constraints.length > 0 && constraints.at(-1) === '0') constraints.pop();
  const parts = [`${space}${profile}`, compatibility.toString(16).toUpperCase(), `${tier}${record[12]!}`];
  return `hvc1.${[...parts, ...constraints].join('.')}`;
}

const two = (number: number): string => String(number).padStart(2, '0');

function av1String(record: Uint8Array): string | null {
  if (record.length < 4 || record[0] !== 0x81) return null;
  const profile = record[1]! >> 5;
  const level = record[1]! & 0x1f;
  const [tier, isHigh, isTwelve] = [record[2]! & 0x80, record[2]! & 0x40, record[2]! & 0x20];
  const depth = isHigh === 0 ? 8 : isTwelve === 0 ? 10 : 12;
  return `av01.${profile}.${two(level)}${tier === 0 ? 'M' : 'H'}.${two(depth)}`;
}

function vp9String(record: Uint8Array): string | null {
  // Version and flags come first, 4 bytes.
  if (record.length < 7) return null;
  return `vp09.${two(record[4]!)}.${two(Math.max(10, record[5]!))}.${two(record[6]! >> 4)}`;
}

/** CodecID of the format's specification, annex E.4.3.1, and what Chinese sites added; enhanced RTMP's letters. */
const FLV_CODEC_NAMES = new Map<FlvCodec, string>([
  [2, 'Sorenson H.263 (Flash Video)'],
  [3, 'Flash Screen Video'],
  [4, 'VP6 (Flash Video)'],
  [5, 'VP6 (Flash Video)'],
  [6, 'Flash Screen Video 2'],
  [FLV_AVC, 'H.264'],
  [8, 'H.263'],
  [9, 'MPEG-4 Visual'],
  [FLV_HEVC, 'HEVC (H.265)'],
  ['avc1', 'H.264'],
  ['hvc1', 'HEVC (H.265)'],
  ['av01', 'AV1'],
  ['vp08', 'VP8'],
  ['vp09', 'VP9'],
  ['vvc1', 'VVC (H.266)'],
]);

export function nameFlvCodec(codec: FlvCodec): string {
  return FLV_CODEC_NAMES.get(codec) ?? (typeof codec === 'string' ? `“${codec}”` : 'an unknown codec');
}
