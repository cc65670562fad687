import * as Comlink from 'comlink';
import { ClipDatabase } from '@/lib/db/clip-database';
import { connectBrowser } from '@/lib/db/client';
import { openClipFiles } from '@/lib/db/frame-files';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();

Comlink.expose(
  new ClipDatabase({
    connect: () =>
      connectBrowser(() => new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' })),
    openFiles: openClipFiles,
  }),
);
