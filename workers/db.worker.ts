import * as Comlink from 'comlink';
import { ClipDatabase } from '@/lib/db/clip-database';
import { openClipFiles } from '@/lib/db/frame-files';
import { joinLibrary } from '@/lib/db/join-library';
import { installErrorTransfer } from '@/lib/shared/comlink-errors';

installErrorTransfer();
Comlink.expose(new ClipDatabase({ join: joinLibrary, openFiles: openClipFiles }));
