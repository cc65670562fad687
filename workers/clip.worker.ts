import { ClipService } from '@/lib/ingest/clip-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ClipService());
