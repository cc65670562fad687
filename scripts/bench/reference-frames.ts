/** Frames of a clip as FFmpeg and Pillow give them: the reference of `npm run bench:preprocess`. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResizeSpec } from '@/lib/shared/frames';
import { z } from '@/lib/shared/zod';
import { chooseColourCoding, type ColourCoding } from '@/lib/pixels/colour';
import { planeRows } from '@/lib/pixels/plane-rows';
import type { PixelRows } from '@/lib/pixels/pixel-rows';
import { root } from '../host/served-page';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** Debian's own Python, which has python3-pil; another one stands before it in PATH on some machines. */
const PYTHON = process.env.PYTHON_PATH ?? '/usr/bin/python3';

/** FFmpeg's names of matrices, in WebCodecs' words. */
const MATRIX_NAMES: Readonly<Record<string, string>> = {
  bt709: 'bt709',
  smpte170m: 'smpte170m',
  bt470bg: 'bt470bg',
  bt2020nc: 'bt2020-ncl',
  gbr: 'rgb',
};

const SWSCALE_MATRICES = { bt601: 'smpte170m', bt709: 'bt709', bt2020: 'bt2020' } as const;

/** FFmpeg's pixel formats that WebCodecs has too. */
const PIXEL_FORMATS: Readonly<
  Record<string, { format: string; across: number; down: number; bytes: number }>
> = {
  yuv420p: { format: 'I420', across: 2, down: 2, bytes: 1 },
  yuvj420p: { format: 'I420', across: 2, down: 2, bytes: 1 },
  yuv422p: { format: 'I422', across: 2, down: 1, bytes: 1 },
  yuv444p: { format: 'I444', across: 1, down: 1, bytes: 1 },
  yuv420p10le: { format: 'I420P10', across: 2, down: 2, bytes: 2 },
  yuv422p10le: { format: 'I422P10', across: 2, down: 1, bytes: 2 },
  yuv444p10le: { format: 'I444P10', across: 1, down: 1, bytes: 2 },
};

const probeSchema = z.object({
  frames: z.array(z.object({ best_effort_timestamp_time: z.coerce.number() })),
  streams: z
    .array(
      z.object({
        codec_name: z.string(),
        width: z.number(),
        height: z.number(),
        pix_fmt: z.string(),
        color_space: z.string().optional(),
        color_range: z.string().optional(),
        sample_aspect_ratio: z.string().optional(),
        side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
      }),
    )
    .min(1),
});

/** A clip as ffprobe sees it. */
export interface ProbedClip {
  path: string;
  codec: string;
  pixelFormat: string;
  /** Stored size. */
  width: number;
  height: number;
  /** Upright size in square pixels. */
  displayWidth: number;
  displayHeight: number;
  /** Clockwise turn that makes the stored picture upright. */
  rotationDegrees: 0 | 90 | 180 | 270;
  /** Whether the file says which matrix it is in. */
  isMatrixStated: boolean;
  coding: ColourCoding;
  /** Time of each frame in the order that they are shown in, from the first one's. */
  timestampsMs: number[];
}

/** @throws Error when ffprobe cannot read the file or its colours need no conversion */
export async function probeClip(path: string): Promise<ProbedClip> {
  const entries =
    'frame=best_effort_timestamp_time:stream=codec_name,width,height,pix_fmt,color_space,color_range,sample_aspect_ratio:stream_side_data=rotation';
  const { stdout } = await execute(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', path],
    { maxBuffer: MAX_OUTPUT_BYTES },
  );
  const { frames, streams } = probeSchema.parse(JSON.parse(stdout));
  const stream = streams[0]!;
  const { width, height } = stream;
  const stated = {
    matrix: MATRIX_NAMES[stream.color_space ?? ''],
    fullRange: stream.color_range === 'pc',
  };
  const coding = chooseColourCoding(
    stated,
    stream.codec_name === 'h264' ? 'avc' : stream.codec_name,
    width,
    height,
  );
  if (!coding) throw new Error(`${path} is in RGB.`);
  const [sarWidth = 1, sarHeight = 1] = (stream.sample_aspect_ratio ?? '1:1').split(':').map(Number);
  const rotation = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const rotationDegrees = (((-rotation % 360) + 360) % 360) as ProbedClip['rotationDegrees'];
  // As mediabunny widens: the axis that gets more pixels grows.
  const isWide = sarWidth > sarHeight;
  const square = {
    width: isWide ? Math.round((width * sarWidth) / sarHeight) : width,
    height: isWide ? height : Math.round((height * sarHeight) / sarWidth),
  };
  const isTurned = rotationDegrees % 180 !== 0;
  const startSeconds = frames[0]?.best_effort_timestamp_time ?? 0;
  return {
    path,
    codec: stream.codec_name,
    pixelFormat: stream.pix_fmt,
    width,
    height,
    displayWidth: isTurned ? square.height : square.width,
    displayHeight: isTurned ? square.width : square.height,
    rotationDegrees,
    isMatrixStated: stated.matrix !== undefined,
    coding,
    timestampsMs: frames.map((frame) => 1000 * (frame.best_effort_timestamp_time - startSeconds)),
  };
}

