import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ingestClip, type IngestJob } from '@/lib/ingest/ingest-clip';
import { IngestQueue } from '@/lib/ingest/ingest-queue';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import type { TabLocks } from '@/lib/ports/tabs';
import type { FramesiftServices } from '@/lib/core/services';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameFailure } from '@/lib/shared/frames';
import { eventually } from '../../support/eventually';

vi.mock('@/lib/ingest/ingest-clip', () => ({ ingestClip: vi.fn() }));

/** A clip that is being read: the test ends it. */
interface Reading {
  clipId: string;
  signal: AbortSignal;
  report: (change: Partial<IngestStatus>) => void;
  finish: (failures?: FrameFailure[]) => void;
  fail: (error: Error) => void;
}

let readings: Reading[];

/** False where a batch in hand keeps an aborted clip from ending. */
let endsWhenAborted: boolean;

/** Names of locks that this or another tab holds. */
let heldLocks: Set<string>;

const locks: TabLocks = {
  async tryLock(name, work) {
    if (heldLocks.has(name)) return work(false);
    heldLocks.add(name);
    try {
      return await work(true);
    } finally {
      heldLocks.delete(name);
    }
  },
  whenFree: (name) => eventually(() => expect(heldLocks).not.toContain(name)),
};

beforeEach(() => {
  readings = [];
  endsWhenAborted = true;
  heldLocks = new Set();
  vi.mocked(ingestClip).mockImplementation(
    (_services, { clipId }, report, signal) =>
      new Promise((resolve, reject) => {
        report({ stage: 'reading' });
        readings.push({
          clipId,
          signal,
          report,
          finish: (failures = []) => resolve(failures),
          fail: reject,
        });
        signal.addEventListener('abort', () => {
          if (endsWhenAborted) reject(new FramesiftError('cancelled', 'Cancelled.'));
        });
      }),
  );
});

const jobOf = (clipId: string): IngestJob => ({
  clipId,
  file: new Blob(),
  requests: [{ frameIndex: 0, timestampMs: 0 }],
  decoder: 'webcodecs',
  model: { modelId: 'a-model' },
});

function queueOf(...clipIds: string[]): IngestQueue {
  const queue = new IngestQueue({} as unknown as FramesiftServices, { locks });
  for (const clipId of clipIds) queue.add(jobOf(clipId));
  return queue;
}

const stagesOf = (queue: IngestQueue) =>
  Object.fromEntries(Array.from(queue.statuses(), ([clipId, { stage }]) => [clipId, stage]));

/** The clip that is being read as the `nth` of all, from 0. */
async function reading(nth: number): Promise<Reading> {
  await eventually(() => expect(readings.length).toBeGreaterThan(nth));
  return readings[nth]!;
}

