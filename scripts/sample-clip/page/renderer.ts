import { CAMERA } from '../glsl/camera';
import { FILM_PASS, GLOW_PASS } from '../glsl/film';
import { NOISE } from '../glsl/noise';
import { type Scene } from '../scene';
import { BAKE_SIZE, FRAME_RATE, HEIGHT, type Shot, SUPERSAMPLING, WIDTH } from '../clip';

const VERTEX = `#version 300 es
void main() {
  vec2 p = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 4.0 - 1.0;
  gl_Position = vec4(p, 0.0, 1.0);
}`;

const HEADER = `#version 300 es
precision highp float;
precision highp int;
uniform vec2 uSize;
uniform float uTime;
uniform int uFrame;
${NOISE}`;

const SAMPLERS = `uniform sampler2D uBake;
uniform highp sampler3D uVolume;
`;

/** Wide enough that a street lamp spreads over some fifteen pixels. */
const GLOW_WIDTH = WIDTH / 4;
const GLOW_HEIGHT = HEIGHT / 4;

interface Sampled {
  readonly texture: WebGLTexture;
  /** Left out where it is TEXTURE_2D. */
  readonly kind?: GLenum;
}

interface Target extends Sampled {
  readonly framebuffer: WebGLFramebuffer;
  readonly width: number;
  readonly height: number;
}

interface Prepared {
  readonly program: WebGLProgram;
  readonly textures: Record<string, Sampled>;
}

/** Draws any frame of the clip by its number; a frame never depends on the one before. */
export class Renderer {
  readonly canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  readonly #gl: WebGL2RenderingContext;
  readonly #light: Target;
  readonly #glow: Target;
  readonly #glowProgram: WebGLProgram;
  readonly #filmProgram: WebGLProgram;
  readonly #prepared = new Map<string, Prepared>();

  constructor() {
    const gl = this.canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error('This browser has no WebGL2.');
    for (const name of ['EXT_color_buffer_float', 'OES_texture_float_linear']) {
      if (!gl.getExtension(name)) throw new Error(`This browser's WebGL2 has no ${name}.`);
    }
    this.#gl = gl;
    this.#light = this.#createTarget(WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING, gl.RGBA16F, false);
    this.#glow = this.#createTarget(GLOW_WIDTH, GLOW_HEIGHT, gl.RGBA16F, false);
    this.#glowProgram = this.#createProgram(HEADER + GLOW_PASS);
    this.#filmProgram = this.#createProgram(HEADER + FILM_PASS);
  }

  /** Draws one frame on `canvas`. */
  draw(shot: Shot, frame: number): void {
    const gl = this.#gl;
    const { program, textures } = this.#prepare(shot);
    // Counted from the cut, grain too: a scene looks the same wherever it stands in the clip.
    const frameOfShot = frame - shot.firstFrame;
    const moment = { seconds: frameOfShot / FRAME_RATE, frame: frameOfShot };
    this.#run(program, this.#light, moment, textures);
    this.#run(this.#glowProgram, this.#glow, moment, { uLight: this.#light });
    this.#run(this.#filmProgram, null, moment, { uLight: this.#light, uGlow: this.#glow });
    gl.finish();
  }

  #prepare({ scene }: Shot): Prepared {
    const known = this.#prepared.get(scene.id);
    if (known) return known;
    const gl = this.#gl;
    const textures: Record<string, Sampled> = {};
    if (scene.bake !== undefined) {
      const bake = this.#createTarget(BAKE_SIZE, BAKE_SIZE, gl.RGBA32F, true);
      const main = 'out vec4 outColour;\nvoid main() { outColour = bake(gl_FragCoord.xy / uSize); }';
      const program = this.#createProgram(HEADER + scene.bake + main);
      this.#run(program, bake, { seconds: 0, frame: 0 }, {});
      textures.uBake = bake;
    }
    if (scene.volume) textures.uVolume = this.#fillVolume(scene.volume, textures);
    const main = `out vec4 outColour;
      void main() {
        vec2 p = (2.0 * gl_FragCoord.xy - uSize) / uSize.y;
        outColour = vec4(max(scene(p, uTime), 0.0), 1.0);
      }`;
    const program = this.#createProgram(`${HEADER}${SAMPLERS}${CAMERA}${scene.glsl}${main}`);
    const prepared = { program, textures };
    this.#prepared.set(scene.id, prepared);
    return prepared;
  }

  /** Draws a volume slice by slice. */
  #fillVolume(volume: NonNullable<Scene['volume']>, textures: Record<string, Sampled>): Sampled {
    const gl = this.#gl;
    const { width, height, depth, glsl } = volume;
    const texture = gl.createTexture();
    const kind = gl.TEXTURE_3D;
    gl.bindTexture(kind, texture);
    gl.texStorage3D(kind, 1, gl.RG16F, width, height, depth);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) {
      gl.texParameteri(kind, side, gl.CLAMP_TO_EDGE);
    }
    gl.texParameteri(kind, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(kind, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    const program = this.#createProgram(`${HEADER}${SAMPLERS}${glsl}
      out vec4 outColour;
      void main() {
        vec3 p = vec3(gl_FragCoord.xy / uSize, (float(uFrame) + 0.5) / ${depth}.0);
        outColour = vec4(volume(p), 0.0, 1.0);
      }`);
    const framebuffer = gl.createFramebuffer();
    for (let layer = 0; layer < depth; layer++) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, texture, 0, layer);
      const target = { texture, framebuffer, width, height };
      this.#run(program, target, { seconds: 0, frame: layer }, textures);
    }
    return { texture, kind };
  }

  #run(
    program: WebGLProgram,
    target: Target | null,
    { seconds, frame }: { seconds: number; frame: number },
    textures: Record<string, Sampled>,
  ): void {
    const gl = this.#gl;
    const width = target?.width ?? WIDTH;
    const height = target?.height ?? HEIGHT;
    gl.bindFramebuffer(gl.FRAMEBUFFER, target?.framebuffer ?? null);
    gl.viewport(0, 0, width, height);
    gl.useProgram(program);
    gl.uniform2f(gl.getUniformLocation(program, 'uSize'), width, height);
    gl.uniform1f(gl.getUniformLocation(program, 'uTime'), seconds);
    gl.uniform1i(gl.getUniformLocation(program, 'uFrame'), frame);
    Object.entries(textures).forEach(([name, { texture, kind }], unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(kind ?? gl.TEXTURE_2D, texture);
      gl.uniform1i(gl.getUniformLocation(program, name), unit);
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #createTarget(width: number, height: number, format: GLenum, repeats: boolean): Target {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
    const wrap = repeats ? gl.REPEAT : gl.CLAMP_TO_EDGE;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, wrap);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, wrap);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    const framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return { texture, framebuffer, width, height };
  }

  #createProgram(fragment: string): WebGLProgram {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) throw new Error('The WebGL2 context is lost.');
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (gl.getShaderParameter(shader, gl.COMPILE_STATUS) !== true) {
        const lines = source.split('\n').map((line, i) => `${i + 1}: ${line}`);
        throw new Error(`${gl.getShaderInfoLog(shader) ?? 'shader'}\n${lines.join('\n')}`);
      }
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
      throw new Error(gl.getProgramInfoLog(program) ?? 'link');
    }
    return program;
  }
}
