import { problemAnswer, type ProblemAnswer } from '@/lib/protocol/clips';
import { FramesiftError, isA, toFramesiftError } from '@/lib/shared/errors';

/** An answer that is no success. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly problem: ProblemAnswer,
    /** When to try again, where the server says so. */
    readonly retryAfterMs: number | null,
  ) {
    super(problem.detail);
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.problem.status === 429 || this.problem.status >= 500;
  }

  /** Makes a refusal of an answer, also of one that does not come from a library server. */
  static async from(response: Response): Promise<Refusal> {
    const seconds = Number(response.headers.get('Retry-After') ?? NaN);
    const result = problemAnswer.safeParse(await response.json().catch(() => null));
    const problem = result.success
      ? result.data
      : {
          type: 'unknown',
          title: response.statusText,
          status: response.status,
          detail: `The library’s server answered with ${response.status}. Check its address, then try again.`,
        };
    return new Refusal(problem, Number.isFinite(seconds) ? seconds * 1000 : null);
  }
}

/** What a request failed with, as an error that crosses threads. */
export function toRequestError(error: unknown): FramesiftError {
  if (!isA(error, Refusal)) return toFramesiftError(error);
  return new FramesiftError('file-unavailable', error.message, {
    transient: error.isTransient,
    cause: error,
  });
}
