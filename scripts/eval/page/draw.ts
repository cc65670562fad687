import type { Camera, EmptyLook, Shot, ShotContent } from './shots';

type Context = OffscreenCanvasRenderingContext2D;

/** What a shot is filmed from: pictures by id, and the sample clip's frames by scene. */
export interface Material {
  pictures: ReadonlyMap<string, ImageBitmap>;
  sampleFrames: ReadonlyMap<string, readonly ImageBitmap[]>;
  /** Frames a second of `sampleFrames`. */
  sampleFrameRate: number;
}

const NOISE_TILE = 256;
const NOISE_TILES = 6;

export function contextOf(width: number, height: number): Context {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no 2D canvas.');
  return context;
}

/** Numbers 0…1 that look random (mulberry32, as in ../random.ts, which needs Node). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws shots as a camera would film them. */
export class Painter {
  readonly context: Context;
  readonly #material: Material;
  readonly #noise: readonly OffscreenCanvas[];
  readonly #layer: Context;
  readonly #empties = new Map<string, OffscreenCanvas>();

  constructor(width: number, height: number, material: Material) {
    this.context = contextOf(width, height);
    this.#layer = contextOf(width, height);
    this.#material = material;
    this.#noise = Array.from({ length: NOISE_TILES }, (_, index) => noiseTile(index + 1));
  }

  /** Draws the moment `atMs` of a clip. */
  draw(shots: readonly Shot[], atMs: number): void {
    const { context } = this;
    const { width, height } = context.canvas;
    const index = shots.findLastIndex(({ startMs, fadeMs }) => startMs - fadeMs / 2 <= atMs);
    const shot = shots[Math.max(0, index)]!;
    const before = shots[index - 1];
    const shown = shot.fadeMs > 0 ? Math.min(1, (atMs - shot.startMs) / shot.fadeMs + 0.5) : 1;
    context.globalAlpha = 1;
    if (before && shown < 1) {
      this.#film(before, atMs);
      context.drawImage(this.#layer.canvas, 0, 0);
      context.globalAlpha = shown;
    }
    this.#film(shot, atMs);
    context.drawImage(this.#layer.canvas, 0, 0, width, height);
    context.globalAlpha = 1;
  }

  #film({ content, startMs, endMs, camera }: Shot, atMs: number): void {
    const layer = this.#layer;
    const { width, height } = layer.canvas;
    const part = Math.min(1, Math.max(0, (atMs - startMs) / (endMs - startMs)));
    const { picture, aspect } = this.#pictureOf(content, atMs - startMs);
    const window = windowOf(camera, part, (atMs - startMs) / 1000, aspect, width / height);
    layer.filter = `brightness(${mix(camera.exposure[0], camera.exposure[1], part).toFixed(3)})`;
    layer.imageSmoothingQuality = 'high';
    layer.drawImage(
      picture,
      window.x * picture.width,
      window.y * picture.height,
      window.width * picture.width,
      window.height * picture.height,
      0,
      0,
      width,
      height,
    );
    layer.filter = 'none';
    if (camera.noise > 0) this.#addNoise(camera, atMs);
  }

  #pictureOf(
    content: ShotContent,
    shotMs: number,
  ): { picture: ImageBitmap | OffscreenCanvas; aspect: number } {
    switch (content.kind) {
      case 'picture': {
        const picture = this.#material.pictures.get(content.id);
        if (!picture) throw new Error(`The picture ${content.id} was not sent.`);
        return { picture, aspect: content.aspect };
      }
      case 'sample': {
        const frames = this.#material.sampleFrames.get(content.sceneId) ?? [];
        // Longer shots than the scene play it backwards and forwards again, so that nothing jumps.
        const last = frames.length - 1;
        const step = Math.floor((shotMs / 1000) * this.#material.sampleFrameRate) % Math.max(1, 2 * last);
        const picture = frames[Math.max(0, Math.min(step, 2 * last - step))];
        if (!picture) throw new Error(`The sample clip’s scene ${content.sceneId} was not decoded.`);
        return { picture, aspect: picture.width / picture.height };
      }
      case 'empty': {
        const key = `${content.look} ${content.seed}`;
        const canvas = this.#empties.get(key) ?? drawEmpty(content.look, content.seed);
        this.#empties.set(key, canvas);
        return { picture: canvas, aspect: canvas.width / canvas.height };
      }
    }
  }

  #addNoise({ noise, seed }: Camera, atMs: number): void {
    const layer = this.#layer;
    const { width, height } = layer.canvas;
    const random = randomOf(seed + Math.round(atMs));
    layer.globalAlpha = noise;
    const tile = this.#noise[Math.floor(random() * NOISE_TILES)]!;
    const [left, top] = [-Math.floor(random() * NOISE_TILE), -Math.floor(random() * NOISE_TILE)];
    for (let y = top; y < height; y += NOISE_TILE) {
      for (let x = left; x < width; x += NOISE_TILE) layer.drawImage(tile, x, y);
    }
    layer.globalAlpha = 1;
  }
}

