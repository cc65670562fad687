'use client';

import { formatBytes } from '@/lib/shared/format';
import { getFramesift } from './framesift';
import { downloadFile } from './download-file';
import { useExports } from './use-exports';

/** Backs up the whole library into one file of the browser's downloads. */
export function useBackup() {
  const { exporting, run, cancel } = useExports();
  const backUp = () =>
    run('Backup of the library', async (task) => {
      const { exportLibrary } = await import('@/lib/exchange/backup');
      const file = await exportLibrary(getFramesift().services, task);
      downloadFile(file);
      return [
        `Saved ${file.name}, ${formatBytes(file.blob.size)}. Drop it on this page to bring everything back.`,
        ...(file.note === null ? [] : [file.note]),
      ].join(' ');
    });
  return { backup: exporting, backUp, cancel };
}
