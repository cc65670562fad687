import { VideoService } from '@/lib/ingest/video-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new VideoService());
