import type { ColourMatrix } from '@/lib/pixels/colour';

export interface ColourProbe {
  codec: 'avc' | 'vp8' | 'vp9' | 'av1';
  size: keyof typeof PROBE_SIZES;
  /** What its bitstream says. */
  matrix: ColourMatrix | null;
  isFullRange: boolean;
  /** For VideoDecoder. */
  codecString: string;
  /** Base64. */
  description: string | null;
  data: string;
}

/** The large one is what players take for high definition. */
export const PROBE_SIZES = { small: { width: 64, height: 64 }, large: { width: 1280, height: 720 } };

/** Patches in a row of the picture. */
export const PATCHES_ACROSS = 4;

/** Y, Cb and Cr of the patches, row by row: far apart, and within red, green and blue in every matrix and range. */
export const PROBE_PATCHES = [
  [40, 128, 128],
  [215, 128, 128],
  [128, 78, 128],
  [128, 178, 128],
  [128, 128, 78],
  [128, 128, 178],
  [96, 150, 100],
  [160, 106, 156],
] as const;
