import type { BrowserContext, Page, Worker } from '@playwright/test';
import { memoryNow, type BrowserMemory } from '../host/memory';
import type {} from '../host/served-page';

/** What must not grow however long the page is used. */
export interface UseCounts {
  /** The page's garbage collected; null where the system does not tell. */
  memory: BrowserMemory | null;
  /** JavaScript, WebAssembly and documents of the page and its workers, as the browser tells it; null where it does not. */
  scriptBytes: number | null;
  /** What the page and its workers hold open. */
  open: OpenThings;
  workers: number;
  elements: number;
  /** Private files besides the database's own. */
  files: number;
  /** Rows of all tables that a clip has rows in. */
  rows: number;
}

/** Things with an end of their own, made and not ended, of the page and all of its workers. */
export interface OpenThings {
  objectUrls: number;
  /** Video frames, decoded or made. */
  frames: number;
  decoders: number;
  bitmaps: number;
  /** Ports of channels that the page or a worker has made and kept: among others one for each clip that is open. */
  ports: number;
  /** Synchronous access handles to private files. */
  handles: number;
}

/** Has pages of this context, and their workers, count what they open from now on. */
export async function countOpenThings(context: BrowserContext): Promise<void> {
  // tsx names functions by a helper of its own, which a function that runs in a page lacks.
  const script = `globalThis.__name = (named) => named; (${watchOpenThings.toString()})();`;
  await context.addInitScript(script);
  context.on('page', (page) => {
    // A worker may have ended before it could be asked.
    page.on('worker', (worker) => void worker.evaluate(script).catch(() => undefined));
  });
}

/** Runs in a page or a worker: puts counting versions in place of what opens something. Holds what is not closed. */
function watchOpenThings(): void {
  const scope = globalThis;
  const kept = {
    objectUrls: new Set<string>(),
    frames: new Set<VideoFrame>(),
    decoders: new Set<VideoDecoder>(),
    bitmaps: new Set<ImageBitmap>(),
    ports: new Set<MessagePort>(),
    handles: new Set<object>(),
  };
  const keep = <T, Kept extends T>(room: Set<T>, thing: Kept): Kept => {
    room.add(thing);
    return thing;
  };

  const create = URL.createObjectURL.bind(URL);
  const revoke = URL.revokeObjectURL.bind(URL);
  URL.createObjectURL = (object) => keep(kept.objectUrls, create(object));
  URL.revokeObjectURL = (url) => {
    kept.objectUrls.delete(url);
    revoke(url);
  };

  const { value: clone } = Object.getOwnPropertyDescriptor(VideoFrame.prototype, 'clone') as {
    value: (this: VideoFrame) => VideoFrame;
  };
  VideoFrame.prototype.clone = function (this: VideoFrame) {
    return keep(kept.frames, clone.call(this));
  };
  scope.VideoFrame = new Proxy(VideoFrame, {
    construct: (target, values, made) =>
      keep(kept.frames, Reflect.construct(target, values, made) as VideoFrame),
  });
  scope.VideoDecoder = new Proxy(VideoDecoder, {
    construct: (target, [init]: [VideoDecoderInit], made) => {
      const output = (frame: VideoFrame) => init.output(keep(kept.frames, frame));
      return keep(kept.decoders, Reflect.construct(target, [{ ...init, output }], made) as VideoDecoder);
    },
  });

  const decode = scope.createImageBitmap.bind(scope) as (...values: unknown[]) => Promise<ImageBitmap>;
  scope.createImageBitmap = async (...values: unknown[]) => keep(kept.bitmaps, await decode(...values));

  scope.MessageChannel = new Proxy(MessageChannel, {
    construct: (target, values, made) => {
      const channel = Reflect.construct(target, values, made) as MessageChannel;
      for (const port of [channel.port1, channel.port2]) {
        const close = port.close.bind(keep(kept.ports, port));
        port.close = () => {
          kept.ports.delete(port);
          close();
        };
        port.addEventListener('close', () => kept.ports.delete(port));
      }
      return channel;
    },
  });
  interface Sender {
    postMessage: (message: unknown, ...rest: unknown[]) => void;
  }
  const senders: unknown[] = [scope, MessagePort.prototype];
  if ('Worker' in scope) senders.push(Worker.prototype);
  for (const sender of senders as Sender[]) {
    const { postMessage } = sender;
    // What is sent to another context is open there, and no longer here.
    sender.postMessage = function (message, ...rest) {
      for (const option of rest) {
        const sent = Array.isArray(option) ? option : (option as StructuredSerializeOptions | null)?.transfer;
        for (const object of sent ?? []) kept.ports.delete(object as MessagePort);
      }
      postMessage.call(this, message, ...rest);
    };
  }

  interface Access {
    createSyncAccessHandle?: (options?: object) => Promise<{ close: () => void }>;
  }
  const files = FileSystemFileHandle.prototype as unknown as Access;
  const access = files.createSyncAccessHandle;
  if (access) {
    files.createSyncAccessHandle = async function (options) {
      const handle = keep(kept.handles, await access.call(this, options));
      const close = handle.close.bind(handle);
      handle.close = () => {
        kept.handles.delete(handle);
        close();
      };
      return handle;
    };
  }

  Object.assign(scope, {
    // What was closed, or has gone to another context, has no size any more.
    countOpenThings: (): OpenThings => {
      for (const frame of kept.frames) if (frame.codedWidth === 0) kept.frames.delete(frame);
      for (const decoder of kept.decoders) if (decoder.state === 'closed') kept.decoders.delete(decoder);
      for (const bitmap of kept.bitmaps) if (bitmap.width === 0) kept.bitmaps.delete(bitmap);
      return {
        objectUrls: kept.objectUrls.size,
        frames: kept.frames.size,
        decoders: kept.decoders.size,
        bitmaps: kept.bitmaps.size,
        ports: kept.ports.size,
        handles: kept.handles.size,
      };
    },
  });
}

