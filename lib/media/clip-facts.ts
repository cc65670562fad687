/** mediabunny's codec identifiers, and the identifiers inside containers of codecs that it does not know. */
const CODEC_NAMES: Record<string, string> = {
  avc: 'H.264',
  hevc: 'HEVC (H.265)',
  vp8: 'VP8',
  vp9: 'VP9',
  av1: 'AV1',
  prores: 'Apple ProRes',
  // MP4 and QuickTime sample descriptions
  apcn: 'Apple ProRes',
  apch: 'Apple ProRes',
  apcs: 'Apple ProRes',
  apco: 'Apple ProRes',
  ap4h: 'Apple ProRes',
  ap4x: 'Apple ProRes',
  mp4v: 'MPEG-4 Visual',
  xvid: 'MPEG-4 Visual',
  s263: 'H.263',
  h263: 'H.263',
  jpeg: 'Motion JPEG',
  mjpa: 'Motion JPEG',
  mjpb: 'Motion JPEG',
  mjpg: 'Motion JPEG',
  'png ': 'PNG',
  'rle ': 'QuickTime Animation',
  cvid: 'Cinepak',
  svq1: 'Sorenson Video',
  svq3: 'Sorenson Video',
  avdn: 'Avid DNxHD',
  avdh: 'Avid DNxHR',
  cfhd: 'GoPro CineForm',
  dvc: 'DV',
  vvc1: 'VVC (H.266)',
  dvh1: 'Dolby Vision (HEVC)',
  dvhe: 'Dolby Vision (HEVC)',
  encv: 'encrypted video',
  // Matroska CodecIDs
  v_mpeg1: 'MPEG-1',
  v_mpeg2: 'MPEG-2',
  'v_mpeg4/iso/asp': 'MPEG-4 Visual',
  'v_mpeg4/iso/sp': 'MPEG-4 Visual',
  'v_mpeg4/ms/v3': 'MS-MPEG-4',
  'v_ms/vfw/fourcc': 'a Video for Windows codec',
  v_theora: 'Theora',
  v_mjpeg: 'Motion JPEG',
  v_prores: 'Apple ProRes',
  v_ffv1: 'FFV1',
  v_uncompressed: 'uncompressed video',
};

/** The codec as people call it, from mediabunny's name or the container's own. */
export function nameCodec(codec: string | null, internalId: string | number | Uint8Array | null): string {
  const known = codec === null ? undefined : CODEC_NAMES[codec];
  if (known !== undefined) return known;
  if (typeof internalId !== 'string') return 'an unknown codec';
  // The container's bytes end up in a sentence: keep what is printable and short.
  const printable = internalId.replace(/[^\x20-\x7e]/g, '').slice(0, 24);
  return (
    CODEC_NAMES[internalId.toLowerCase()] ?? (printable.trim() ? `“${printable.trim()}”` : 'an unknown codec')
  );
}

/** What a person can do with a clip in a codec that this browser cannot decode. */
export function describeUndecodable(codec: string): string {
  // What is refused is not recommended: these two are decoded in some of their profiles only.
  const others = ['H.264', 'VP9'].filter((other) => !codec.startsWith(other));
  const convert = `Convert it to ${others.join(' or ')} — for example with HandBrake`;
  const sentence =
    others.length === 2
      ? `This clip is ${codec}, which this browser cannot decode.`
      : `This clip is ${codec} of a kind that this browser cannot decode.`;
  if (codec.includes('HEVC')) {
    return `${sentence} ${convert} — or open this page in Safari or on a machine whose Chrome has hardware HEVC.`;
  }
  if (codec === 'encrypted video') {
    return 'This clip is encrypted (DRM), so its frames cannot be read. Use a copy without protection.';
  }
  if (codec === 'AV1')
    return `${sentence} ${convert} — or open this page in a current Chrome, Edge or Firefox.`;
  return `${sentence} ${convert}.`;
}

/** What a file that is in no container that is read turns out to be. */
export interface ForeignFile {
  kind: 'video' | 'audio' | 'picture' | 'other';
  name: string;
}

type Signature = readonly [offset: number, bytes: string, file: ForeignFile];

const foreign = (kind: ForeignFile['kind'], name: string): ForeignFile => ({ kind, name });

/** First bytes of formats that people drop by mistake, as Latin-1 text. */
const SIGNATURES: readonly Signature[] = [
  [0, '\x00\x00\x01\xba', foreign('video', 'MPEG-PS (.mpg, .vob)')],
  [0, '\x00\x00\x01\xb3', foreign('video', 'a bare MPEG video stream')],
  [0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11', foreign('video', 'Windows Media (.wmv, .asf)')],
  [0, '.RMF', foreign('video', 'RealMedia (.rm)')],
  [0, 'OggS', foreign('video', 'Ogg (.ogv, .ogg)')],
  [0, '\x06\x0e\x2b\x34', foreign('video', 'MXF (.mxf)')],
  [0, '\x1f\x07\x00', foreign('video', 'DV (.dv)')],
  [0, '\x00\x00\x00\x01', foreign('video', 'a bare H.264 or HEVC stream')],
  [0, '#EXTM3U', foreign('other', 'a playlist (.m3u8)')],
  [0, 'ID3', foreign('audio', 'MP3')],
  [0, 'fLaC', foreign('audio', 'FLAC')],
  [0, '\xff\xd8\xff', foreign('picture', 'JPEG')],
  [0, '\x89PNG', foreign('picture', 'PNG')],
  [0, 'GIF8', foreign('picture', 'GIF')],
  [0, 'BM', foreign('picture', 'BMP')],
  [0, '%PDF', foreign('other', 'a PDF')],
  [0, 'PK\x03\x04', foreign('other', 'a ZIP archive or an Office document')],
  [4, 'ftypheic', foreign('picture', 'HEIC')],
  [4, 'ftypheix', foreign('picture', 'HEIC')],
  [4, 'ftypmif1', foreign('picture', 'HEIF')],
  [4, 'ftypavif', foreign('picture', 'AVIF')],
  [4, 'ftypM4A ', foreign('audio', 'M4A')],
];

/** How many bytes of a file `sniffForeignFile` wants to see. */
export const SNIFFED_BYTES = 32;

/** Names a file by its first bytes, or null when it may be a clip that can be opened. */
export function sniffForeignFile(head: Uint8Array): ForeignFile | null {
  const text = String.fromCharCode(...head.subarray(0, SNIFFED_BYTES));
  if (text.startsWith('RIFF')) {
    const form = text.slice(8, 12);
    if (form === 'AVI ') return null;
    if (form === 'WAVE') return foreign('audio', 'WAV');
    if (form === 'WEBP') return foreign('picture', 'WebP');
    return foreign('other', 'a RIFF file');
  }
  return SIGNATURES.find(([offset, bytes]) => text.startsWith(bytes, offset))?.[2] ?? null;
}

/** What to tell a person who dropped such a file. */
export function describeForeignFile({ kind, name }: ForeignFile): string {
  switch (kind) {
    case 'video':
      return `This is ${name}, a kind of file that browsers cannot read. Convert it to MP4 (H.264) — for example with HandBrake — and drop it again.`;
    case 'audio':
      return `This is a sound file (${name}), not a video. Choose a clip with pictures: MP4, MOV, WebM or MKV.`;
    case 'picture':
      return `This is a picture (${name}), not a video. Choose a clip: MP4, MOV, WebM or MKV.`;
    case 'other':
      return `This is ${name}, not a video. Choose a clip: MP4, MOV, WebM or MKV.`;
  }
}
