/** Runs in the page that scripts/eval/browser.ts opens: makes clips of shots, and reads clips as the app does. */
import {
  ALL_FORMATS,
  BlobSource,
  BufferTarget,
  CanvasSink,
  CanvasSource,
  Input,
  Output,
  Quality,
  WebMOutputFormat,
} from 'mediabunny';
import { resizeFrame } from '@/lib/pixels/resize';
import { joinBytes } from '@/lib/shared/bytes';
import type { ResizeSpec } from '@/lib/shared/frames';
import { chooseTimestamps } from '@/lib/media/choose-timestamps';
import { FramePixelReader } from '@/lib/media/frame-pixels';
import { openClip } from '@/lib/media/open-clip';
import { decodeFrames } from '@/lib/media/webcodecs-frames';
import { Painter } from './draw';
import type { ShotList } from './shots';

const KEY_FRAME_SECONDS = 4;
const SAMPLE_FRAME_RATE = 6;
const SAMPLE_WIDTH = 400;

export interface CandidateFrames {
  durationMs: number;
  timesMs: number[];
  /** RGB of the model's input size, one picture after another, in base64. */
  pixels: string;
}

const sampleFrames = new Map<string, ImageBitmap[]>();

const evaluation = {
  /** Decodes the sample clip's scenes, so that shots can be taken from them. */
  async loadSample(
    file: string,
    scenes: readonly { id: string; startMs: number; endMs: number }[],
  ): Promise<void> {
    const input = new Input({
      source: new BlobSource(new Blob([Uint8Array.fromBase64(file)])),
      formats: ALL_FORMATS,
    });
    const track = await input.getPrimaryVideoTrack();
    if (!track) throw new Error('The sample clip has no picture track.');
    const sink = new CanvasSink(track, { width: SAMPLE_WIDTH });
    for (const { id, startMs, endMs } of scenes) {
      const count = Math.floor(((endMs - startMs) / 1000) * SAMPLE_FRAME_RATE);
      const seconds = Array.from(
        { length: count },
        (_, index) => startMs / 1000 + (index + 0.5) / SAMPLE_FRAME_RATE,
      );
      const frames: ImageBitmap[] = [];
      for await (const frame of sink.canvasesAtTimestamps(seconds)) {
        if (frame) frames.push(await createImageBitmap(frame.canvas));
      }
      sampleFrames.set(id, frames);
    }
    input.dispose();
  },

  /** Films and encodes a clip; a WebM file in base64. `jpegs` has the pictures of its shots by id. */
  async compose(list: ShotList, jpegs: Record<string, string>): Promise<string> {
    const pictures = new Map<string, ImageBitmap>();
    for (const [id, jpeg] of Object.entries(jpegs)) {
      pictures.set(
        id,
        await createImageBitmap(new Blob([Uint8Array.fromBase64(jpeg)], { type: 'image/jpeg' })),
      );
    }
    const { width, height, frameRate, durationMs, bitrate, shots } = list;
    const painter = new Painter(width, height, {
      pictures,
      sampleFrames,
      sampleFrameRate: SAMPLE_FRAME_RATE,
    });
    const target = new BufferTarget();
    const output = new Output({ format: new WebMOutputFormat(), target });
    const source = new CanvasSource(painter.context.canvas, {
      codec: 'vp8',
      quality: new Quality({ bitrate, bitrateMode: 'variable' }),
      keyFrameInterval: KEY_FRAME_SECONDS,
      latencyMode: 'realtime',
    });
    output.addVideoTrack(source, { frameRate });
    await output.start();
    const count = Math.round((durationMs / 1000) * frameRate);
    for (let frame = 0; frame < count; frame += 1) {
      painter.draw(shots, (frame * 1000) / frameRate);
      await source.add(frame / frameRate, 1 / frameRate);
    }
    await output.finalize();
    for (const picture of pictures.values()) picture.close();
    if (!target.buffer) throw new Error('The encoder wrote nothing.');
    return new Uint8Array(target.buffer).toBase64();
  },

  /** The frames that the app would look at, one a second, as the app makes the model's input of them. */
  async readCandidates(file: string, resize: ResizeSpec): Promise<CandidateFrames> {
    const clip = await openClip(new Blob([Uint8Array.fromBase64(file)]));
    try {
      const { facts } = clip;
      const requests = chooseTimestamps(facts, { kind: 'rate' }).map((timestampMs, frameIndex) => ({
        frameIndex,
        timestampMs,
      }));
      const reader = new FramePixelReader(clip.colourCoding);
      const pictures: Uint8Array[] = [];
      const timesMs: number[] = [];
      for await (const { sample, ...decoded } of decodeFrames(clip, requests)) {
        if (!sample || !('timestampMs' in decoded)) continue;
        const frame = sample.toVideoFrame();
        try {
          pictures.push(resizeFrame(await reader.read(frame), resize, facts.rotationDegrees));
          timesMs.push(decoded.timestampMs);
        } finally {
          frame.close();
          sample.close();
        }
      }
      return {
        durationMs: facts.durationMs,
        timesMs,
        pixels: joinBytes(pictures).toBase64(),
      };
    } finally {
      clip.close();
    }
  },
};

export type EvaluationPage = typeof evaluation;

Object.assign(globalThis, { evaluation });
