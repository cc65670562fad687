import { installRpc, serve } from '@/lib/rpc/remote';
import { SyncService } from '@/lib/sync/sync-service';

installRpc();
// eslint-disable-next-line no-restricted-properties -- not for files: lib/sync/send.ts gives it its limits
serve(new SyncService((...request) => self.fetch(...request)));
