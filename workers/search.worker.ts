import * as Comlink from 'comlink';
import { SearchService } from '@/lib/ask/search-service';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();
Comlink.expose(new SearchService());
