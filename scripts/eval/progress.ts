import cliProgress from 'cli-progress';
import { formatRemaining } from '@/lib/shared/format';
import { RateEstimator } from '@/lib/shared/rate-estimator';

/** Without a terminal there is a line so often, instead of a bar that is drawn over. */
const LINE_INTERVAL_MS = 10_000;

/** A bar on stderr with what is being done and the time left; stdout is the report's. */
export class Progress {
  readonly #bar: cliProgress.SingleBar;
  readonly #rate = new RateEstimator();
  readonly #total: number;
  readonly #unit: string;
  #done = 0;

  constructor(total: number, unit: string) {
    this.#total = total;
    this.#unit = unit;
    this.#bar = new cliProgress.SingleBar(
      {
        stream: process.stderr,
        noTTYOutput: true,
        notTTYSchedule: LINE_INTERVAL_MS,
        hideCursor: true,
        barsize: 24,
        format: (options, { progress }, { note }: { note?: string }) =>
          `${cliProgress.Format.BarFormat(progress, options)}  ${this.#done} of ${this.#total} ${this.#unit}  ${this.#left()}  ${note ?? ''}`,
      },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total, 0, { note: '' });
  }

  /** Says what is being done now. */
  note(note: string): void {
    this.#bar.update(this.#done, { note });
  }

  add(count: number): void {
    this.#done += count;
    this.#rate.add(performance.now(), this.#done);
    this.#bar.update(this.#done);
  }

  stop(): void {
    this.#bar.update(this.#done, { note: '' });
    this.#bar.stop();
  }

  #left(): string {
    const rate = this.#rate.rate(this.#total);
    return rate && this.#done < this.#total ? formatRemaining(rate.remainingMs) : '';
  }
}
