import { SHOTS } from '../clip';
import { decodeStills, decodePicture } from './decode';
import { ClipWriter } from './encode';
import { Renderer } from './renderer';

let renderer: Renderer | undefined;
let writer: ClipWriter | undefined;

/** What Node asks of the page. Bytes cross in base64: arrays would cross as one number at a time. */
const sampleClip = {
  /** One frame as a PNG. */
  async drawStill(frame: number): Promise<string> {
    const shot = SHOTS.find(({ firstFrame, endFrame }) => frame >= firstFrame && frame < endFrame);
    if (!shot) throw new RangeError(`The clip has no frame ${frame}.`);
    renderer ??= new Renderer();
    renderer.draw(shot, frame);
    const blob = await renderer.canvas.convertToBlob({ type: 'image/png' });
    return new Uint8Array(await blob.arrayBuffer()).toBase64();
  },

  async startEncoding(bitrate: number): Promise<void> {
    writer = await ClipWriter.start(bitrate);
  },

  async encode(png: string, isCut: boolean): Promise<void> {
    await writer?.add(Uint8Array.fromBase64(png), isCut);
  },

  /** The encoded clip as a WebM file. */
  async finishEncoding(): Promise<string> {
    if (!writer) throw new Error('Nothing is being encoded.');
    return (await writer.finish()).toBase64();
  },

  /** Frames of a finished file as RGBA bytes, top row first. */
  async decode(file: string, seconds: readonly number[]): Promise<string[]> {
    const frames = await decodeStills(Uint8Array.fromBase64(file), seconds);
    return frames.map((pixels) => pixels.toBase64());
  },

  /** A PNG as RGBA bytes, top row first. */
  async decodePicture(png: string): Promise<string> {
    return (await decodePicture(Uint8Array.fromBase64(png))).toBase64();
  },
};

export type SampleClip = typeof sampleClip;
Object.assign(globalThis, { sampleClip });
