import { SharingStore } from '@/lib/core/sharing-store';
import { browserClock } from '@/lib/core/surroundings';
import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import type { LibraryNotice } from '@/lib/ports/library';
import { SYNC_CHANNEL } from '@/lib/sync/sync-status';
import { getFramesift } from './framesift';
import { siteStorage } from './site-storage';

/** The page's store of shared libraries, which lives as long as the page. */
export function makeSharingStore(): SharingStore {
  const { services } = getFramesift();
  const isSeen = () => document.visibilityState === 'visible';
  const store = new SharingStore({
    sharing: services.sharing,
    sync: services.sync,
    channel: new BroadcastChannel(SYNC_CHANNEL),
    settings: siteStorage,
    clock: browserClock,
    isSeen,
  });
  new BroadcastChannel(LIBRARY_CHANNEL).onmessage = ({ data }: MessageEvent<LibraryNotice>) =>
    store.noticed(data);
  document.addEventListener('visibilitychange', () => {
    if (isSeen()) store.look();
  });
  window.addEventListener('online', () => store.look(true));
  return store;
}
