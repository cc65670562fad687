import { ClipService } from '@/lib/encoder/clip-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ClipService());
