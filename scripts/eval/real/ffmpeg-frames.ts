/** Frames of a clip as the page samples and resizes them, decoded by FFmpeg, which must be on the path. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { resizeFrame } from '@/lib/pixels/resize';
import { joinBytes } from '@/lib/shared/bytes';
import { FramesiftError } from '@/lib/shared/errors';
import type { ResizeSpec } from '@/lib/shared/frames';
import { chooseTimestamps } from '@/lib/media/choose-timestamps';
import { chooseColourCoding, type ColourCoding } from '@/lib/pixels/colour';
import { planeRows } from '@/lib/pixels/plane-rows';

export interface SampledFrames {
  durationMs: number;
  /** Whole milliseconds from the first frame. */
  timesMs: Int32Array<ArrayBuffer>;
  /** What `resizeFrame` gives of each frame, one after another; all are of one length. */
  pixels: Uint8Array;
}

const MAX_PROBE_BYTES = 256 * 1024 * 1024;

interface Probed {
  frames?: Record<string, string | number | undefined>[];
  streams?: {
    width: number;
    height: number;
    pix_fmt?: string;
    codec_name?: string;
    color_space?: string;
    color_range?: string;
    side_data_list?: { rotation?: number }[];
  }[];
}

/** FFmpeg's names of matrices that WebCodecs calls otherwise. */
const MATRICES: Record<string, string> = { bt2020nc: 'bt2020-ncl', gbr: 'rgb' };

/**
 * @param framesPerSecond one unless told
 * @throws FramesiftError `unreadable-video` when FFmpeg finds no frame in it
 */
export async function sampleFrames(
  path: string,
  spec: ResizeSpec,
  framesPerSecond?: number,
): Promise<SampledFrames> {
  const { frames = [], streams: [stream] = [] } = await probe(path);
  if (!stream || frames.length === 0) {
    throw new FramesiftError('unreadable-video', `FFmpeg finds no frames in ${path}.`);
  }
  const seconds = frames.map((frame) => Number(frame.best_effort_timestamp_time ?? frame.pts_time));
  const startS = seconds[0]!;
  const last = frames.at(-1)!;
  const lastS = Number(last.duration_time ?? last.pkt_duration_time);
  const usual = frames.length > 1 ? (seconds.at(-1)! - startS) / (frames.length - 1) : 0;
  const durationMs = (seconds.at(-1)! - startS + (Number.isFinite(lastS) ? lastS : usual)) * 1000;
  // A frame is shown from its time to the next one's.
  const shown = chooseTimestamps(
    { durationMs },
    { kind: 'rate', ...(framesPerSecond && { framesPerSecond }) },
  ).map((timeMs) => {
    const next = seconds.findIndex((second) => (second - startS) * 1000 > timeMs);
    return next === -1 ? seconds.length - 1 : Math.max(0, next - 1);
  });
  const rows = [...new Set(shown)];
  const isTurned =
    Math.abs(stream.side_data_list?.find(({ rotation }) => rotation)?.rotation ?? 0) % 180 === 90;
  const [width, height] = isTurned ? [stream.height, stream.width] : [stream.width, stream.height];
  const isFullRange = stream.color_range === 'pc';
  const matrix = MATRICES[stream.color_space ?? ''] ?? stream.color_space ?? null;
  const coding = chooseColourCoding(
    { matrix: matrix === 'rgb' ? null : matrix, fullRange: isFullRange },
    stream.codec_name ?? null,
    stream.width,
    stream.height,
  )!;
  const pictures: Uint8Array[] = [];
  for await (const planes of decode(path, rows, width, height, isFullRange)) {
    pictures.push(resizeFrame(rowsOf(planes, width, height, coding), spec));
  }
  if (pictures.length !== rows.length) {
    throw new FramesiftError(
      'unreadable-video',
      `FFmpeg gave ${pictures.length} of ${rows.length} frames of ${path}.`,
    );
  }
  const timesMs = Int32Array.from(rows, (index) =>
    Math.max(0, Math.round((seconds[index]! - startS) * 1000)),
  );
  return { durationMs, timesMs, pixels: joinBytes(pictures) };
}

async function probe(path: string): Promise<Probed> {
  const entries =
    'frame=best_effort_timestamp_time,pts_time,duration_time,pkt_duration_time:stream=width,height,pix_fmt,codec_name,color_space,color_range:stream_side_data=rotation';
  const { stdout } = await promisify(execFile)(
    'ffprobe',
    [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_frames',
      '-show_streams',
      '-show_entries',
      entries,
      '-of',
      'json',
      path,
    ],
    { maxBuffer: MAX_PROBE_BYTES },
  ).catch((cause: unknown) => {
    throw new FramesiftError('unreadable-video', `ffprobe cannot read ${path}.`, { cause });
  });
  return JSON.parse(stdout) as Probed;
}

/** The frames of these numbers, rising, upright, as planes of YUV 4:2:0. */
async function* decode(
  path: string,
  rows: readonly number[],
  width: number,
  height: number,
  isFullRange: boolean,
): AsyncGenerator<Uint8Array> {
  // Sums of more than a hundred terms are too deep for FFmpeg's parser: added up in groups.
  const terms = rows.map((row) => `eq(n\\,${row})`);
  const groups = Array.from({ length: Math.ceil(terms.length / 50) }, (_, group) =>
    terms.slice(group * 50, (group + 1) * 50).join('+'),
  );
  const wanted = groups.map((group) => `(${group})`).join('+');
  const format = isFullRange ? 'yuvj420p' : 'yuv420p';
  const output = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', format, 'pipe:1'];
  const decoder = spawn(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-map', '0:v:0', '-vf', `select=${wanted}`, ...output],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(decoder, 'close');
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  const frame = new Uint8Array(width * height + 2 * chroma);
  let filled = 0;
  try {
    for await (const chunk of decoder.stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length;) {
        const taken = Math.min(chunk.length - at, frame.length - filled);
        frame.set(chunk.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled < frame.length) continue;
        yield frame;
        filled = 0;
      }
    }
    await ended;
  } finally {
    decoder.kill();
  }
}

function rowsOf(bytes: Uint8Array, width: number, height: number, coding: ColourCoding) {
  const stride = Math.ceil(width / 2);
  const chroma = stride * Math.ceil(height / 2);
  const layout = [
    { offset: 0, stride: width },
    { offset: width * height, stride },
    { offset: width * height + chroma, stride },
  ];
  const wanted = { x: 0, y: 0, width, height };
  return planeRows(
    { format: 'I420', bytes, layout, copiedWidth: width, copiedHeight: height, wanted },
    coding,
  );
}
