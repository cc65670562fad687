'use client';

import { useEffect, useState, useSyncExternalStore } from 'react';
import { TaskStore, type TaskState } from '@/lib/core/task-store';

const IDLE: TaskState = { state: 'idle' };

/** Runs one export at a time and tells how far it is. It ends with the component. */
export function useExports() {
  const [store] = useState(() => new TaskStore('This could not be exported.'));
  // An export of a clip that is not shown any more would end in a surprise.
  useEffect(() => store.cancel, [store]);
  const exporting = useSyncExternalStore(store.subscribe, store.get, () => IDLE);
  return { exporting, run: store.run, cancel: store.cancel, dismiss: store.dismiss };
}
