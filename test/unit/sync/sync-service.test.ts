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
