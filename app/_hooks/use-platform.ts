'use client';

import { useEffect, useState } from 'react';
import { lookAtPlatform, type Platform } from '@/lib/shared/platform';

let looking: Promise<Platform> | undefined;

/** What of the browser this page stands on; null until it has been looked at. */
export function usePlatform(): Platform | null {
  const [platform, setPlatform] = useState<Platform | null>(null);
  useEffect(() => {
    looking ??= lookAtPlatform();
    looking.then(setPlatform).catch(() => (looking = undefined));
  }, []);
  return platform;
}
