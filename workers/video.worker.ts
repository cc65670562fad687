import { VideoService } from '@/lib/media/video-service';
import { silenceUnknownColours } from '@/lib/media/known-colour-space';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
silenceUnknownColours();
serve(new VideoService());
