import type { LoadOptions, LoadProgress, ProviderRung, SpeedMeasurement } from '@/lib/ports/encoder';
import { PROVIDER_RUNGS } from '@/lib/shared/provider-rungs';
import type { Remote } from '@/lib/rpc/remote';
import type { SupervisedWorker } from '@/lib/rpc/supervised-worker';
import { Watchdog, withTimeout } from '@/lib/shared/async';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { ENCODER_LIMITS } from './supervised-encoder';
import type { EncoderService } from '@/lib/encoder/encoder-service';

/** One way of running a model, tried. */
export interface ProviderReport {
  rung: ProviderRung;
  /** As a person reads it, e.g. "WASM, 2 threads"; null when it could not be started. */
  label: string | null;
  speed: SpeedMeasurement | null;
  /** From the files at hand to a passed self-test. */
  startMs: number | null;
  /** Why it could not be started or measured: a sentence. */
  problem: string | null;
}

/** Enough for a steady rate on WASM; a device that needs longer for one batch is measured by that one. */
const MEASURE_MS = 2_000;

/** Software WebGPU needs 72 s for a batch of eight on a model of 8 million weights. */
const MEASURE_TIMEOUT_MS = 240_000;

/** Tries every way of running a model, each in a worker of its own that is ended afterwards. */
export async function measureProviders(
  makeWorker: () => SupervisedWorker<EncoderService>,
  options: LoadOptions,
  onReport: (report: ProviderReport) => void,
): Promise<ProviderReport[]> {
  const reports: ProviderReport[] = [];
  for (const rung of PROVIDER_RUNGS) {
    const worker = makeWorker();
    try {
      const report = await measureRung(worker.remote, { ...options, only: rung }, rung);
      reports.push(report);
      onReport(report);
    } finally {
      worker.end(new FramesiftError('worker-lost', 'The measurement is over.'));
    }
  }
  return reports;
}

async function measureRung(
  service: Remote<EncoderService>,
  options: LoadOptions,
  rung: ProviderRung,
): Promise<ProviderReport> {
  const watchdog = new Watchdog(
    ENCODER_LIMITS.startMs,
    () => new FramesiftError('timed-out', 'The model did not start in time.'),
  );
  let label: string | null = null;
  let startedMs = performance.now();
  try {
    const model = await watchdog.race(
      service.load(options, (progress: LoadProgress) => {
        watchdog.feed();
        if (progress.stage === 'start') startedMs = performance.now();
      }),
    );
    watchdog.stop();
    label = model.providerLabel;
    const startMs = performance.now() - startedMs;
    const speed = await withTimeout(service.measure(MEASURE_MS), MEASURE_TIMEOUT_MS, 'The model');
    return { rung, label, speed, startMs, problem: null };
  } catch (error) {
    return { rung, label, speed: null, startMs: null, problem: toFramesiftError(error).message };
  } finally {
    watchdog.stop();
  }
}
