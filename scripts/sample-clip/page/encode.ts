import { BufferTarget, CanvasSource, Output, Quality, WebMOutputFormat } from 'mediabunny';
import { FRAME_RATE, HEIGHT, WIDTH } from '../clip';

/** Two to a scene: jumping to any moment decodes at most three seconds. */
const KEY_FRAME_SECONDS = 3;

/** Takes pictures one by one and makes a WebM file of them. */
export class ClipWriter {
  readonly #canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  readonly #target = new BufferTarget();
  readonly #output = new Output({ format: new WebMOutputFormat(), target: this.#target });
  readonly #source: CanvasSource;
  #frames = 0;

  private constructor(bitrate: number) {
    // VP9 in WebM plays, and decodes through WebCodecs, in every current browser.
    this.#source = new CanvasSource(this.#canvas, {
      codec: 'vp9',
      quality: new Quality({ bitrate, bitrateMode: 'variable' }),
      keyFrameInterval: KEY_FRAME_SECONDS,
      latencyMode: 'quality',
    });
    this.#output.addVideoTrack(this.#source, { frameRate: FRAME_RATE });
  }

  static async start(bitrate: number): Promise<ClipWriter> {
    const writer = new ClipWriter(bitrate);
    await writer.#output.start();
    return writer;
  }

  async add(png: Uint8Array<ArrayBuffer>, isCut: boolean): Promise<void> {
    const picture = await createImageBitmap(new Blob([png], { type: 'image/png' }));
    try {
      const context = this.#canvas.getContext('2d');
      if (!context) throw new Error('This browser has no 2D canvas.');
      context.drawImage(picture, 0, 0);
    } finally {
      picture.close();
    }
    await this.#source.add(this.#frames / FRAME_RATE, 1 / FRAME_RATE, isCut ? { keyFrame: true } : {});
    this.#frames += 1;
  }

  async finish(): Promise<Uint8Array> {
    await this.#output.finalize();
    if (!this.#target.buffer) throw new Error('The encoder wrote nothing.');
    return new Uint8Array(this.#target.buffer);
  }
}
