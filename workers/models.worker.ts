import { ModelService } from '@/lib/models/model-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ModelService());