function mix(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

/** The part of a picture that the camera sees, in shares of its width and height. */
function windowOf(
  { from, to, shake, seed }: Camera,
  part: number,
  seconds: number,
  aspect: number,
  frameAspect: number,
): { x: number; y: number; width: number; height: number } {
  const zoom = mix(from.zoom, to.zoom, part);
  const width = Math.min(1, frameAspect / aspect) / zoom;
  const height = Math.min(1, aspect / frameAspect) / zoom;
  // A hand sways in a few slow rhythms at once.
  const sway = (phase: number): number =>
    shake * (Math.sin(seconds * 3.1 + phase + seed) + 0.6 * Math.sin(seconds * 7.3 + 2 * phase + seed));
  const keep = (value: number, size: number): number => Math.min(1 - size, Math.max(0, value));
  return {
    x: keep(mix(from.x, to.x, part) * (1 - width) + sway(0), width),
    y: keep(mix(from.y, to.y, part) * (1 - height) + sway(2), height),
    width,
    height,
  };
}

function noiseTile(seed: number): OffscreenCanvas {
  const context = contextOf(NOISE_TILE, NOISE_TILE);
  const pixels = context.createImageData(NOISE_TILE, NOISE_TILE);
  const random = randomOf(seed);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const level = 255 * random();
    pixels.data[at] = level + 30 * (random() - 0.5);
    pixels.data[at + 1] = level;
    pixels.data[at + 2] = level + 30 * (random() - 0.5);
    pixels.data[at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return context.canvas;
}

/** A place where nothing is. */
function drawEmpty(look: EmptyLook, seed: number): OffscreenCanvas {
  const [width, height] = [400, 300];
  const context = contextOf(width, height);
  const random = randomOf(seed);
  const tone = (low: number, high: number): string => {
    const level = low + (high - low) * random();
    const tint = (): number => Math.round(level + 14 * (random() - 0.5));
    return `rgb(${tint()} ${tint()} ${tint()})`;
  };
  const shade = (top: string, bottom: string, from: number, to: number): void => {
    const gradient = context.createLinearGradient(0, from, random() * 60, to);
    gradient.addColorStop(0, top);
    gradient.addColorStop(1, bottom);
    context.fillStyle = gradient;
    context.fillRect(0, from, width, to - from);
  };
  const stain = (count: number, alpha: number): void => {
    for (let index = 0; index < count; index += 1) {
      context.globalAlpha = alpha * random();
      context.fillStyle = random() < 0.5 ? 'black' : 'white';
      context.beginPath();
      const radius = 5 + 70 * random();
      context.ellipse(
        width * random(),
        height * random(),
        radius,
        radius * (0.3 + random()),
        random() * 3,
        0,
        7,
      );
      context.fill();
    }
    context.globalAlpha = 1;
  };
  switch (look) {
    case 'wall':
      shade(tone(130, 220), tone(90, 190), 0, height);
      stain(60, 0.05);
      break;
    case 'dark':
      shade(tone(6, 22), tone(2, 14), 0, height);
      stain(20, 0.04);
      break;
    case 'fog':
      shade(tone(150, 200), tone(120, 180), 0, height);
      stain(25, 0.03);
      break;
    case 'street': {
      const horizon = 110 + 40 * random();
      shade(tone(150, 210), tone(170, 220), 0, horizon);
      shade(tone(70, 110), tone(60, 100), horizon, height);
      for (const side of [0, 1]) {
        context.fillStyle = tone(90, 160);
        context.beginPath();
        const [edge, vanish] = [side * width, width * (side === 0 ? 0.4 : 0.6)];
        context.moveTo(edge, 0);
        context.lineTo(edge, height * 0.75);
        context.lineTo(vanish, horizon + 4);
        context.lineTo(vanish, horizon - 30);
        context.fill();
      }
      stain(40, 0.05);
    }
  }
  return context.canvas;
}
