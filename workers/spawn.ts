import type { WorkerFactories } from '@/lib/core/services';

/** The worker files, in the literal form that the bundler looks for. */
export const workerFactories: WorkerFactories = {
  database: () =>
    new Worker(new URL('./db.worker.ts', import.meta.url), { type: 'module', name: 'database' }),
  video: () => new Worker(new URL('./video.worker.ts', import.meta.url), { type: 'module', name: 'video' }),
  encoder: () =>
    new Worker(new URL('./encoder.worker.ts', import.meta.url), { type: 'module', name: 'encoder' }),
  models: () =>
    new Worker(new URL('./models.worker.ts', import.meta.url), { type: 'module', name: 'models' }),
  search: () =>
    new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module', name: 'search' }),
  sync: () => new Worker(new URL('./sync.worker.ts', import.meta.url), { type: 'module', name: 'sync' }),
  thread: (script, name) => new Worker(script, { type: 'module', name }),
};
