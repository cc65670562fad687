import type { ClipFacts, ClipPreview, FrameJob, Still, StillOptions, TimeSpan } from '@/lib/ports/media';
import { transfer } from '@/lib/rpc/remote';
import { FramesiftError, isCancelled } from '@/lib/shared/errors';
import type { FrameBatch } from '@/lib/shared/frames';
import { cutClip, type CutClip } from './cut-clip';
import { readStills } from './stills';
import { readKeyFrameTimes } from './key-frames';
import { openClip } from './open-clip';
import type { OpenClip } from './opened-clip';
import { readPreview } from './preview';
import { hasChanged } from '@/lib/shared/file-changed';
import { picturesOfClip, preparedBatches, sendFrames } from './prepare-frames';

/** A container that was opened, and how many calls use it. */
interface Opening {
  clip: Promise<OpenClip>;
  uses: number;
  /** Nothing new uses it; it is closed after its last use. */
  isOver: boolean;
}

/**
 * One clip that is open. Its container is opened by the first call and serves all of them, any number at once, each with
 * a decoder of its own. After a call that fails the next one opens the container anew.
 */
export class ClipSession {
  readonly #file: Blob;
  #current: Opening | null = null;
  /** Calls that have not settled. */
  #calls = 0;
  #isClosed = false;
  #onLastCall: () => void = () => undefined;

  constructor(file: Blob) {
    this.#file = file;
  }

  /** What the clip is. Throws FramesiftError `unsupported-video` or `unreadable-video` with a sentence. */
  facts(): Promise<ClipFacts> {
    return this.#use(({ facts }) => Promise.resolve(facts));
  }

  /** One thumbnail: of the first of a few moments that shows more than black, white or a fade. */
  preview(): Promise<ClipPreview> {
    return this.#use(async (clip) => {
      const preview = await readPreview(clip);
      return transfer(preview, [preview.thumbnail.buffer]);
    });
  }

  /**
   * Clip times of its key frames in milliseconds, rising; none where this browser cannot decode it.
   *
   * @throws FramesiftError `cancelled` once the signal is aborted
   */
  keyFrames(signal?: AbortSignal): Promise<Float64Array<ArrayBuffer>> {
    return this.#use(async ({ video, timeline }) => {
      const timesMs = video ? await readKeyFrameTimes(video.packets, timeline, signal) : new Float64Array();
      return transfer(timesMs, [timesMs.buffer]);
    });
  }

  /**
   * Frames as picture files in the order asked for, upright and of the clip's full size unless `maxSide` says
   * otherwise; where one fails, null and the reason.
   *
   * @param timestampsMs in clip time, in any order; of stored frames what `aimAt` makes of them
   * @param onStill told how many are done
   * @throws FramesiftError `cancelled` once the signal is aborted
   */
  readStills(
    timestampsMs: readonly number[],
    options: StillOptions,
    signal?: AbortSignal,
    onStill?: (done: number) => void,
  ): Promise<Still[]> {
    return this.#use((clip) => readStills(clip, timestampsMs, options, signal, onStill));
  }

  /**
   * A new file with only these spans of the clip, see lib/media/cut-clip.ts.
   *
   * @throws FramesiftError `cancelled` once the signal is aborted
   */
  cut(
    spans: readonly TimeSpan[],
    signal?: AbortSignal,
    onProgress?: (share: number) => void,
  ): Promise<CutClip> {
    return this.#use((clip) => cutClip(clip, spans, signal, onProgress));
  }

  /**
   * Decodes and prepares frames and sends them over `port` in batches. Settles when the job is over; its consumer is
   * told of errors, once the frames before them have been sent. A transient one is answered by a new job with the
   * requests that are left.
   */
  prepareFrames(job: FrameJob, port: MessagePort, signal?: AbortSignal): Promise<void> {
    return this.#call(() => sendFrames(port, signal, (ended) => this.#batches(job, ended)));
  }

  /** Closes the container once the calls before this one have settled; later calls are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#calls > 0) await new Promise<void>((resolve) => (this.#onLastCall = resolve));
    if (this.#current) this.#retire(this.#current);
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new FramesiftError('cancelled', 'Cancelled.');
    this.#calls += 1;
    try {
      return await work();
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0) this.#onLastCall();
    }
  }

  #use<T>(work: (clip: OpenClip) => Promise<T>): Promise<T> {
    return this.#call(async () => {
      const opening = await this.#enter();
      try {
        return await work(await opening.clip);
      } catch (error) {
        if (!isCancelled(error)) this.#retire(opening);
        throw error;
      } finally {
        this.#leave(opening);
      }
    });
  }

  async *#batches(job: FrameJob, signal: AbortSignal): AsyncGenerator<FrameBatch, void, undefined> {
    const opening = await this.#enter();
    try {
      yield* preparedBatches(picturesOfClip(await opening.clip, job, signal), job, signal);
    } catch (error) {
      if (!isCancelled(error)) this.#retire(opening);
      throw error;
    } finally {
      this.#leave(opening);
    }
  }

  async #enter(): Promise<Opening> {
    const before = this.#current;
    // What was read of a file before it changed is still at hand, and would be told as what it is now.
    if (before && (await hasChanged(this.#file))) this.#retire(before);
    this.#current ??= { clip: openClip(this.#file), uses: 0, isOver: false };
    this.#current.uses += 1;
    return this.#current;
  }

  #leave(opening: Opening): void {
    opening.uses -= 1;
    closeUnused(opening);
  }

  /** Keeps an opening from further use. */
  #retire(opening: Opening): void {
    if (this.#current === opening) this.#current = null;
    if (opening.isOver) return;
    opening.isOver = true;
    closeUnused(opening);
  }
}

function closeUnused({ clip, uses, isOver }: Opening): void {
  if (isOver && uses === 0) clip.then(({ close }) => close()).catch(() => undefined);
}
