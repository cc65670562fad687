import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EMPTY_STATE } from '@/lib/protocol/digests';
import type { Sharing } from '@/lib/ports/sharing';
import { installRpc, serve } from '@/lib/rpc/remote';
import { SyncService } from '@/lib/sync/sync-service';
import { eventually } from '../../support/eventually';
import { madeLibrary } from '../../support/shared-library';
import { TabNetwork } from '../../support/tab-network';

installRpc();

const sharing: Partial<Sharing> = {
  libraries: () => Promise.resolve([madeLibrary()]),
  pendingChanges: () => Promise.resolve([]),
  knownClips: () => Promise.resolve([]),
  awayClips: () => Promise.resolve([]),
  moveTo: () => Promise.resolve(),
  setLibrary: () => Promise.resolve(),
};

let tabs: TabNetwork;
/** The tab whose code runs: services of all tabs share one global `navigator` here. */
let tabAtWork: string;
const asked: string[] = [];
const ports: MessagePort[] = [];

beforeEach(() => {
  tabs = new TabNetwork();
  asked.length = 0;
  vi.stubGlobal('navigator', {
    locks: {
      request: async (name: string, ...rest: unknown[]) => {
        const work = rest.at(-1) as (lock: object) => Promise<unknown>;
        // What asks whether there are locks shares its own.
        if (rest.length > 1) return work({});
        await tabs.portsOf(tabAtWork).holdLock(name);
        return work({});
      },
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const port of ports.splice(0)) port.close();
});

async function openTab(name: string): Promise<SyncService> {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serve(sharing, port1);
  const service = new SyncService(() => {
    asked.push(name);
    return Promise.resolve(
      Response.json({ epoch: 'e', changes: [], next: 0, more: false, state: EMPTY_STATE }),
    );
  });
  tabAtWork = name;
  service.connect(port2);
  // The lock is asked for a moment later.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return service;
}

it('syncs in one tab, at the wish of any, and in the next one once that has ended (#23)', async () => {
  await openTab('first');
  await eventually(() => expect(asked).toEqual(['first']));
  const second = await openTab('second');
  const third = await openTab('third');
  second.look(true);
  await eventually(() => expect(asked).toEqual(['first', 'first']));
  tabs.end('first');
  await eventually(() => expect(asked).toEqual(['first', 'first', 'second']));
  tabs.end('third');
  third.look(true);
  await eventually(() => expect(asked.slice(3)).toContain('second'));
  expect(asked).not.toContain('third');
});

it('finds a file in libraries that answer and are not paused (#23)', async () => {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const libraries = ['yard', 'roof', 'away'].map((id) =>
    madeLibrary({ id, name: id, server: `https://${id}.example`, isPaused: id === 'roof' }),
  );
  serve({ ...sharing, libraries: () => Promise.resolve(libraries) } satisfies Partial<Sharing>, port1);
  const urls: string[] = [];
  const service = new SyncService((request) => {
    const { url } = request as Request;
    if (url.includes('/clips?')) urls.push(url);
    if (url.includes('away.example')) return Promise.reject(new TypeError('Failed to fetch'));
    return Promise.resolve(
      Response.json(
        url.includes('/clips?')
          ? {
              clips: [
                { clip: 'c1', frames: 40 },
                { clip: 'c2', frames: 7 },
              ],
            }
          : { epoch: 'e', changes: [], next: 0, more: false, state: EMPTY_STATE },
      ),
    );
  });
  tabAtWork = 'only';
  service.connect(port2);
  expect(await service.findFile('ab12', 'model@1')).toEqual([
    { libraryId: 'yard', name: 'yard', clip: 'c1', frames: 40 },
  ]);
  expect(urls.sort()).toEqual([
    'https://away.example/library/v1/w/away/clips?fingerprint=ab12&model=model%401',
    'https://yard.example/library/v1/w/yard/clips?fingerprint=ab12&model=model%401',
  ]);
});
