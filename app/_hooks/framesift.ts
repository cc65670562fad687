import type { ExecutionProvider } from '@/lib/ports/encoder';
import type { Decoder } from '@/lib/ports/media';
import { IngestQueue } from '@/lib/ingest/ingest-queue';
import { FramesiftServices } from '@/lib/core/services';
import { installRpc } from '@/lib/rpc/remote';
import { workerFactories } from '@/workers/spawn';

/** The page's workers and the queue of clips; made once, on first use, and never on the server. */
export interface Framesift {
  services: FramesiftServices;
  queue: IngestQueue;
}

let framesift: Framesift | undefined;

/** The one Framesift of this page. */
export function getFramesift(): Framesift {
  if (!framesift) {
    installRpc();
    const services = new FramesiftServices(workerFactories);
    framesift = { services, queue: new IngestQueue(services, readSwitches()) };
    releaseWhenFrozen(services);
  }
  return framesift;
}

/**
 * A page that is frozen, or kept for the back button, would sleep with the library open, and no other tab could have
 * it. When it wakes up it joins the others again.
 */
function releaseWhenFrozen(services: FramesiftServices): void {
  const join = () => void services.database.open().catch(() => undefined);
  document.addEventListener('freeze', () => services.releaseLibrary());
  document.addEventListener('resume', join);
  addEventListener('pagehide', ({ persisted }) => {
    if (persisted) services.releaseLibrary();
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) join();
  });
}

// Without a secure page there are no decoders and no storage to work with (see app/page.tsx).
if (typeof window !== 'undefined' && window.isSecureContext) getFramesift().services.prepare();

/**
 * Switches in the page's address, for trying what a machine would not choose by itself:
 * `?provider=wasm` or `?provider=webgpu`, `?decoder=element` for the `<video>` element, and `?embed=every` to run the model
 * for frames, too, that look like the one before.
 */
export function readSwitches(): {
  provider: ExecutionProvider | 'auto';
  decoder: Decoder | 'auto';
  embedsEveryFrame: boolean;
} {
  const parameters = new URLSearchParams(window.location.search);
  const provider = parameters.get('provider');
  return {
    provider: provider === 'wasm' || provider === 'webgpu' ? provider : 'auto',
    decoder: parameters.get('decoder') === 'element' ? 'element' : 'auto',
    embedsEveryFrame: parameters.get('embed') === 'every',
  };
}
