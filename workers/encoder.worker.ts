import { EncoderService } from '@/lib/encoder/encoder-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new EncoderService());
