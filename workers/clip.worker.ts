import * as Comlink from 'comlink';
import { ClipService } from '@/lib/ingest/clip-service';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();
Comlink.expose(new ClipService());
