import * as Comlink from 'comlink';
import { ModelService } from '@/lib/ingest/model-service';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();
Comlink.expose(new ModelService());
