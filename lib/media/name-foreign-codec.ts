import { nameFourcc } from './fourcc-names';

/**
 * [Note: Containers that are not read]
 *
 * What such a file holds is named by its codec, since that is what decides whether a player helps and what to convert.
 * The codec stands near a file's front: in ASF's stream properties, in the sequence header of a program stream's first
 * packets, in Ogg's first pages. No container is read further than that.
 */

/** How much of a file's front `nameForeignCodec` wants to see: a program stream's video may begin behind its sound. */
export const FOREIGN_HEAD_BYTES = 1024 * 1024;

/** What the front of a file in a container that is not read tells. */
export interface ForeignCodec {
  /** "Windows Media (.wmv, .asf)". */
  container: string;
  /** The codec as people call it; null where the front does not show it. */
  codec: string | null;
  /** False where the file has sound alone. */
  hasVideo: boolean;
}

/** Names the codec of a file's first video track, or null for a container that is not known here. */
export function nameForeignCodec(head: Uint8Array): ForeignCodec | null {
  for (const { container, isIt, nameCodec } of CONTAINERS) {
    if (!isIt(head)) continue;
    const codec = nameCodec(head);
    return { container, codec: codec === SOUND_ALONE ? null : codec, hasVideo: codec !== SOUND_ALONE };
  }
  return null;
}

const SOUND_ALONE = Symbol('sound alone');

interface Container {
  container: string;
  isIt: (head: Uint8Array) => boolean;
  nameCodec: (head: Uint8Array) => string | null | typeof SOUND_ALONE;
}

