import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gateway, MEETING_INTERVAL_MS, SILENCE_MS, SILENT_OWNER, type RunVerb } from '@/lib/library/gateway';
import { FramesiftError } from '@/lib/shared/errors';
import { TabNetwork } from '../../support/tab-network';

/** A library of numbers that outlives its tabs, as files do. */
interface Shared {
  rows: Map<string, number>;
  /** Verbs that ran, with the tab that ran them. */
  ran: string[];
}

const NAMES = { lock: 'library', meeting: 'meeting', tab: 'tab:' };

let network: TabNetwork;
let shared: Shared;
let gateways: Gateway[];
/** Runs in place of the next verb; never answers by default. */
let hold: (() => Promise<unknown>) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  network = new TabNetwork();
  shared = { rows: new Map(), ran: [] };
  gateways = [];
  hold = undefined;
});
afterEach(() => {
  for (const gateway of gateways) gateway.close();
  vi.useRealTimers();
});

function openTab(
  tab: string,
  { open, sentences = [] }: { open?: () => Promise<RunVerb>; sentences?: unknown[] } = {},
) {
  const run: RunVerb = async (verb, args) => {
    shared.ran.push(`${tab} ${verb}`);
    const [key, value] = args as [string, number];
    if (verb === 'put') shared.rows.set(key, value);
    if (verb === 'fail') throw new FramesiftError('unknown-clip', 'There is no such clip.');
    const held = hold;
    hold = undefined;
    if (held) await held();
    return [...shared.rows.values()];
  };
  const gateway = new Gateway({
    tab,
    ports: network.portsOf(tab),
    names: NAMES,
    open: open ?? (() => Promise.resolve(run)),
    onSilence: (sentence) => sentences.push(sentence),
  });
  gateways.push(gateway);
  return gateway;
}

const never = () => new Promise(() => undefined);
/** Lets messages and the meeting take place. */
const settle = () => vi.advanceTimersByTimeAsync(2 * MEETING_INTERVAL_MS);

describe('a gateway', () => {
  it('runs verbs itself where it is the owner, and sends them to the owner where it is not', async () => {
    const [first, second] = [openTab('a'), openTab('b')];
    await settle();
    expect(await first.call('put', ['x', 1])).toEqual([1]);
    expect(await second.call('put', ['y', 2])).toEqual([1, 2]);
    expect(shared.ran).toEqual(['a put', 'a put']);
    expect([first.isOwner, second.isOwner]).toEqual([true, false]);
  });

  it('takes two messages for a call of another tab', async () => {
    openTab('a');
    const second = openTab('b');
    await settle();
    network.posted.length = 0;
    await second.call('put', ['y', 2]);
    expect(network.posted.map(({ tab, message }) => `${tab} ${message.type}`)).toEqual([
      'b call',
      'a answer',
    ]);
  });

  it('carries an error with its code to the tab that called', async () => {
    openTab('a');
    const second = openTab('b');
    await expect(second.call('fail', [])).rejects.toMatchObject({
      code: 'unknown-clip',
      message: 'There is no such clip.',
    });
  });

  it('is the owner at once where there are no locks', async () => {
    const alone = new Gateway({
      tab: 'a',
      ports: null,
      names: NAMES,
      open: () => Promise.resolve(() => Promise.resolve('done')),
    });
    expect(await alone.call('put', [])).toBe('done');
  });

  it('keeps calls that were made before an owner was found', async () => {
    let opened: (run: RunVerb) => void = () => undefined;
    openTab('a', { open: () => new Promise((resolve) => (opened = resolve)) });
    const second = openTab('b');
    const calling = second.call('info', []);
    await vi.advanceTimersByTimeAsync(5000);
    opened(() => Promise.resolve('late'));
    await settle();
    expect(await calling).toBe('late');
  });
});

describe('a database that cannot be opened', () => {
  it('rejects the calls of every tab, and is tried again by the next', async () => {
    let tries = 0;
    const open = () => {
      tries += 1;
      if (tries === 1) return Promise.reject(new FramesiftError('storage-full', 'No room.'));
      return Promise.resolve<RunVerb>(() => Promise.resolve('opened'));
    };
    const first = openTab('a', { open });
    const second = openTab('b');
    await expect(second.call('info', [])).rejects.toMatchObject({ code: 'storage-full' });
    expect(await first.call('info', [])).toBe('opened');
    const again = second.call('info', []);
    await settle();
    expect(await again).toBe('opened');
    expect(tries).toBe(2);
  });
});

