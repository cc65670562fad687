import { ClipDatabase } from '@/lib/db/clip-database';
import { openClipFiles } from '@/lib/db/frame-files';
import { joinLibrary } from '@/lib/db/join-library';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ClipDatabase({ join: joinLibrary, openFiles: openClipFiles }));
