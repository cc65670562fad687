import { describe, expect, it } from 'vitest';
import { ClipsStore, FIRST_OPEN_WAIT_MS, UNDO_MS } from '@/lib/core/clips-store';
import type { ClipSummary } from '@/lib/ports/library';
import { FramesiftError } from '@/lib/shared/errors';
import { clipNamed, FakeClock, memorySettings, settle } from '../../support/core-fakes';

function openLibrary(stored: ClipSummary[], { fails = false } = {}) {
  const clock = new FakeClock();
  const log: string[] = [];
  const library = { clips: stored, opened: 0, fails };
  const store = new ClipsStore({
    database: {
      open: () => {
        library.opened += 1;
        return Promise.resolve({ store: 'memory', postgresVersion: '18', kept: [] });
      },
      listClips: () => Promise.resolve([...library.clips]),
      deleteClip: (id) => {
        if (library.fails) return Promise.reject(new FramesiftError('internal', 'The disk is full.'));
        log.push(`deleted ${id}`);
        library.clips = library.clips.filter((clip) => clip.id !== id);
        return Promise.resolve(true);
      },
    },
    reading: {
      cancel: (id) => log.push(`stopped ${id}`),
      remove: (id) => {
        log.push(`waited for ${id}`);
        return Promise.resolve();
      },
    },
    settings: memorySettings(),
    clock,
    onListed: () => undefined,
    onRemoved: (id) => log.push(`forgot ${id}`),
    onProblem: (sentence) => log.push(sentence),
  });
  const shown = () => {
    const { library: state } = store.get();
    return state.state === 'ready' ? state.clips.map(({ id }) => id) : state.state;
  };
  return { store, clock, log, library, shown };
}

describe('ClipsStore', () => {
  it('lets the library of a first visit wait for the model, but not for ever', async () => {
    const { store, clock, library, shown } = openLibrary([]);
    store.open(true);
    await clock.pass(FIRST_OPEN_WAIT_MS - 1);
    store.open(true);
    expect(library.opened).toBe(0);
    await clock.pass(1);
    expect(shown()).toEqual([]);
    store.open(false);
    expect(library.opened).toBe(1);
  });

  it('opens a library that had clips at once', async () => {
    const { store, library } = openLibrary([clipNamed('a')]);
    await store.refresh();
    expect(store.wasEmpty()).toBe(false);
    store.open(true);
    await settle();
    expect(library.opened).toBe(2);
  });

  it('hides a deleted clip at once and deletes it when the time to undo is over', async () => {
    const { store, clock, log, shown } = openLibrary([clipNamed('a'), clipNamed('b')]);
    await store.refresh();
    store.remove(clipNamed('a'));
    expect(shown()).toEqual(['b']);
    expect(store.get().undoable?.id).toBe('a');
    await clock.pass(UNDO_MS - 1);
    expect(log).toEqual(['stopped a']);
    await clock.pass(1);
    expect(log).toEqual(['stopped a', 'waited for a', 'deleted a', 'forgot a']);
    expect(store.get().undoable).toBeNull();
    expect(shown()).toEqual(['b']);
  });

  it('deletes at once what waits to be undone, so that a backup may bring it back', async () => {
    const { store, clock, log, shown } = openLibrary([clipNamed('a'), clipNamed('b')]);
    await store.refresh();
    store.remove(clipNamed('a'));
    await store.finishRemovals();
    expect(log).toEqual(['stopped a', 'waited for a', 'deleted a', 'forgot a']);
    expect(store.get().undoable).toBeNull();
    await clock.pass(UNDO_MS);
    expect(log).toHaveLength(4);
    expect(shown()).toEqual(['b']);
  });

  it('holds back clips that a backup brings until all of them is there', async () => {
    const { store, library, shown } = openLibrary([clipNamed('a')]);
    await store.refresh();
    const release = store.holdNew();
    store.notice({ type: 'changed', clipId: 'b', clip: clipNamed('b') });
    store.notice({ type: 'changed', clipId: 'a', clip: { ...clipNamed('a'), description: 'renamed' } });
    expect(shown()).toEqual(['a']);
    expect(store.get().library).toMatchObject({ clips: [{ description: 'renamed' }] });
    release();
    library.clips = [clipNamed('a'), clipNamed('b')];
    await store.refresh();
    expect(shown()).toEqual(['a', 'b']);
  });

  it('brings a clip back when its deletion is undone', async () => {
    const { store, clock, log, shown } = openLibrary([clipNamed('a')]);
    await store.refresh();
    store.remove(clipNamed('a'));
    store.undoRemove();
    expect(shown()).toEqual(['a']);
    await clock.pass(UNDO_MS);
    expect(log).toEqual(['stopped a']);
  });

  it('keeps a clip hidden when another tab tells of it before it is deleted', async () => {
    const { store, shown } = openLibrary([clipNamed('a')]);
    await store.refresh();
    store.remove(clipNamed('a'));
    store.notice({ type: 'changed', clipId: 'a', clip: clipNamed('a') });
    expect(shown()).toEqual([]);
  });

  it('says that a clip could not be deleted, and shows it and the library again (#20)', async () => {
    const { store, clock, log, shown } = openLibrary([clipNamed('a')], { fails: true });
    await store.refresh();
    store.remove(clipNamed('a'));
    await clock.pass(UNDO_MS);
    expect(shown()).toEqual(['a']);
    expect(log.at(-1)).toBe('The clip could not be deleted. The disk is full.');
  });

  it('takes in clips that another tab adds, changes and deletes', async () => {
    const { store, shown } = openLibrary([clipNamed('old', 1)]);
    await store.refresh();
    store.notice({ type: 'changed', clipId: 'new', clip: clipNamed('new', 2) });
    expect(shown()).toEqual(['new', 'old']);
    store.notice({ type: 'changed', clipId: 'old', clip: null });
    expect(shown()).toEqual(['new']);
  });

  it('lists anew when another tab owns the library, but not before it is opened here', async () => {
    const { store, library, shown } = openLibrary([]);
    store.notice({ type: 'owner' });
    await settle();
    expect(library.opened).toBe(0);
    store.open(false);
    await settle();
    library.clips = [clipNamed('a')];
    store.notice({ type: 'owner' });
    await settle();
    expect(shown()).toEqual(['a']);
  });
});
