import { openFileTree } from '@/lib/files/open-tree';
import { ClipDatabase } from '@/lib/library/clip-database';
import { ClipFiles } from '@/lib/library/clip-files';
import { filesAtWork } from '@/lib/library/current-library';
import { joinLibrary } from '@/lib/library/join-library';
import { browserLibraries } from '@/lib/library/kept-libraries';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(
  new ClipDatabase({
    join: joinLibrary,
    openFiles: async () => new ClipFiles(await filesAtWork(await openFileTree())),
    others: browserLibraries,
  }),
);
