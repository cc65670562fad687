'use client';

import { useState } from 'react';
import { isPrivateWindow } from '@/lib/shared/platform';
import { siteStorage } from '../_hooks/site-storage';
import { usePlatform } from '../_hooks/use-platform';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

const TOLD_KEY = 'framesift-private-window-told';

/** Says once, in a private window, that everything goes with it. */
export function PrivateWindowNotice() {
  const platform = usePlatform();
  const [isTold, setTold] = useState(() => siteStorage.read(TOLD_KEY) !== null);
  if (isTold || !platform || !isPrivateWindow(platform)) return null;
  return (
    <Notice
      tone="warn"
      actions={
        <Button
          variant="ghost"
          onClick={() => {
            siteStorage.write(TOLD_KEY, 'yes');
            setTold(true);
          }}
        >
          Dismiss
        </Button>
      }
    >
      This looks like a private window: clips, pictures and embeddings go when it is closed. To keep them,
      choose “Back up” beside the clips, and drop the file on a window that is not private.
    </Notice>
  );
}
