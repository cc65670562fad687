import { describeUndecodable, nameCodec } from './clip-facts';
import type { TrackPacking } from './matroska-tracks';

/*
 * Sentences for files that hold no video track that can be read. Each says what was found; nothing that was only
 * guessed stands as a fact, and no advice names what is refused.
 */

/** What a whole file is called where only a part of it is here. */
export const CUT_OFF =
  'It looks cut off, as by an interrupted download or copy. Fetch the whole file and try again.';

/**
 * @param hasPicture a cover or another single picture
 * @param codecs of the video streams that the file tells of
 */
export function describeNoVideo(
  hasSound: boolean,
  hasPicture: boolean,
  codecs: readonly string[] = [],
): string {
  const [codec] = codecs;
  if (codec !== undefined) return describeUndecodable(codec);
  const choose = 'Choose a file with moving pictures.';
  if (hasSound && hasPicture)
    return `This file holds sound and a still picture (a cover), no video. ${choose}`;
  if (hasPicture) return `This file holds a still picture and no video. ${choose}`;
  if (hasSound) return `This file holds sound and no video. ${choose}`;
  return `No video track was found in this file. ${CUT_OFF}`;
}

const PACKING_NAMES: Readonly<Record<TrackPacking, string>> = {
  zlib: 'zlib',
  bzip2: 'bzip2',
  lzo: 'LZO',
  'header-stripping': 'header stripping',
  encryption: 'encryption',
  unknown: 'a method that this page does not know',
};

/** Why a Matroska track cannot be read that is packed in these ways. */
export function describePacking(packings: readonly TrackPacking[]): string {
  if (packings.includes('encryption')) return describeUndecodable('encrypted video');
  const names = packings.map((packing) => PACKING_NAMES[packing]).join(' and ');
  return `The video track of this file is compressed once more with ${names}, which this page cannot unpack. Write the file anew without it, for example with MKVToolNix (Compression: none).`;
}

/**
 * Why an MP4 with these outermost boxes has no tracks; null where its boxes do not tell.
 *
 * @param isWhole whether the last box ends with the file
 */
export function describeCutOff(types: readonly string[], isWhole: boolean): string | null {
  const hasTable = types.includes('moov');
  if (!hasTable && types.includes('moof')) {
    return 'This is a piece of a fragmented MP4 without its beginning, which says how it is decoded. Put the file’s first piece in front, or fetch the whole clip.';
  }
  if (!hasTable && types.includes('mdat')) {
    return 'This MP4’s table of contents is missing: the recording or the copy was cut off before it was written. Fetch the whole file; a recording can be mended with a tool such as untrunc.';
  }
  if (!hasTable) return `This MP4’s table of contents is missing. ${CUT_OFF}`;
  return isWhole ? null : `No video track was found in this MP4. ${CUT_OFF}`;
}

/**
 * The codec of a packet by its start codes, as people call it, for containers that use one name for several (`mp4v`);
 * null where they do not tell.
 *
 * @param moves whether more packets follow
 */
export function namePacketCodec(packet: Uint8Array, moves: boolean): string | null {
  const head = String.fromCharCode(...packet.subarray(0, 1024));
  if (head.startsWith('\xff\xd8\xff')) return moves ? 'Motion JPEG' : 'JPEG';
  if (head.startsWith('\x89PNG')) return 'PNG';
  if (!head.startsWith('\x00\x00\x01')) return null;
  // A group of pictures begins with B3 in MPEG-4 Visual, a sequence in MPEG-1 and 2.
  if (head.includes('\x00\x00\x01\xb0') || head.includes('\x00\x00\x01\xb6')) return 'MPEG-4 Visual';
  if (!head.startsWith('\x00\x00\x01\xb3')) return null;
  return head.includes('\x00\x00\x01\xb5') ? 'MPEG-2' : 'MPEG-1';
}

/** Four-character codes of Video for Windows. */
const FOUR_CCS: Readonly<Record<string, string>> = {
  xvid: 'MPEG-4 Visual',
  divx: 'MPEG-4 Visual',
  dx50: 'MPEG-4 Visual',
  fmp4: 'MPEG-4 Visual',
  mp4v: 'MPEG-4 Visual',
  div3: 'MS-MPEG-4',
  mp43: 'MS-MPEG-4',
  mp42: 'MS-MPEG-4',
  mjpg: 'Motion JPEG',
  wmv1: 'Windows Media Video 7',
  wmv2: 'Windows Media Video 8',
  wmv3: 'Windows Media Video 9',
  wvc1: 'VC-1',
  mpg2: 'MPEG-2',
  mpeg: 'MPEG-1',
  cvid: 'Cinepak',
  hfyu: 'HuffYUV',
  ffv1: 'FFV1',
  h264: 'H.264',
  hevc: 'HEVC (H.265)',
  vp60: 'VP6',
  vp61: 'VP6',
  vp62: 'VP6',
};

/** The codec of a Video for Windows code, as people call it. */
export function nameFourCc(fourCc: string): string {
  return FOUR_CCS[fourCc.toLowerCase()] ?? nameCodec(null, fourCc);
}
