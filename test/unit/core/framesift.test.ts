import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFramesift, type Framesift } from '@/lib/core/framesift';
import { ingestClip } from '@/lib/ingest/ingest-clip';
import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import type { LibraryNotice } from '@/lib/ports/library';
import { installRpc, serve } from '@/lib/rpc/remote';
import { ChannelWorker } from '../../support/channel-worker';
import { clipNamed, deferred, FakeClock, memorySettings, settle } from '../../support/core-fakes';
import { eventually } from '../../support/eventually';
import { TabNetwork } from '../../support/tab-network';

/*
 * Two tabs, each with a core of its own, over the locks, channels, settings and time that tests have; workers are behind
 * message channels.
 */

vi.mock('@/lib/ingest/ingest-clip', () => ({ ingestClip: vi.fn() }));

let network: TabNetwork;
let tabs: Framesift<null>[];
/** Settles the clip that is being read. */
let reading: ReturnType<typeof deferred<[]>>;

beforeAll(installRpc);
beforeEach(() => {
  network = new TabNetwork();
  tabs = [];
  reading = deferred();
  vi.mocked(ingestClip).mockReset();
  vi.mocked(ingestClip).mockImplementation(() => reading.promise);
});
afterEach(() => {
  for (const tab of tabs) tab.close();
});

const unused = () => {
  throw new Error('Nobody asked for this worker.');
};

const worker = (object: object) => () => new ChannelWorker((port) => serve(object, port)).asWorker();

function openTab(name: string): Framesift<null> {
  const settings = memorySettings();
  settings.write('framesift-library-not-empty', 'yes');
  const library = {
    open: () => ({ kept: [] }),
    listClips: () => [clipNamed('a', 1)],
    connect: () => undefined,
    watch: () => undefined,
  };
  const tab = createFramesift<null>({
    spawn: {
      database: worker(library),
      search: worker({ connect: () => undefined }),
      video: worker({ pulse: () => undefined }),
      encoder: unused,
      models: unused,
      sync: unused,
      thread: unused,
    },
    locks: network.locksOf(name),
    channels: network.channelsOf(name),
    settings,
    clock: new FakeClock(),
    choices: {
      optionsFor: () => ({ modelId: 'a-model' }),
      saveModel: () => undefined,
      readPreference: () => null,
      savePreference: () => undefined,
    },
    // The model is never started here.
    fetchServed: () => new Promise(() => undefined),
    sources: {
      settings: () => ({ mirrorBaseUrl: null, hosted: [] }),
      readMirror: () => null,
      saveMirror: () => undefined,
    },
    onStoring: () => undefined,
    inspectFile: unused,
    onRemoved: () => undefined,
    openingPlace: { clipId: null, question: null, range: null },
  });
  tabs.push(tab);
  return tab;
}

const read = (tab: Framesift<null>, clipId: string) =>
  tab.reading.add({
    clipId,
    file: new Blob(),
    requests: [{ frameIndex: 0, timestampMs: 0 }],
    decoder: 'webcodecs',
    model: { modelId: 'a-model' },
  });
const stageOf = (tab: Framesift<null>, clipId: string) => tab.reading.get().get(clipId)?.stage;
const clipsOf = (tab: Framesift<null>) => {
  const { library } = tab.clips.get();
  return library.state === 'ready' ? library.clips.map(({ id }) => id) : library.state;
};

describe('a clip', () => {
  it('is read in one tab at a time', async () => {
    const [first, second] = [openTab('first'), openTab('second')];
    read(first, 'a');
    await eventually(() => expect(ingestClip).toHaveBeenCalledTimes(1));
    read(second, 'a');
    await eventually(() => expect(stageOf(second, 'a')).toBe('failed'));
    expect(second.reading.get().get('a')?.error).toBe('This clip is being read in another tab of this site.');
    expect(ingestClip).toHaveBeenCalledTimes(1);
    read(second, 'b');
    await eventually(() => expect(ingestClip).toHaveBeenCalledTimes(2));
  });

  it.each([
    ['has read it', () => reading.resolve([])],
    ['is closed', () => network.end('first')],
  ])('can be read in another tab once the first %s', async (_, end) => {
    const [first, second] = [openTab('first'), openTab('second')];
    read(first, 'a');
    await eventually(() => expect(ingestClip).toHaveBeenCalledTimes(1));
    read(second, 'a');
    await eventually(() => expect(stageOf(second, 'a')).toBe('failed'));
    end();
    await eventually(() => expect(stageOf(second, 'a')).toBeUndefined());
    read(second, 'a');
    await eventually(() => expect(ingestClip).toHaveBeenCalledTimes(2));
    reading.resolve([]);
    await eventually(() => expect(stageOf(second, 'a')).toBe('done'));
  });
});

describe('what the owner of the library tells', () => {
  const post = async (notice: LibraryNotice) => {
    network.channelsOf('owner').open(LIBRARY_CHANNEL).postMessage(notice);
    await settle();
  };

  it('is shown in every tab, until that is closed', async () => {
    const [first, second] = [openTab('first'), openTab('second')];
    first.start();
    second.start();
    await eventually(() => expect([clipsOf(first), clipsOf(second)]).toEqual([['a'], ['a']]));
    await post({ type: 'changed', clipId: 'b', clip: clipNamed('b', 2) });
    expect([clipsOf(first), clipsOf(second)]).toEqual([
      ['b', 'a'],
      ['b', 'a'],
    ]);
    second.close();
    await post({ type: 'changed', clipId: 'a', clip: null });
    expect([clipsOf(first), clipsOf(second)]).toEqual([['b'], ['b', 'a']]);
  });

  it('reaches whoever follows, over one channel for all of them', async () => {
    const tab = openTab('first');
    const heard: string[] = [];
    const listener = ({ type }: LibraryNotice) => heard.push(type);
    const unfollow = [tab.followLibrary(listener), tab.followLibrary(listener)];
    expect(network.endsOf(LIBRARY_CHANNEL)).toBe(1);
    await post({ type: 'changed', clipId: 'a', clip: null });
    expect(heard).toEqual(['changed', 'changed']);
    const others = network.endsOf(LIBRARY_CHANNEL) - 1;
    unfollow[0]!();
    await post({ type: 'changed', clipId: 'a', clip: null });
    expect(heard).toHaveLength(3);
    unfollow[1]!();
    expect(network.endsOf(LIBRARY_CHANNEL)).toBe(others + 1);
  });
});