/** Lets everything happen that needs no more than promises. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('the queue', () => {
  it('counts a clip as new only where no other was read meanwhile', async () => {
    const queue = new IngestQueue({} as unknown as FramesiftServices, { locks });
    queue.add({ ...jobOf('a'), isNew: true });
    queue.add({ ...jobOf('b'), isNew: true });
    await eventually(() => expect(readings).toHaveLength(1));
    readings[0]!.finish();
    await eventually(() => expect(readings).toHaveLength(2));
    readings[1]!.finish();
    expect(
      vi
        .mocked(ingestClip)
        .mock.calls.slice(-2)
        .map(([, { clipId, isNew }]) => [clipId, isNew]),
    ).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('reads clips one after another, in the order that they were added in', async () => {
    const queue = queueOf('a', 'b', 'c');
    (await reading(0)).report({ framesStored: 1 });
    await settle();
    expect(stagesOf(queue)).toEqual({ a: 'reading', b: 'waiting', c: 'waiting' });
    expect(queue.statuses().get('a')).toMatchObject({ framesStored: 1, framesTotal: 1 });
    (await reading(0)).finish();
    (await reading(1)).finish();
    await reading(2);
    expect(stagesOf(queue)).toEqual({ a: 'done', b: 'done', c: 'reading' });
    expect(readings.map(({ clipId }) => clipId)).toEqual(['a', 'b', 'c']);
  });

  it('keeps the place of a clip that is added again while it waits or is read', async () => {
    const queue = queueOf('a', 'b', 'a', 'b');
    (await reading(0)).finish();
    (await reading(1)).finish();
    await settle();
    expect(readings).toHaveLength(2);
    expect(stagesOf(queue)).toEqual({ a: 'done', b: 'done' });
  });

  it('goes on after a clip that fails, with its sentence', async () => {
    const queue = queueOf('a', 'b');
    (await reading(0)).fail(new FramesiftError('unreadable-video', 'The file is damaged.'));
    await reading(1);
    expect(queue.statuses().get('a')).toMatchObject({ stage: 'failed', error: 'The file is damaged.' });
    expect(stagesOf(queue).b).toBe('reading');
  });

  it('tells its listeners of every change with another map', async () => {
    const queue = queueOf();
    const seen: ReadonlyMap<string, IngestStatus>[] = [];
    const unsubscribe = queue.subscribe(() => seen.push(queue.statuses()));
    queue.add(jobOf('a'));
    (await reading(0)).finish();
    await settle();
    unsubscribe();
    queue.add(jobOf('b'));
    expect(seen.map((statuses) => statuses.get('a')?.stage)).toEqual(['waiting', 'reading', 'done']);
    expect(new Set(seen).size).toBe(3);
  });
});

describe('a clip that is cancelled', () => {
  it('while it waits is never read, and the others keep their order', async () => {
    const queue = queueOf('a', 'b', 'c');
    await reading(0);
    queue.cancel('b');
    expect(stagesOf(queue)).toEqual({ a: 'reading', b: 'cancelled', c: 'waiting' });
    (await reading(0)).finish();
    await reading(1);
    expect(readings.map(({ clipId }) => clipId)).toEqual(['a', 'c']);
  });

  it('while it waits can be added again, and comes last then', async () => {
    const queue = queueOf('a', 'b', 'c');
    await reading(0);
    queue.cancel('b');
    queue.add(jobOf('b'));
    for (const nth of [0, 1, 2]) (await reading(nth)).finish();
    await settle();
    expect(readings.map(({ clipId }) => clipId)).toEqual(['a', 'c', 'b']);
    expect(stagesOf(queue).b).toBe('done');
  });

  it('while it is read ends by its signal, and the next one is read', async () => {
    const queue = queueOf('a', 'b');
    const first = await reading(0);
    queue.cancel('a');
    expect(first.signal.aborted).toBe(true);
    await reading(1);
    expect(stagesOf(queue)).toEqual({ a: 'cancelled', b: 'reading' });
  });

  it('is forgotten by remove once nothing of it is written any more', async () => {
    const queue = queueOf('a');
    endsWhenAborted = false;
    const first = await reading(0);
    let isRemoved = false;
    const removing = queue.remove('a').then(() => (isRemoved = true));
    await settle();
    expect(first.signal.aborted).toBe(true);
    expect(isRemoved).toBe(false);
    expect(queue.statuses().has('a')).toBe(true);
    first.fail(new FramesiftError('cancelled', 'Cancelled.'));
    await removing;
    expect(queue.statuses().has('a')).toBe(false);
  });
});

describe('a clip that another tab reads', () => {
  it('fails with a sentence, is not read here, and holds nobody up', async () => {
    heldLocks.add('framesift-ingest-a');
    const queue = queueOf('a', 'b');
    expect((await reading(0)).clipId).toBe('b');
    expect(queue.statuses().get('a')).toMatchObject({
      stage: 'failed',
      error: 'This clip is being read in another tab of this site.',
    });
  });

  it('can be read here once the other tab has let it go', async () => {
    heldLocks.add('framesift-ingest-a');
    const queue = queueOf('a');
    await eventually(() => expect(stagesOf(queue).a).toBe('failed'));
    heldLocks.delete('framesift-ingest-a');
    await eventually(() => expect(stagesOf(queue)).toEqual({}));
    queue.add(jobOf('a'));
    (await reading(0)).finish();
    await eventually(() => expect(stagesOf(queue).a).toBe('done'));
  });

  it('is told from one that this tab reads: its lock is held while it is read, and no longer', async () => {
    const queue = queueOf('a');
    await reading(0);
    expect([...heldLocks]).toEqual(['framesift-ingest-a']);
    (await reading(0)).finish();
    await eventually(() => expect(stagesOf(queue).a).toBe('done'));
    await settle();
    expect([...heldLocks]).toEqual([]);
  });
});
