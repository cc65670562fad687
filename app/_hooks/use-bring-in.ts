import { useState } from 'react';
import type { ImportOutcome } from '@/lib/exchange/import';
import type { ExportTask } from '@/lib/exchange/pictures';
import type { RecognisedExport } from '@/lib/exchange/recognise';
import { askToKeepStorage } from '@/lib/shared/browser-storage';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { isolateName } from '@/lib/shared/format';
import { getFramesift } from './framesift';
import type { RestoredSelection } from './saved-selection';

/** A file that comes in: how much of it has, where that is known, and what stops it. */
export interface BringingIn {
  name: string;
  done: number;
  total: number;
  stop: () => void;
}

/** A selection that is shown again; `key` is another for each time that it is. */
export interface ShownAgain {
  key: string;
  selection: RestoredSelection;
}

/**
 * Brings in what Framesift once exported.
 *
 * @param onNews given a sentence on what came in
 */
export function useBringIn(onNews: (sentence: string) => void) {
  const [bringingIn, setBringingIn] = useState<BringingIn | null>(null);
  const [restored, setRestored] = useState<ShownAgain | null>(null);

  const show = async ({ clipIds, selection, sentence }: ImportOutcome): Promise<void> => {
    const { clips, places } = getFramesift();
    if (clipIds.length > 0) askToKeepStorage();
    await clips.refresh();
    onNews(sentence);
    const [clipId] = selection?.clips.map(({ clipId }) => clipId) ?? clipIds;
    if (clipId === undefined) return;
    if (selection) {
      const { restoreSelection } = await import('./saved-selection');
      const again = await restoreSelection(selection);
      places.ask(clipId, again.question);
      places.limit(clipId, again.range);
      setRestored({ key: `${clipId} ${performance.now()}`, selection: again });
    }
    places.select(clipId);
  };

  /** Brings in those of the files that are ours, one after another, and gives the others. */
  const bringIn = async (files: readonly File[]): Promise<File[]> => {
    const { recogniseExport } = await import('@/lib/exchange/recognise');
    const others: File[] = [];
    for (const file of files) {
      const recognised = await recogniseExport(file);
      if (!recognised) {
        others.push(file);
        continue;
      }
      const ending = new AbortController();
      const onProgress = (done: number, total: number) =>
        setBringingIn({ name: file.name, done, total, stop: () => ending.abort() });
      onProgress(0, 0);
      try {
        const outcome = await bringInOne(file, recognised, { signal: ending.signal, onProgress });
        if (outcome) await show(outcome);
        else others.push(file);
      } catch (error) {
        const sentence = `${isolateName(file.name)}: ${toFramesiftError(error).message}`;
        if (isCancelled(error)) onNews(sentence);
        else getFramesift().tell(sentence);
        await getFramesift().clips.refresh();
      } finally {
        setBringingIn(null);
      }
    }
    return others;
  };

  return { bringingIn, restored, bringIn };
}

/** Brings in a file of ours; its clips are listed by the next `refresh`. Null where it turns out not to be one. */
async function bringInOne(
  file: File,
  { kind }: RecognisedExport,
  task: ExportTask,
): Promise<ImportOutcome | null> {
  const { clips, services } = getFramesift();
  const release = clips.holdNew();
  try {
    // A clip whose deletion waits to be undone would be deleted when it is back.
    if (kind === 'library') await clips.finishRemovals();
    const { importFile } = await import('@/lib/exchange/import');
    return await importFile(services, file, task);
  } finally {
    release();
  }
}
