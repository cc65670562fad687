'use client';

import { useEffect, useState } from 'react';
import { isFileGone } from './use-clip-file';

/** Whether the clip's file changed since it was chosen and no copy of it was kept; looked at again with `revision`. */
export function useChangedFile(eventId: string, revision: string): boolean {
  const asked = `${eventId} ${revision}`;
  const [answer, setAnswer] = useState<{ asked: string; isGone: boolean } | null>(null);
  useEffect(() => {
    let current = true;
    void isFileGone(eventId).then((isGone) => {
      if (current) setAnswer({ asked, isGone });
    });
    return () => {
      current = false;
    };
  }, [eventId, asked]);
  return answer?.asked === asked && answer.isGone;
}
