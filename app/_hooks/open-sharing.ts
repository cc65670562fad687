import { SharingStore } from '@/lib/core/sharing-store';
import { browserChannels, browserClock } from '@/lib/core/surroundings';
import { getFramesift } from './framesift';
import { siteStorage } from './site-storage';

/** The page's store of shared libraries, which lives as long as the page. */
export function makeSharingStore(): SharingStore {
  const { services, followLibrary } = getFramesift();
  const isSeen = () => document.visibilityState === 'visible';
  const store = new SharingStore({
    sharing: services.sharing,
    sync: services.sync,
    channels: browserChannels,
    followLibrary,
    settings: siteStorage,
    clock: browserClock,
    isSeen,
  });
  document.addEventListener('visibilitychange', () => {
    if (isSeen()) store.look();
  });
  window.addEventListener('online', () => store.look(true));
  return store;
}
