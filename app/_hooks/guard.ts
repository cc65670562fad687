import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';

/** Does what a person asked for; what goes wrong with it is shown, in the place of what went wrong before. */
export function guard(action: () => Promise<void>): void {
  const { tell } = getFramesift();
  tell(null);
  action().catch((error: unknown) => tell(toFramesiftError(error).message));
}
