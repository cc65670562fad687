'use client';

import type { ClipDatabaseInfo, EventSummary, LibraryNotice } from '@/lib/ports/library';
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { LIBRARY_CHANNEL } from '@/lib/library/library-channel';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { siteStorage } from './site-storage';
import { forgetFile } from './use-clip-file';

export type LibraryState =
  | { state: 'opening' }
  | { state: 'ready'; clips: EventSummary[]; database: ClipDatabaseInfo }
  | { state: 'failed'; message: string };

const NOT_EMPTY_KEY = 'framesift-library-not-empty';

/** A hint beside the database, which takes seconds to open: without it, a first visitor would wait for nothing. */
function noteWhetherEmpty(isEmpty: boolean): void {
  siteStorage.write(NOT_EMPTY_KEY, isEmpty ? null : 'yes');
}

/** Tells whether the library had no clips when it was last looked at. */
export function wasLibraryEmpty(): boolean {
  return siteStorage.read(NOT_EMPTY_KEY) === null;
}

/** The same for rendering, where the server knows nothing of it. */
export function useWasEmpty(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    wasLibraryEmpty,
    () => false,
  );
}

/**
 * Opening the library of a first visit takes the processors for seconds, with nothing to show for it, and a
 * model that starts needs them. It waits so long at most: over a slow line they are idle meanwhile.
 */
const FIRST_OPEN_WAIT_MS = 4_000;

/** How long a deleted clip can be brought back. */
const UNDO_MS = 8_000;

/** The library with a clip as a notice says that it is now; a clip that is new takes its place by its date. */
function withNotice(
  library: LibraryState,
  { eventId, clip }: Extract<LibraryNotice, { type: 'changed' }>,
): LibraryState {
  if (library.state !== 'ready') return library;
  const isListed = library.clips.some(({ id }) => id === eventId);
  if (clip === null) {
    if (!isListed) return library;
    const clips = library.clips.filter(({ id }) => id !== eventId);
    noteWhetherEmpty(clips.length === 0);
    return { ...library, clips };
  }
  if (isListed) {
    return { ...library, clips: library.clips.map((known) => (known.id === eventId ? clip : known)) };
  }
  noteWhetherEmpty(false);
  return { ...library, clips: [...library.clips, clip].sort(newestFirst) };
}

/** The order of `listEvents`. */
function newestFirst(a: EventSummary, b: EventSummary): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1);
}

/**
 * The clips in the database, newest first, kept up to date with what this tab and others change.
 *
 * Deleting hides a clip at once and deletes it when the time to undo is over. A page that is closed
 * before that keeps the clip: losing a wish to delete is better than losing a clip.
 *
 * @param isModelStarting a first visit's library, which is empty, is opened after the model
 */
export function useLibrary(isModelStarting: boolean) {
  const [library, setLibrary] = useState<LibraryState>({ state: 'opening' });
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [undoable, setUndoable] = useState<EventSummary | null>(null);
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const refresh = useCallback(async () => {
    try {
      const { services } = getFramesift();
      const database = await services.database.open();
      const clips = await services.database.listEvents();
      noteWhetherEmpty(clips.length === 0);
      setLibrary({ state: 'ready', database, clips });
      services.prepareSearch();
    } catch (error) {
      setLibrary({ state: 'failed', message: toFramesiftError(error).message });
    }
  }, []);

  const isOpened = useRef(false);
  useEffect(() => {
    if (isOpened.current) return;
    const open = () => {
      isOpened.current = true;
      void refresh();
    };
    const isFirstVisit = siteStorage.read(NOT_EMPTY_KEY) === null;
    if (!isModelStarting || !isFirstVisit) {
      open();
      return;
    }
    const timer = setTimeout(open, FIRST_OPEN_WAIT_MS);
    return () => clearTimeout(timer);
  }, [isModelStarting, refresh]);

  useEffect(() => {
    const channel = new BroadcastChannel(LIBRARY_CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<LibraryNotice>) => {
      if (data.type === 'changed') setLibrary((current) => withNotice(current, data));
      // Before it is opened here, nothing is listed.
      else if (isOpened.current) void refresh();
    };
    return () => channel.close();
  }, [refresh]);

  const setHiddenClip = (eventId: string, isHidden: boolean) => {
    setHidden((current) => {
      const next = new Set(current);
      if (isHidden) next.add(eventId);
      else next.delete(eventId);
      return next;
    });
  };

  const remove = (clip: EventSummary) => {
    const { services, queue } = getFramesift();
    queue.cancel(clip.id);
    setHiddenClip(clip.id, true);
    setUndoable(clip);
    const timer = setTimeout(() => {
      timers.current.delete(clip.id);
      setUndoable((current) => (current?.id === clip.id ? null : current));
      void queue
        .remove(clip.id)
        .then(() => services.database.deleteEvent(clip.id))
        .then(refresh)
        .then(() => {
          forgetFile(clip.id);
          // The same clip may come back with its id, from a file that it was exported to.
          setHiddenClip(clip.id, false);
        })
        .catch((error: unknown) => {
          setHiddenClip(clip.id, false);
          setLibrary({ state: 'failed', message: toFramesiftError(error).message });
        });
    }, UNDO_MS);
    timers.current.set(clip.id, timer);
  };

  const undoRemove = () => {
    if (!undoable) return;
    clearTimeout(timers.current.get(undoable.id));
    timers.current.delete(undoable.id);
    setHiddenClip(undoable.id, false);
    setUndoable(null);
  };

  const visible: LibraryState =
    library.state === 'ready'
      ? { ...library, clips: library.clips.filter((clip) => !hidden.has(clip.id)) }
      : library;
  return { library: visible, refresh, remove, undoable, undoRemove };
}