/** The frames of those numbers, through FFmpeg's `filters`, as stored. */
function ffmpegArguments({ path }: ProbedClip, frameNumbers: readonly number[], filters: string): string[] {
  const select = frameNumbers.map((number) => `eq(n\\,${number})`).join('+');
  const filter = ['-vf', `select='${select}',${filters}`, '-fps_mode', 'passthrough'];
  return ['-v', 'error', '-y', '-noautorotate', '-i', path, '-map', '0:v:0', ...filter];
}

/**
 * How FFmpeg makes RGB of a clip for the reference. `explicit`: matrix, range and place of the chroma
 * samples said, chroma interpolated and sums rounded. `default`: by FFmpeg itself.
 */
export type Conversion = 'explicit' | 'default';

/** "Left" as swscale numbers it, for the axes that chroma has less of; elsewhere it would shift chroma. */
function chromaPosition(pixelFormat: string): string[] {
  const { across = 1, down = 1 } = PIXEL_FORMATS[pixelFormat] ?? {};
  return [...(across === 2 ? ['in_h_chr_pos=0'] : []), ...(down === 2 ? ['in_v_chr_pos=128'] : [])];
}

function conversionFilter(clip: ProbedClip, conversion: Conversion): string {
  if (conversion === 'default') return 'format=rgb24';
  const { matrix, isFullRange } = clip.coding;
  const options = [
    `in_color_matrix=${SWSCALE_MATRICES[matrix]}`,
    `in_range=${isFullRange ? 'full' : 'limited'}`,
    'out_range=full',
    ...chromaPosition(clip.pixelFormat),
    'flags=bicubic+full_chroma_int+full_chroma_inp+accurate_rnd',
  ];
  const toRgb = `scale=${options.join(':')},format=rgb24`;
  const { width, height } = clip;
  if (width % 2 === 0 && height % 2 === 0) return toRgb;
  // swscale spreads the chroma of an odd picture as if it ended with the luma, a pixel short.
  return `pad=${width + (width % 2)}:${height + (height % 2)},${toRgb},crop=${width}:${height}:0:0:exact=1`;
}

export interface PillowFrames {
  /** RGB bytes of each frame, `size`² × 3. */
  pictures: Uint8Array[];
  pillowVersion: string;
}

/** Frames by FFmpeg as PNG files in `folder`, then by Pillow. */
export async function makePillowFrames(
  clip: ProbedClip,
  frameNumbers: readonly number[],
  conversion: Conversion,
  sizes: readonly ResizeSpec[],
  folder: string,
): Promise<PillowFrames[]> {
  const filter = conversionFilter(clip, conversion);
  await execute('ffmpeg', [...ffmpegArguments(clip, frameNumbers, filter), join(folder, '%06d.png')]);
  const pngs = (await readdir(folder)).filter((name) => name.endsWith('.png')).toSorted();
  if (pngs.length !== frameNumbers.length) {
    throw new Error(`FFmpeg gave ${pngs.length} of ${frameNumbers.length} frames.`);
  }
  const made: PillowFrames[] = [];
  for (const { size, fit } of sizes) {
    const out = join(folder, `${fit}-${size}.rgb`);
    const settings = [size, fit, clip.rotationDegrees, clip.displayWidth, clip.displayHeight].map(String);
    const paths = pngs.map((name) => join(folder, name));
    const script = join(root, 'scripts/bench/pillow_frames.py');
    const { stdout } = await execute(PYTHON, [script, out, ...settings, ...paths]);
    const bytes = await readFile(out);
    const pictures = frameNumbers.map((_, index) =>
      Uint8Array.from(bytes.subarray(index * size * size * 3, (index + 1) * size * size * 3)),
    );
    made.push({ pictures, pillowVersion: stdout.trim() });
  }
  return made;
}

/**
 * The planes that FFmpeg's decoder gives, converted by lib/media: decoders of one standard give the
 * same numbers, so these are the very bytes that the page should have. Null for a pixel format that
 * WebCodecs has not.
 */
export async function readPlanes(
  clip: ProbedClip,
  frameNumbers: readonly number[],
): Promise<PixelRows[] | null> {
  const known = PIXEL_FORMATS[clip.pixelFormat];
  if (!known) return null;
  const { stdout } = await execute(
    'ffmpeg',
    [...ffmpegArguments(clip, frameNumbers, 'null'), '-f', 'rawvideo', '-pix_fmt', clip.pixelFormat, '-'],
    { encoding: 'buffer', maxBuffer: MAX_OUTPUT_BYTES },
  );
  const { width, height } = clip;
  const lumaStride = width * known.bytes;
  const chromaStride = Math.ceil(width / known.across) * known.bytes;
  const lumaBytes = lumaStride * height;
  const chromaBytes = chromaStride * Math.ceil(height / known.down);
  const frameBytes = lumaBytes + 2 * chromaBytes;
  if (stdout.length !== frameBytes * frameNumbers.length) {
    throw new Error(`FFmpeg gave ${stdout.length / frameBytes} of ${frameNumbers.length} frames.`);
  }
  return frameNumbers.map((_, index) =>
    planeRows(
      {
        format: known.format,
        bytes: Uint8Array.from(stdout.subarray(index * frameBytes, (index + 1) * frameBytes)),
        layout: [
          { offset: 0, stride: lumaStride },
          { offset: lumaBytes, stride: chromaStride },
          { offset: lumaBytes + chromaBytes, stride: chromaStride },
        ],
        copiedWidth: width,
        copiedHeight: height,
        wanted: { x: 0, y: 0, width, height },
      },
      clip.coding,
    ),
  );
}
