import { SearchService } from '@/lib/search/search-service';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new SearchService());
