'use client';

import { useSyncExternalStore } from 'react';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import { getFramesift } from './framesift';

const NOTHING: ReadonlyMap<string, IngestStatus> = new Map();

/** The progress of every clip that this tab reads or has read. */
export function useIngestStatuses(): ReadonlyMap<string, IngestStatus> {
  return useSyncExternalStore(
    (listener) => getFramesift().queue.subscribe(listener),
    () => getFramesift().queue.statuses(),
    () => NOTHING,
  );
}