const startsWith =
  (text: string, at = 0) =>
  (head: Uint8Array): boolean =>
    textAt(head, at, text.length) === text;

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function indexOf(bytes: Uint8Array, wanted: readonly number[], from = 0): number {
  const first = wanted[0]!;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

const bytesOf = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/* ASF: Advanced Systems Format specification, 3.3 and 9.2 */

const STREAM_PROPERTIES = bytesOf('\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65');
const ASF_VIDEO = bytesOf('\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b');
const ASF_SOUND = bytesOf('\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b');

function nameAsfCodec(head: Uint8Array): string | null | typeof SOUND_ALONE {
  let hasSound = false;
  for (let at = indexOf(head, STREAM_PROPERTIES); at >= 0; at = indexOf(head, STREAM_PROPERTIES, at + 16)) {
    const kind = at + 24;
    if (indexOf(head.subarray(kind, kind + 16), ASF_SOUND) === 0) hasSound = true;
    if (indexOf(head.subarray(kind, kind + 16), ASF_VIDEO) !== 0) continue;
    // Sizes and flags, 54 bytes; the picture's size, flags and a length, 11; then a bitmap's head.
    return nameFourcc(textAt(head, kind + 54 + 11 + 16, 4));
  }
  return hasSound ? SOUND_ALONE : null;
}

/* MPEG: ISO/IEC 11172-2, 13818-1 and 13818-2 */

const SEQUENCE_HEADER = 0xb3;
const EXTENSION = 0xb5;
const VISUAL_OBJECT_SEQUENCE = 0xb0;
const VISUAL_OBJECT_PLANE = 0xb6;

/** Looks for the start codes of a video stream, which a program stream holds between its packets' heads. */
function nameMpegCodec(head: Uint8Array): string | null | typeof SOUND_ALONE {
  let hasVideoPackets = false;
  let hasSoundPackets = false;
  for (let at = indexOf(head, [0, 0, 1]); at >= 0; at = indexOf(head, [0, 0, 1], at + 3)) {
    const code = head[at + 3];
    if (code === undefined) break;
    if (code === SEQUENCE_HEADER) {
      // MPEG-2 follows it up with a sequence extension.
      const next = indexOf(head, [0, 0, 1], at + 4);
      return next >= 0 && head[next + 3] === EXTENSION ? 'MPEG-2' : 'MPEG-1';
    }
    if (code === VISUAL_OBJECT_SEQUENCE || code === VISUAL_OBJECT_PLANE) return 'MPEG-4 Visual';
    if (hasVideoPackets && (code & 0x9f) === 7) return 'H.264';
    if (hasVideoPackets && code === 0x40 && head[at + 4] === 1) return 'HEVC (H.265)';
    if (code >= 0xe0 && code <= 0xef) hasVideoPackets = true;
    if ((code >= 0xc0 && code <= 0xdf) || code === 0xbd) hasSoundPackets = true;
  }
  return hasSoundPackets && !hasVideoPackets ? SOUND_ALONE : null;
}

/** A bare stream in the format of Annex B, by the types of its first units (ITU-T H.264 and H.265, tables 7-1). */
function nameBareCodec(head: Uint8Array): string | null {
  for (let at = indexOf(head, [0, 0, 1]); at >= 0; at = indexOf(head, [0, 0, 1], at + 3)) {
    const unit = head[at + 3];
    if (unit === undefined) break;
    // Parameter sets: 32 (video) in HEVC, 7 (sequence) in H.264.
    if ((unit & 0x81) === 0 && unit >> 1 === 32) return 'HEVC (H.265)';
    if ((unit & 0x9f) === 7) return 'H.264';
  }
  return null;
}

/* Ogg: RFC 3533, and the codecs' own first packets */

const OGG_CODECS: readonly (readonly [signature: string, name: string | null])[] = [
  ['\x80theora', 'Theora'],
  ['BBCD\x00', 'Dirac'],
  ['OVP80', 'VP8'],
  ['\x01video\x00\x00\x00', null],
];

function nameOggCodec(head: Uint8Array): string | null | typeof SOUND_ALONE {
  let at = 0;
  // The first pages hold the first packet of each stream, and say so.
  while (startsWith('OggS', at)(head) && (head[at + 5]! & 2) !== 0) {
    const segments = head[at + 26]!;
    const body = at + 27 + segments;
    for (const [signature, name] of OGG_CODECS) {
      if (!startsWith(signature, body)(head)) continue;
      // OGM: the codec's four letters follow.
      return name ?? nameFourcc(textAt(head, body + 9, 4));
    }
    let size = 0;
    for (let i = 0; i < segments; i++) size += head[at + 27 + i]!;
    at = body + size;
  }
  return at > 0 && startsWith('OggS', at)(head) ? SOUND_ALONE : null;
}

/* RealMedia: the media properties' type-specific data */

const REAL_VIDEO = new Map([
  ['RV10', 'RealVideo'],
  ['RV13', 'RealVideo'],
  ['RV20', 'RealVideo G2'],
  ['RV30', 'RealVideo 8'],
  ['RV40', 'RealVideo 9'],
  ['RV60', 'RealVideo 11'],
]);

function nameRealCodec(head: Uint8Array): string | null | typeof SOUND_ALONE {
  const at = indexOf(head, bytesOf('VIDORV'));
  if (at >= 0) return REAL_VIDEO.get(textAt(head, at + 4, 4)) ?? 'RealVideo';
  return indexOf(head, bytesOf('MDPR')) >= 0 ? SOUND_ALONE : null;
}

/* MXF: SMPTE labels of picture essence (SMPTE RP 224) */

const MXF_LABEL = bytesOf('\x06\x0e\x2b\x34\x04\x01\x01');

/** Bytes 8 to 14 of a label, as far as they tell codecs apart. */
const MXF_CODECS: readonly (readonly [label: string, name: string])[] = [
  ['\x04\x01\x02\x02\x01\x31', 'H.264'],
  ['\x04\x01\x02\x02\x01\x32', 'H.264'],
  ['\x04\x01\x02\x02\x01\x20', 'MPEG-4 Visual'],
  ['\x04\x01\x02\x02\x01', 'MPEG-2'],
  ['\x04\x01\x02\x02\x02', 'DV'],
  ['\x04\x01\x02\x02\x03\x01', 'JPEG 2000'],
  ['\x04\x01\x02\x02\x03\x06', 'Apple ProRes'],
  ['\x04\x01\x02\x02\x71', 'Avid DNxHD'],
  ['\x04\x01\x02\x01', 'uncompressed video'],
];

function nameMxfCodec(head: Uint8Array): string | null {
  for (let at = indexOf(head, MXF_LABEL); at >= 0; at = indexOf(head, MXF_LABEL, at + 16)) {
    const label = textAt(head, at + 8, 8);
    const found = MXF_CODECS.find(([prefix]) => label.startsWith(prefix));
    if (found) return found[1];
  }
  return null;
}

const CONTAINERS: readonly Container[] = [
  {
    container: 'Windows Media (.wmv, .asf)',
    isIt: startsWith('\x30\x26\xb2\x75\x8e\x66\xcf\x11'),
    nameCodec: nameAsfCodec,
  },
  { container: 'MPEG-PS (.mpg, .vob)', isIt: startsWith('\x00\x00\x01\xba'), nameCodec: nameMpegCodec },
  {
    container: 'a bare MPEG video stream',
    isIt: (head) => [0xb3, 0xb0].some((code) => startsWith(`\x00\x00\x01${String.fromCharCode(code)}`)(head)),
    nameCodec: nameMpegCodec,
  },
  {
    container: 'a bare H.264 or HEVC stream',
    isIt: (head) => startsWith('\x00\x00\x00\x01')(head) || startsWith('\x00\x00\x01')(head),
    nameCodec: nameBareCodec,
  },
  { container: 'Ogg (.ogv, .ogg)', isIt: startsWith('OggS'), nameCodec: nameOggCodec },
  { container: 'RealMedia (.rm)', isIt: startsWith('.RMF'), nameCodec: nameRealCodec },
  { container: 'MXF (.mxf)', isIt: startsWith('\x06\x0e\x2b\x34'), nameCodec: nameMxfCodec },
  { container: 'DV (.dv)', isIt: startsWith('\x1f\x07\x00'), nameCodec: () => 'DV' },
  { container: 'IVF (.ivf)', isIt: startsWith('DKIF'), nameCodec: (head) => nameFourcc(textAt(head, 8, 4)) },
  { container: 'YUV4MPEG2 (.y4m)', isIt: startsWith('YUV4MPEG2'), nameCodec: () => 'uncompressed video' },
];
