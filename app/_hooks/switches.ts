import type { ExecutionProvider } from '@/lib/ports/encoder';
import type { Decoder } from '@/lib/ports/media';

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
