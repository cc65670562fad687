import { beforeEach, describe, expect, it } from 'vitest';
import { LOOK_EVERY_MS, SHARES_KEY, SharingStore, type SharingState } from '@/lib/core/sharing-store';
import type { Settings } from '@/lib/core/surroundings';
import type { LibraryNotice } from '@/lib/ports/library';
import type { SharedLibrary } from '@/lib/ports/sharing';
import { SYNC_CHANNEL, type SyncMessage } from '@/lib/sync/sync-status';
import { clipNamed, FakeClock, memorySettings, settle } from '../../support/core-fakes';
import { madeLibrary } from '../../support/shared-library';
import { TabNetwork } from '../../support/tab-network';

const YARD = madeLibrary({ server: 'https://library.example', token: 'fsl_', epoch: null });

let libraries: SharedLibrary[];
let looks: boolean[];
let calls: string[];
let isSeen: boolean;
let isBroken: boolean;
let clock: FakeClock;
let settings: Settings;
let network: TabNetwork;
let notice: (notice: LibraryNotice) => void;
let store: SharingStore;

const open = async () => {
  const note =
    (name: string) =>
    (...values: unknown[]) => {
      calls.push([name, ...values.map((value) => JSON.stringify(value))].join(' '));
      return Promise.resolve();
    };
  store = new SharingStore({
    sharing: {
      libraries: () =>
        isBroken ? Promise.reject(new Error('The library is away.')) : Promise.resolve(libraries),
      listShares: () => Promise.resolve([]),
      listNotices: () => Promise.resolve([]),
      shareClips: note('share'),
      stopSharing: note('stopSharing'),
      setLibrary: note('set'),
      letRowsGo: (id) => {
        calls.push(`letGo ${id}`);
        return Promise.resolve(0);
      },
      dropNotice: note('drop'),
    },
    sync: {
      look: (isForced) => {
        looks.push(isForced);
        return Promise.resolve();
      },
      stop: note('stop'),
      ask: note('ask'),
      join: () => {
        libraries = [YARD];
        return Promise.resolve('Yard');
      },
      leave: () => {
        libraries = [];
        return Promise.resolve();
      },
      findServer: (address) => Promise.resolve(address),
    },
    channels: network.channelsOf('this'),
    followLibrary: (listener) => (notice = listener),
    settings,
    clock,
    isSeen: () => isSeen,
  });
  await settle();
};

const hear = async (message: SyncMessage) => {
  network.channelsOf('other').open<SyncMessage>(SYNC_CHANNEL).postMessage(message);
  await settle();
};
const ready = () => store.get() as Extract<SharingState, { state: 'ready' }>;

beforeEach(() => {
  libraries = [YARD];
  looks = [];
  calls = [];
  isSeen = true;
  isBroken = false;
  clock = new FakeClock();
  settings = memorySettings();
  network = new TabNetwork();
});

describe('the shared libraries', () => {
  it('are remembered by a setting, so that a page without any looks for nothing', async () => {
    await open();
    expect(settings.read(SHARES_KEY)).toBe('yes');
    await store.leave('yard');
    expect(settings.read(SHARES_KEY)).toBeNull();
    await clock.pass(LOOK_EVERY_MS);
    expect(looks).toEqual([]);
    expect(await store.join('fsi_', 'A device', 'undecided')).toBe('Yard');
    expect(settings.read(SHARES_KEY)).toBe('yes');
  });

  it('are looked into every ten seconds while the page is seen', async () => {
    await open();
    await clock.pass(LOOK_EVERY_MS);
    isSeen = false;
    await clock.pass(LOOK_EVERY_MS);
    isSeen = true;
    await clock.pass(LOOK_EVERY_MS);
    expect(looks).toEqual([false, false]);
  });

  it('hear of a changed clip once it is still, and of none that is being read', async () => {
    await open();
    notice({ type: 'changed', clipId: 'a', clip: { ...clipNamed('a'), ingestState: 'running' } });
    await clock.pass(1_000);
    expect(looks).toEqual([]);
    for (let i = 0; i < 3; i += 1) {
      notice({ type: 'changed', clipId: 'a', clip: null });
      await clock.pass(500);
    }
    expect(looks).toEqual([]);
    await clock.pass(500);
    expect(looks).toEqual([false]);
  });

  it('show how things are, as the tab that syncs tells', async () => {
    await open();
    expect(calls).toContain('ask');
    await hear({ type: 'statuses', statuses: { yard: { state: 'done', at: 1 } } });
    expect(ready().statuses).toEqual({ yard: { state: 'done', at: 1 } });
    libraries = [YARD, { ...YARD, id: 'farm' }];
    await clock.pass(150);
    expect(ready().libraries).toHaveLength(2);
    expect(ready().statuses).toEqual({ yard: { state: 'done', at: 1 } });
  });

  it('stop and go on when a person says so', async () => {
    await open();
    await store.pause('yard');
    expect(calls.slice(-2)).toEqual(['set "yard" {"isPaused":true}', 'stop "yard"']);
    await store.syncNow('yard');
    expect(calls.at(-1)).toBe('set "yard" {"isPaused":false}');
    expect(looks).toEqual([true]);
  });

  it('say what is wrong where they cannot be read, and can be read again', async () => {
    isBroken = true;
    await open();
    expect(store.get()).toMatchObject({ state: 'failed' });
    isBroken = false;
    await store.refresh();
    expect(ready().libraries).toEqual([YARD]);
  });
});
