/** `npm run models`: fetches models for a deployment that serves them itself. See the README. */
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { MODEL_CATALOG } from '@/lib/models/catalog';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { modelsProgram } from './program';
import { showProgressBar } from './progress-bar';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

try {
  await modelsProgram({
    catalog: MODEL_CATALOG,
    folder: join(import.meta.dirname, '../../public/models'),
    print: (line) => console.log(line),
    showProgress: showProgressBar,
    signal: stop.signal,
  }).parseAsync();
} catch (error) {
  // Commander has said already what is wrong, or has shown its help.
  if (error instanceof CommanderError) process.exit(error.exitCode);
  const problem = toFramesiftError(error);
  console.error(
    isCancelled(problem) ? 'Stopped. Run the same again to go on with what has arrived.' : problem.message,
  );
  process.exitCode = 1;
}
