/** Where the camera looks: how far right and down of the room it has, 0…1, and how much closer than needed to fill the frame. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** How a shot is filmed. */
export interface Camera {
  from: View;
  to: View;
  /** How far a hand shakes, as a share of the frame's width. */
  shake: number;
  /** Factor on brightness at the start and at the end. */
  exposure: readonly [number, number];
  /** Strength of the sensor's noise, 0…1. */
  noise: number;
  /** Of the noise and the shaking. */
  seed: number;
}

export type EmptyLook = 'wall' | 'dark' | 'street' | 'fog';

export type ShotContent =
  | { kind: 'picture'; id: string; /** Width by height. */ aspect: number }
  | { kind: 'sample'; sceneId: string; startMs: number; endMs: number }
  | { kind: 'empty'; look: EmptyLook; seed: number };

export interface Shot {
  content: ShotContent;
  startMs: number;
  endMs: number;
  /** How long the shot before fades into this one; the fade's middle is at `startMs`. 0 is a cut. */
  fadeMs: number;
  camera: Camera;
}

/** What the page is to draw and encode. */
export interface ShotList {
  width: number;
  height: number;
  frameRate: number;
  durationMs: number;
  bitrate: number;
  shots: Shot[];
}
