import { ModelService } from '@/lib/ingest/model-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ModelService());