async function countOpen(page: Page): Promise<OpenThings> {
  const count = 'globalThis.countOpenThings?.()';
  const ask = (context: Pick<Worker, 'evaluate'>) =>
    context.evaluate<OpenThings | undefined>(count).catch(() => undefined);
  const counted = await Promise.all([page.mainFrame(), ...page.workers()].map(ask));
  const sum = { objectUrls: 0, frames: 0, decoders: 0, bitmaps: 0, ports: 0, handles: 0 };
  for (const things of counted) {
    if (!things) continue;
    for (const name of Object.keys(sum) as (keyof OpenThings)[]) sum[name] += things[name];
  }
  return sum;
}

/** What Playwright has inside and gives no name to. */
interface PlaywrightPage {
  _connection: {
    toImpl: (page: Page) => {
      delegate: {
        _networkManager: { _sessions: Map<{ send: (method: string) => Promise<unknown> }, unknown> };
      };
    };
  };
}

/**
 * [Note: What a driver keeps] Playwright listens to the network of every page and worker, for which Chromium keeps what
 * each answer brought, pictures from object URLs among them: half a megabyte a round, up to 100 MB, which no visitor's
 * page takes. This ends the listening and lets go of what was kept; workers that begin later are listened to again.
 */
export async function forgetAnswers(page: Page): Promise<void> {
  const { delegate } = (page as unknown as PlaywrightPage)._connection.toImpl(page);
  for (const session of delegate._networkManager._sessions.keys()) {
    // A worker may have ended.
    await session.send('Network.disable').catch(() => undefined);
  }
}

/** Longer than the browser takes to collect garbage for the question. */
const SCRIPT_MEMORY_TIMEOUT_MS = 60_000;

async function scriptMemory(page: Page): Promise<number | null> {
  return page.evaluate(async (timeoutMs) => {
    interface Measuring {
      measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }>;
    }
    const measured = (performance as Measuring).measureUserAgentSpecificMemory?.().then(({ bytes }) => bytes);
    const tooLate = new Promise<null>((resolve) => setTimeout(resolve, timeoutMs, null));
    return Promise.race([measured ?? null, tooLate]);
  }, SCRIPT_MEMORY_TIMEOUT_MS);
}

/** Tells the browser that the system's memory is short, so that it gives back what it keeps only to be quicker. */
export async function haveCachesGivenBack(page: Page): Promise<void> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  await session.send('Memory.simulatePressureNotification', { level: 'critical' });
  await session.detach();
  // Processes are told one after another.
  await page.waitForTimeout(5_000);
}

/** Counts now. The page's context must have been given to `countOpenThings` before the page was opened. */
export async function countUse(page: Page): Promise<UseCounts> {
  const workers = page.workers().length;
  await forgetAnswers(page);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const counts = await page.evaluate(async () => {
    let files = 0;
    const walk = async (directory: FileSystemDirectoryHandle): Promise<void> => {
      for await (const handle of directory.values()) {
        if (handle.kind === 'directory') await walk(handle);
        else files += 1;
      }
    };
    const root = await navigator.storage.getDirectory();
    for (const room of ['frames', 'clips', 'vectors']) {
      const directory = await root.getDirectoryHandle(room).catch(() => null);
      if (directory) await walk(directory);
    }
    const [row] = await window.framesift.query(
      `select (select count(*) from events) + (select count(*) from event_frames)
         + (select count(*) from frame_embeddings) + (select count(*) from embedding_sets) as rows`,
    );
    return {
      elements: document.querySelectorAll('*').length,
      files,
      rows: Number(row!.rows),
    };
  });
  const browser = page.context().browser();
  return {
    ...counts,
    open: await countOpen(page),
    workers,
    scriptBytes: await scriptMemory(page),
    memory: browser && (await memoryNow(browser)),
  };
}
