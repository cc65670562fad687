import { openPrivateFiles } from '@/lib/files/open-tree';
import { filesAtWork } from '@/lib/library/current-library';
import { installRpc, serve } from '@/lib/rpc/remote';
import { SearchService } from '@/lib/search/search-service';

installRpc();
serve(
  new SearchService({ openFiles: () => openPrivateFiles().then((files) => files && filesAtWork(files)) }),
);
