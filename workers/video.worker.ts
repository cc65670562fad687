import * as Comlink from 'comlink';
import { VideoService } from '@/lib/ingest/video-service';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();
Comlink.expose(new VideoService());