describe('the end of the owner', () => {
  it('makes the next tab the owner when it was idle', async () => {
    const first = openTab('a');
    const second = openTab('b');
    await settle();
    await first.call('put', ['x', 1]);
    network.end('a');
    await settle();
    expect(await second.call('put', ['y', 2])).toEqual([1, 2]);
    expect(second.isOwner).toBe(true);
  });

  it('in mid-verb has the verb run again by the next owner', async () => {
    openTab('a');
    const second = openTab('b');
    await settle();
    hold = never;
    const calling = second.call('put', ['x', 1]);
    await settle();
    network.end('a');
    await settle();
    expect(await calling).toEqual([1]);
    expect(shared.ran).toEqual(['a put', 'b put']);
  });

  it('in mid-verb has the calls of all other tabs answered, with three open', async () => {
    openTab('a');
    const [second, third] = [openTab('b'), openTab('c')];
    await settle();
    hold = never;
    const calls = [second.call('put', ['x', 1]), third.call('put', ['y', 2]), third.call('put', ['z', 3])];
    await settle();
    network.end('a');
    await settle();
    await Promise.all(calls);
    expect([...shared.rows]).toEqual([
      ['x', 1],
      ['y', 2],
      ['z', 3],
    ]);
    expect([second.isOwner, third.isOwner]).toEqual([true, false]);
    network.end('b');
    await settle();
    expect(await third.call('put', ['z', 4])).toEqual([1, 2, 4]);
  });

  it('that has answered leaves nothing to be sent again', async () => {
    openTab('a');
    const second = openTab('b');
    await settle();
    await second.call('put', ['x', 1]);
    network.end('a');
    await settle();
    expect(shared.ran).toEqual(['a put']);
  });
});

describe('a frozen owner', () => {
  it('is told of after ten seconds and a ping without answer, and calls go on waiting', async () => {
    const sentences: unknown[] = [];
    openTab('a');
    const second = openTab('b', { sentences });
    await settle();
    network.freeze('a');
    const calling = second.call('put', ['x', 1]);
    await vi.advanceTimersByTimeAsync(2 * SILENCE_MS - 100);
    expect(sentences).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(sentences).toEqual([SILENT_OWNER]);
    // The lock stays where it is.
    expect(second.isOwner).toBe(false);
    network.resume('a');
    await settle();
    expect(await calling).toEqual([1]);
    expect(sentences).toEqual([SILENT_OWNER, null]);
  });

  it('is told from a slow one by its pong', async () => {
    const sentences: unknown[] = [];
    openTab('a');
    const second = openTab('b', { sentences });
    await settle();
    let answer: () => void = () => undefined;
    hold = () => new Promise<void>((resolve) => (answer = resolve));
    const calling = second.call('put', ['x', 1]);
    await vi.advanceTimersByTimeAsync(6 * SILENCE_MS);
    expect(sentences).toEqual([]);
    answer();
    expect(await calling).toEqual([1]);
  });

  it('that ends is followed by the tab that waited', async () => {
    const sentences: unknown[] = [];
    openTab('a');
    const second = openTab('b', { sentences });
    await settle();
    network.freeze('a');
    const calling = second.call('put', ['x', 1]);
    await vi.advanceTimersByTimeAsync(3 * SILENCE_MS);
    network.end('a');
    await settle();
    expect(await calling).toEqual([1]);
    expect(sentences).toEqual([SILENT_OWNER, null]);
  });
});

describe('an older build', () => {
  it('holds the lock and answers nobody: the new one says so and waits for its end', async () => {
    const sentences: unknown[] = [];
    const old = network.portsOf('old');
    await old.holdLock(NAMES.lock);
    const tab = openTab('new', { sentences });
    const calling = tab.call('put', ['x', 1]);
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 100);
    expect(sentences).toEqual([SILENT_OWNER]);
    network.end('old');
    await settle();
    expect(await calling).toEqual([1]);
    expect(sentences).toEqual([SILENT_OWNER, null]);
  });
});

describe('a follower that ends', () => {
  it('is forgotten by the owner, which goes on', async () => {
    const first = openTab('a');
    const second = openTab('b');
    await settle();
    let answer: () => void = () => undefined;
    hold = () => new Promise<void>((resolve) => (answer = resolve));
    second.call('put', ['x', 1]).catch(() => undefined);
    await settle();
    network.end('b');
    network.posted.length = 0;
    answer();
    await settle();
    expect(network.posted).toEqual([]);
    expect(await first.call('put', ['y', 2])).toEqual([1, 2]);
  });
});
