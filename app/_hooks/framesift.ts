import { createFramesift, type Framesift } from '@/lib/core/framesift';
import { browserChannels, browserLocks } from '@/lib/core/surroundings';
import { askToKeepStorage } from '@/lib/shared/browser-storage';
import { toFramesiftError } from '@/lib/shared/errors';
import { workerFactories } from '@/workers/spawn';
import { forgetFile } from './clip-files';
import { fetchServedModel, modelChoices } from './model-choices';
import { readMirror, saveMirror, sourceSettings } from './model-settings';
import type { ProviderPreference } from './provider-preference';
import { siteStorage } from './site-storage';
import { openingPlace } from './use-page-place';
import { readSwitches } from './switches';

let framesift: Framesift<ProviderPreference> | undefined;

/** The one Framesift of this page; made on first use, and never on the server. */
export function getFramesift(): Framesift<ProviderPreference> {
  if (!framesift) {
    framesift = createFramesift({
      spawn: workerFactories,
      locks: browserLocks,
      channels: browserChannels,
      settings: siteStorage,
      choices: modelChoices,
      fetchServed: fetchServedModel,
      sources: { settings: sourceSettings, readMirror, saveMirror },
      onStoring: askToKeepStorage,
      // Of no use before a file is opened.
      inspectFile: async (services, file) => (await import('./inspect-file')).inspectFile(services, file),
      onRemoved: forgetFile,
      openingPlace: openingPlace(),
      embedsEveryFrame: readSwitches().embedsEveryFrame,
    });
    releaseWhenFrozen(framesift);
    tellWhenDeleted(framesift);
  }
  return framesift;
}

/**
 * A page that is frozen, or kept for the back button, would sleep with the library open, and no other tab could have
 * it. When it wakes up it joins the others again.
 */
function releaseWhenFrozen({ services }: Pick<Framesift<ProviderPreference>, 'services'>): void {
  const join = () => void services.database.open().catch(() => undefined);
  document.addEventListener('freeze', () => services.releaseLibrary());
  document.addEventListener('resume', join);
  addEventListener('pagehide', ({ persisted }) => {
    if (persisted) services.releaseLibrary();
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) join();
  });
}

const LOOK_EVERY_MS = 60_000;

/** A page that only reads would go on with what is in memory, and lose it: a browser may delete files behind an open page. */
function tellWhenDeleted({ services, clips, tell }: Framesift<ProviderPreference>): void {
  const look = async () => {
    if (document.hidden || clips.get().library.state !== 'ready') return;
    try {
      await services.database.assertKept();
    } catch (error) {
      // What else keeps the library from answering is told elsewhere.
      const { code, message } = toFramesiftError(error);
      if (code === 'storage-unavailable') tell(message);
    }
  };
  document.addEventListener('visibilitychange', () => void look());
  setInterval(() => void look(), LOOK_EVERY_MS);
}

// Without a secure page there are no decoders and no storage to work with (see app/page.tsx).
if (typeof window !== 'undefined' && window.isSecureContext) getFramesift().services.prepare();
