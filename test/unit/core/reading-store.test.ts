import { describe, expect, it } from 'vitest';
import { ReadingStore } from '@/lib/core/reading-store';
import { WAITING, type IngestStatus } from '@/lib/ingest/ingest-status';
import { FramesiftError } from '@/lib/shared/errors';
import { settle } from '../../support/core-fakes';

function openStore({ fails = false } = {}) {
  const statuses = new Map<string, IngestStatus>();
  const listeners = new Set<() => void>();
  const log: string[] = [];
  const store = new ReadingStore({
    queue: {
      statuses: () => statuses,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      add: ({ clipId }) => log.push(`added ${clipId}`),
      cancel: (clipId) => log.push(`stopped ${clipId}`),
      remove: () => Promise.resolve(),
    },
    deleteClip: (clipId) => {
      if (fails) return Promise.reject(new FramesiftError('internal', 'The disk is full.'));
      log.push(`deleted ${clipId}`);
      return Promise.resolve();
    },
    onStage: () => log.push('stage'),
    onProblem: (sentence) => log.push(sentence),
  });
  const reach = async (clipId: string, change: Partial<IngestStatus>) => {
    statuses.set(clipId, { ...(statuses.get(clipId) ?? WAITING), ...change });
    listeners.forEach((listener) => listener());
    await settle();
  };
  return { store, log, reach };
}

describe('ReadingStore', () => {
  it('tells of stages, not of every stored batch', async () => {
    const { log, reach } = openStore();
    await reach('a', { stage: 'reading' });
    await reach('a', { framesStored: 8 });
    await reach('a', { framesStored: 16 });
    await reach('a', { stage: 'done' });
    expect(log).toEqual(['stage', 'stage']);
  });

  it('deletes a clip once another has been read whole in its place, and once only', async () => {
    const { store, log, reach } = openStore();
    store.replaceWhenRead('old', 'new');
    await reach('new', { stage: 'reading' });
    expect(log).not.toContain('deleted old');
    await reach('new', { stage: 'done' });
    await reach('new', { framesStored: 9 });
    expect(log.filter((entry) => entry === 'deleted old')).toHaveLength(1);
  });

  it.each(['failed', 'cancelled'] as const)('keeps a clip whose successor %s', async (stage) => {
    const { store, log, reach } = openStore();
    store.replaceWhenRead('old', 'new');
    await reach('new', { stage });
    expect(log).toEqual(['stage']);
  });

  it('says when the old clip could not be deleted', async () => {
    const { store, log, reach } = openStore({ fails: true });
    store.replaceWhenRead('old', 'new');
    await reach('new', { stage: 'done' });
    expect(log.at(-1)).toBe('The old clip could not be deleted. The disk is full.');
  });
});
