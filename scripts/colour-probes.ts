/**
 * Makes the tiny pictures of lib/media/colour-probes.generated.ts, by which is measured what colours a browser makes of a codec:
 *
 *     npx tsx scripts/colour-probes.ts
 *
 * Needs FFmpeg with libx264, libvpx and libaom. Every picture is the same eight patches of luma and chroma, which FFmpeg decodes
 * again to see that they are there.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { format } from 'prettier';
import { PATCHES_ACROSS, PROBE_PATCHES, PROBE_SIZES, type ColourProbe } from '@/lib/media/colour-probe';

const OUTPUT = join(import.meta.dirname, '../lib/media/colour-probes.generated.ts');

/** A decoded patch may differ from what was drawn by so much. */
const MAX_ERROR = 1;

const ENCODERS = {
  avc: {
    file: 'avc.mp4',
    options: ['-c:v', 'libx264', '-qp', '6', '-profile:v', 'main', '-x264-params', 'sei=0'],
  },
  vp8: { file: 'vp8.webm', options: ['-c:v', 'libvpx', '-qmin', '0', '-qmax', '4', '-b:v', '9M'] },
  vp9: { file: 'vp9.webm', options: ['-c:v', 'libvpx-vp9', '-crf', '2', '-b:v', '0'] },
  av1: { file: 'av1.webm', options: ['-c:v', 'libaom-av1', '-crf', '4', '-cpu-used', '6'] },
} as const;

/** FFmpeg's names. VP8 has no word for its colours. */
const MATRICES = { bt601: 'smpte170m', bt709: 'bt709', bt2020: 'bt2020nc' } as const;

const folder = mkdtempSync(join(tmpdir(), 'colour-probes-'));
try {
  const probes: ColourProbe[] = [];
  for (const codec of ['avc', 'vp8', 'vp9', 'av1'] as const) {
    for (const size of ['small', 'large'] as const) probes.push(await makeProbe(codec, size, null, false));
    if (codec === 'vp8') continue;
    probes.push(await makeProbe(codec, 'small', null, true));
    for (const matrix of ['bt601', 'bt709', 'bt2020'] as const) {
      for (const isFullRange of [false, true])
        probes.push(await makeProbe(codec, 'small', matrix, isFullRange));
    }
  }
  const source = `// Made by scripts/colour-probes.ts.
    import type { ColourProbe } from './colour-probe';
    export const COLOUR_PROBES: readonly ColourProbe[] = ${JSON.stringify(probes)};`;
  writeFileSync(OUTPUT, await format(source, { parser: 'typescript', singleQuote: true, printWidth: 110 }));
  console.log(`${probes.length} pictures, ${Math.round(source.length / 1024)} KB`);
} finally {
  rmSync(folder, { recursive: true });
}

async function makeProbe(
  codec: keyof typeof ENCODERS,
  size: keyof typeof PROBE_SIZES,
  matrix: keyof typeof MATRICES | null,
  isFullRange: boolean,
): Promise<ColourProbe> {
  const { file, options } = ENCODERS[codec];
  const { width, height } = PROBE_SIZES[size];
  const path = join(folder, file);
  const stated = [
    ...(matrix ? ['-colorspace', MATRICES[matrix]] : []),
    ...(matrix || isFullRange ? ['-color_range', isFullRange ? 'pc' : 'tv'] : []),
  ];
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`];
  execFileSync(
    'ffmpeg',
    ['-v', 'error', '-y', ...raw, ...stated, '-i', '-', '-frames:v', '1', ...options, ...stated, path],
    { input: drawPlanes(width, height) },
  );
  checkPlanes(path, width, height);
  const input = new Input({ source: new BufferSource(readFileSync(path)), formats: ALL_FORMATS });
  const track = (await input.getPrimaryVideoTrack())!;
  const config = (await track.getDecoderConfig())!;
  const packet = (await new EncodedPacketSink(track).getFirstPacket())!;
  return {
    codec,
    size,
    matrix,
    isFullRange,
    codecString: config.codec,
    description: config.description ? toBase64(config.description as Uint8Array) : null,
    data: toBase64(packet.data),
  };
}

function drawPlanes(width: number, height: number): Uint8Array {
  const planes = [0, 1, 2].map((plane) => {
    const [across, down] = plane === 0 ? [width, height] : [width / 2, height / 2];
    return Uint8Array.from({ length: across * down }, (_, at) => {
      const x = Math.floor(((at % across) / across) * PATCHES_ACROSS);
      const y = Math.floor((at / (across * down)) * (PROBE_PATCHES.length / PATCHES_ACROSS));
      return PROBE_PATCHES[y * PATCHES_ACROSS + x]![plane]!;
    });
  });
  return Buffer.concat(planes);
}

function checkPlanes(path: string, width: number, height: number): void {
  // No -pix_fmt: full range may be decoded as yuvj420p, and would be converted.
  const decoded = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 'rawvideo', '-'], {
    maxBuffer: 2 ** 24,
  });
  const wanted = drawPlanes(width, height);
  // Where patches meet, an encoder smooths.
  const centre = (at: number) => at % (width / 8) > 2 && at % (width / 8) < width / 8 - 2;
  const off = wanted.findIndex((value, at) => centre(at) && Math.abs(value - decoded[at]!) > MAX_ERROR);
  if (off >= 0) throw new Error(`${path}: ${decoded[off]} where ${wanted[off]} was drawn.`);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
