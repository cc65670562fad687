import type { Framesift } from '@/lib/core/framesift';
import { isActive } from '@/lib/ingest/ingest-status';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { modelOptions } from './model-choices';

/** So long must nobody have done anything. */
const IDLE_MS = 20_000;

/** A visit on which it fails so often does without it. */
const MAX_FAILURES = 2;

const SIGNS_OF_LIFE = ['pointerdown', 'keydown', 'drop', 'wheel'] as const;

/**
 * Measures once a browser version how many threads read clips fastest here, while nobody does anything; a sign of life ends
 * it, and it is tried again after the next pause. The next start of the model knows it.
 *
 * @returns ends it
 */
export function measureThreadsWhenIdle({
  services,
  model,
  reading,
}: Pick<Framesift<unknown>, 'services' | 'model' | 'reading'>): () => void {
  const processors = navigator.hardwareConcurrency;
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let measuring: AbortController | undefined;
  let failures = 0;
  const wait = () => {
    clearTimeout(timer);
    measuring?.abort();
    if (!over.signal.aborted) timer = setTimeout(() => void measure(), IDLE_MS);
  };
  const isOfUse = () => {
    const shown = model.get();
    if (shown.state !== 'ready' || shown.model.provider.provider !== 'wasm') return false;
    const options = modelOptions();
    return options.modelId === BUNDLED_MODEL_ID && !options.allProcessors && !options.only;
  };
  const measure = async () => {
    const isReading = Array.from(reading.get().values()).some(isActive);
    if (document.hidden || isReading || !isOfUse()) {
      wait();
      return;
    }
    measuring = new AbortController();
    const { signal } = measuring;
    try {
      await services.measureThreads(modelOptions(), processors, signal);
      over.abort();
    } catch {
      // Too busy a machine; where somebody came in between, the next pause is awaited already.
      if (!signal.aborted) failures += 1;
      if (failures >= MAX_FAILURES) over.abort();
      else if (!signal.aborted) wait();
    }
  };
  if (!crossOriginIsolated || processors < 2) return () => undefined;
  const { signal } = over;
  for (const sign of SIGNS_OF_LIFE) addEventListener(sign, wait, { signal, passive: true });
  const unsubscribe = reading.subscribe(wait);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearTimeout(timer);
    measuring?.abort();
  });
  wait();
  return () => over.abort();
}
