import { VideoService } from '@/lib/media/video-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new VideoService());
