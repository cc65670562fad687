import { type Scene } from './scene';
import { SCENES } from './scenes/index';

/** Where the finished clip lies, from the repository's root. */
export const CLIP_FOLDER = 'public/sample';
export const CLIP_FILE = 'framesift-sample.webm';

/** 16:9 at the size of a preview stream: the model sees 128 px, a person sees a card on the page. */
export const WIDTH = 640;
export const HEIGHT = 360;
/** Slow pans look calm at 12 frames a second, and half the frames are half the bytes. */
export const FRAME_RATE = 12;
/** Pictures are drawn at this multiple of the size and filtered down, as a lens and sensor would. */
export const SUPERSAMPLING = 1.5;
/** Sides of the texture that `Scene.bake` fills. */
export const BAKE_SIZE = 1024;

/** A scene and the frames it fills: `firstFrame` included, `endFrame` not. */
export interface Shot {
  readonly scene: Scene;
  readonly firstFrame: number;
  readonly endFrame: number;
}

/** Lays the scenes end to end with hard cuts on whole frames. */
export function planShots(scenes: readonly Scene[]): Shot[] {
  let frame = 0;
  return scenes.map((scene) => {
    const firstFrame = frame;
    frame += Math.round(scene.seconds * FRAME_RATE);
    return { scene, firstFrame, endFrame: frame };
  });
}

export const SHOTS: readonly Shot[] = planShots(SCENES);

export function frameStartMs(frame: number): number {
  return Math.round((frame * 1000) / FRAME_RATE);
}
