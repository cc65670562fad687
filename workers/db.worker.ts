import { ClipDatabase } from '@/lib/library/clip-database';
import { openClipFiles } from '@/lib/library/frame-files';
import { joinLibrary } from '@/lib/library/join-library';
import { installRpc, serve } from '@/lib/rpc/remote';

installRpc();
serve(new ClipDatabase({ join: joinLibrary, openFiles: openClipFiles }));
