'use client';

import { useEffect, useState } from 'react';
import { isFileGone } from './use-clip-file';

/** Whether the clip's file changed since it was chosen and no copy of it was kept; looked at again with `revision`. */
export function useChangedFile(clipId: string, revision: string): boolean {
  const asked = `${clipId} ${revision}`;
  const [answer, setAnswer] = useState<{ asked: string; isGone: boolean } | null>(null);
  useEffect(() => {
    let current = true;
    void isFileGone(clipId).then((isGone) => {
      if (current) setAnswer({ asked, isGone });
    });
    return () => {
      current = false;
    };
  }, [clipId, asked]);
  return answer?.asked === asked && answer.isGone;
}
