import type { ModelDownloadProgress } from '@/lib/ports/models';
import cliProgress from 'cli-progress';
import { formatBytes, formatRemaining } from '@/lib/shared/format';

/** Without a terminal there is a line so often, instead of a bar that is drawn over. */
const LINE_INTERVAL_MS = 5_000;

/** A bar with bytes, rate, time left and the file at hand. */
export function showProgressBar(): { update: (progress: ModelDownloadProgress) => void; stop: () => void } {
  const bar = new cliProgress.SingleBar(
    {
      noTTYOutput: true,
      notTTYSchedule: LINE_INTERVAL_MS,
      hideCursor: true,
      barsize: 24,
      format: (options, { progress, value, total }, { path, rate }: { path?: string; rate?: string }) =>
        [
          cliProgress.Format.BarFormat(progress, options),
          `${formatBytes(value)} of ${formatBytes(total)}`,
          rate,
          path,
        ].join('  '),
    },
    cliProgress.Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update: ({ loadedBytes, totalBytes, rate, path }) => {
      const speed = rate ? `${formatBytes(rate.perSecond)}/s, ${formatRemaining(rate.remainingMs)}` : '';
      if (!isStarted) bar.start(totalBytes ?? loadedBytes, loadedBytes, { path, rate: speed });
      isStarted = true;
      bar.update(loadedBytes, { path, rate: speed });
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}
