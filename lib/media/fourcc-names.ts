/**
 * The four letters that AVI, ASF and others name codecs by, in capitals, and the codecs as people call them.
 * From Microsoft's registry and FFmpeg's riff.c.
 */
const FOURCC_NAMES: readonly (readonly [name: string, fourccs: string])[] = [
  ['H.264', 'H264 X264 AVC1 DAVC VSSH Q264 V264 S264 SMV2 GAVC UMSV TSHD INMC'],
  ['HEVC (H.265)', 'HEVC H265 X265 HVC1 HEV1'],
  ['Motion JPEG', 'MJPG JPEG IJPG AVRN AVDJ ADJV DMB1 CJPG LJPG MJLS JPGL ACDV SLMJ QIVG GEPJ JFIF PIXL'],
  [
    'MPEG-4 Visual',
    'XVID DIVX DX50 FMP4 MP4V MP4S M4S2 XVIX 3IV2 3IVX RMP4 UMP4 WV1F BLZ0 SEDG SIPP FVFW DM4V DMK2 FFDS GEOV HDX4 LMP4 NDIG SMP4 SN40 TMP4 VIDM M4CC M4T3 ZMP4 DIGI INMC GEOX G264 XVX1 PVMM PM4V SM4V',
  ],
  ['MS-MPEG-4 (DivX 3)', 'DIV3 DIV4 DIV5 DIV6 MP43 MPG3 AP41 COL0 COL1 DVX3 3IVD 3VID'],
  ['MS-MPEG-4 v2', 'MP42 DIV2'],
  ['MS-MPEG-4 v1', 'MPG4 MP41 DIV1'],
  ['WMV 7 (Windows Media Video 7)', 'WMV1'],
  ['WMV 8 (Windows Media Video 8)', 'WMV2 GXVE'],
  ['WMV 9 (Windows Media Video 9)', 'WMV3 WMVP WVP2'],
  ['VC-1 (Windows Media Video 9 Advanced)', 'WVC1 WMVA VC1 VC-1'],
  ['Windows Media Screen', 'MSS1 MSS2 MTS2'],
  ['MPEG-1', 'MPG1 MPEG PIM1'],
  ['MPEG-2', 'MPG2 MP2V PIM2 MMES HDV1 HDV2 HDV3 XDV1 XDV2 EM2V LMP2 SLIF VCR2'],
  ['DV', 'DVSD DVHD DVH1 DVSL DV25 DV50 DVCS DVCP CDVC CDV5 PDVC AVD1 DVC DVCP DVIS'],
  ['H.263', 'H263 S263 I263 U263 M263 D263 X263 L263 T263 VIV1 VIVO'],
  ['H.261', 'H261'],
  ['VP8', 'VP80'],
  ['VP9', 'VP90 VP09'],
  ['AV1', 'AV01'],
  ['VP3', 'VP30 VP31'],
  ['VP5', 'VP50'],
  ['VP6', 'VP60 VP61 VP62 VP6F VP6A'],
  ['VP7', 'VP70 VP71'],
  ['Theora', 'THEO'],
  ['Intel Indeo', 'IV31 IV32 IV40 IV41 IV50 RT21'],
  ['Cinepak', 'CVID'],
  ['Microsoft Video 1', 'CRAM MSVC WHAM'],
  ['Microsoft RLE', 'MRLE RLE4 RLE8'],
  ['TechSmith Screen Capture', 'TSCC TSC2'],
  ['DOSBox Capture', 'ZMBV'],
  ['Huffyuv', 'HFYU FFVH HYMT'],
  ['Lagarith', 'LAGS'],
  ['Ut Video', 'ULRA ULRG ULY0 ULY2 ULY4 ULH0 ULH2 ULH4 UQY2 UQRG UQRA UMY2 UMY4 UMH2 UMH4 UMRG UMRA'],
  ['MagicYUV', 'MAGY M8RG M8RA M8Y0 M8Y2 M8Y4'],
  ['FFV1', 'FFV1'],
  ['Fraps', 'FPS1'],
  ['GoPro CineForm', 'CFHD'],
  ['Avid DNxHD', 'AVDN AVDH'],
  ['JPEG 2000', 'MJ2C LJ2C LJ2K IPJ2 AVJ2'],
  ['Apple ProRes', 'APCN APCH APCS APCO AP4H AP4X'],
  ['PNG', 'MPNG PNG1'],
  [
    'uncompressed video',
    'DIB RGB RAW YUY2 YUYV UYVY YVYU I420 IYUV YV12 YV16 YV24 NV12 NV21 Y800 Y8 Y41P Y422 V210 V308 V408 HDYC 2VUY',
  ],
];

const NAMES = new Map(
  FOURCC_NAMES.flatMap(([name, fourccs]) => fourccs.split(' ').map((fourcc) => [fourcc, name] as const)),
);

/** The codec of four letters as people call it; the letters themselves in quotes where nobody here knows them. */
export function nameFourcc(fourcc: string): string {
  const printable = fourcc.replace(/[^\x20-\x7e]/g, '').trim();
  // All bits 0 (BI_RGB) and BI_BITFIELDS are bare pixels.
  if (printable === '') return 'uncompressed video';
  return NAMES.get(printable.toUpperCase()) ?? `“${printable}”`;
}
