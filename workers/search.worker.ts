import { SearchService } from '@/lib/ask/search-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new SearchService());
