/** One shot of the sample clip: a fragment shader and how long it is held. */
export interface Scene {
  /** Stable name, used in `sample.json` and on the command line. */
  readonly id: string;
  /** What a person would call the shot. */
  readonly title: string;
  readonly seconds: number;
  /**
   * GLSL that defines `vec3 scene(vec2 p, float t)`: linear light for the screen point `p`
   * (y from -1 to 1, x to the aspect ratio on either side) `t` seconds into the shot.
   */
  readonly glsl: string;
  /**
   * GLSL that defines `vec4 bake(vec2 p)` for `p` in 0..1, rendered once into the repeating texture `uBake`.
   * A landscape has thousands of height look-ups a pixel, so its noise is worked out ahead.
   */
  readonly bake?: string;
  /**
   * GLSL that defines `vec2 volume(vec3 p)` for `p` in 0..1, rendered once into the three-dimensional texture
   * `uVolume`, with `uBake` at hand: for shapes whose distance is dear to work out.
   */
  readonly volume?: {
    readonly width: number;
    readonly height: number;
    readonly depth: number;
    readonly glsl: string;
  };
}
