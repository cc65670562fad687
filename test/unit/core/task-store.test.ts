import { describe, expect, it } from 'vitest';
import { TaskStore, type Task } from '@/lib/core/task-store';
import { FramesiftError } from '@/lib/shared/errors';

/** A task that a test ends. */
function pending() {
  let task!: Task;
  let end!: (sentence: string) => void;
  let fail!: (error: unknown) => void;
  const work = (given: Task) => {
    task = given;
    return new Promise<string>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  };
  return { work, task: () => task, end: (text: string) => end(text), fail: (error: unknown) => fail(error) };
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('TaskStore', () => {
  it('tells how far a task is, and its last sentence until that is dismissed', async () => {
    const store = new TaskStore('It failed.');
    const one = pending();
    store.run('A table', one.work);
    expect(store.get()).toEqual({ state: 'running', title: 'A table', done: 0, total: 0 });
    one.task().onProgress(3, 10);
    expect(store.get()).toEqual({ state: 'running', title: 'A table', done: 3, total: 10 });
    one.end('Saved.');
    await settled();
    expect(store.get()).toEqual({ state: 'done', message: 'Saved.' });
    store.dismiss();
    expect(store.get()).toEqual({ state: 'idle' });
  });

  it('says why a task failed, with a sentence of its own where there is none', async () => {
    const store = new TaskStore('It failed.');
    const one = pending();
    store.run('A table', one.work);
    one.fail(new RangeError('x'));
    await settled();
    expect(store.get()).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('It failed.') as string,
    });
  });

  it('stops a task, of which nothing is shown from then on', async () => {
    const store = new TaskStore('It failed.');
    const one = pending();
    store.run('A table', one.work);
    store.cancel();
    expect(one.task().signal.aborted).toBe(true);
    one.task().onProgress(1, 2);
    one.end('Saved.');
    await settled();
    expect(store.get()).toEqual({ state: 'idle' });
  });

  it('counts one that stops itself as stopped, not as failed', async () => {
    const store = new TaskStore('It failed.');
    const one = pending();
    store.run('A table', one.work);
    one.fail(new FramesiftError('cancelled', 'Cancelled.'));
    await settled();
    expect(store.get()).toEqual({ state: 'idle' });
  });

  it('ends the one before when another begins', async () => {
    const store = new TaskStore('It failed.');
    const [one, other] = [pending(), pending()];
    store.run('A table', one.work);
    store.run('A sheet', other.work);
    expect(one.task().signal.aborted).toBe(true);
    one.end('The table is saved.');
    other.task().onProgress(1, 2);
    await settled();
    expect(store.get()).toEqual({ state: 'running', title: 'A sheet', done: 1, total: 2 });
  });
});
