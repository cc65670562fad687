import type { ClipDatabaseInfo, ClipSummary, Library, LibraryNotice } from '@/lib/ports/library';
import { toFramesiftError } from '@/lib/shared/errors';
import { ValueStore, type Store } from './store';
import type { Clock, Settings } from './surroundings';

/** The library as it is shown, newest clip first. */
export type LibraryState =
  | { state: 'opening' }
  | { state: 'ready'; clips: ClipSummary[]; database: ClipDatabaseInfo }
  | { state: 'failed'; message: string };

/** The library without the clips that are about to be deleted, and the one whose deletion can be undone. */
export interface ClipsState {
  library: LibraryState;
  undoable: ClipSummary | null;
}

/** What the store of clips stands on. */
export interface ClipsParts {
  database: Pick<Library, 'open' | 'listClips' | 'deleteClip'>;
  reading: {
    /** Stops reading a clip. */
    cancel(clipId: string): void;
    /** Stops reading a clip and resolves when nothing of it is being written any more. */
    remove(clipId: string): Promise<void>;
  };
  settings: Settings;
  clock: Clock;
  /** Called when the library has been listed. */
  onListed: () => void;
  /** Called when a clip is gone, with all that is stored of it. */
  onRemoved: (clipId: string) => void;
  /** Given a sentence for the person. */
  onProblem: (sentence: string) => void;
}

/** Set beside the database, which takes seconds to open: without it, a first visitor would wait for nothing. */
const NOT_EMPTY_KEY = 'framesift-library-not-empty';

/**
 * Opening the library of a first visit takes the processors for seconds, with nothing to show for it, and a
 * model that starts needs them. It waits so long at most: over a slow line they are idle meanwhile.
 */
export const FIRST_OPEN_WAIT_MS = 4_000;

/** How long a deleted clip can be brought back. */
export const UNDO_MS = 8_000;

/**
 * The clips in the database, kept up to date with what this tab and others change.
 *
 * Deleting hides a clip at once and deletes it when the time to undo is over. A page that is closed before that keeps the
 * clip: losing a wish to delete is better than losing a clip.
 */
export class ClipsStore implements Store<ClipsState> {
  readonly #parts: ClipsParts;
  readonly #shown = new ValueStore<ClipsState>({ library: { state: 'opening' }, undoable: null });
  #library: LibraryState = { state: 'opening' };
  #undoable: ClipSummary | null = null;
  readonly #hidden = new Set<string>();
  /** How many want new clips held back. */
  #holds = 0;
  /** What calls off a deletion, by clip. */
  readonly #deletions = new Map<string, () => void>();
  #isOpened = false;
  #callOffOpening: (() => void) | undefined;

  constructor(parts: ClipsParts) {
    this.#parts = parts;
  }

  /** The library as it is shown. */
  readonly get = (): ClipsState => this.#shown.get();

  /** Calls `listener` after every change. */
  readonly subscribe = (listener: () => void): (() => void) => this.#shown.subscribe(listener);

  /** Whether the library had no clips when it was last looked at. */
  wasEmpty(): boolean {
    return this.#parts.settings.read(NOT_EMPTY_KEY) === null;
  }

  /**
   * Opens the library, once. Called again when that changes:
   *
   * @param isModelStarting lets a first visit's library, which is empty, wait for the model
   */
  open(isModelStarting: boolean): void {
    if (this.#isOpened) return;
    const open = () => {
      this.#isOpened = true;
      this.#callOffOpening?.();
      void this.refresh();
    };
    if (!isModelStarting || !this.wasEmpty()) open();
    else this.#callOffOpening ??= this.#parts.clock.after(FIRST_OPEN_WAIT_MS, open);
  }

  /** Lists the library anew. */
  async refresh(): Promise<void> {
    try {
      const database = await this.#parts.database.open();
      const clips = await this.#parts.database.listClips();
      this.#show({ state: 'ready', database, clips });
      this.#parts.onListed();
    } catch (error) {
      this.#show({ state: 'failed', message: toFramesiftError(error).message });
    }
  }

  /** Takes in what the owner of the library, in whichever tab it is, tells. */
  notice(notice: LibraryNotice): void {
    // Before it is opened here, nothing is listed.
    if (notice.type === 'owner') {
      if (this.#isOpened) void this.refresh();
      return;
    }
    if (this.#library.state !== 'ready') return;
    const { clips } = this.#library;
    const { clipId, clip } = notice;
    const others = clips.filter(({ id }) => id !== clipId);
    const isNew = others.length === clips.length;
    if (isNew && (clip === null || this.#holds > 0)) return;
    this.#show({
      ...this.#library,
      clips: clip === null ? others : [...others, clip].sort(newestFirst),
    });
  }

  /** Hides a clip, and deletes it when the time to undo is over. */
  remove(clip: ClipSummary): void {
    const { reading, clock } = this.#parts;
    reading.cancel(clip.id);
    this.#hidden.add(clip.id);
    this.#undoable = clip;
    this.#deletions.set(
      clip.id,
      clock.after(UNDO_MS, () => void this.#delete(clip.id)),
    );
    this.#show();
  }

  /** Brings back the clip that was deleted last. */
  undoRemove(): void {
    if (!this.#undoable) return;
    const { id } = this.#undoable;
    this.#deletions.get(id)?.();
    this.#deletions.delete(id);
    this.#hidden.delete(id);
    this.#undoable = null;
    this.#show();
  }

  /**
   * Holds back new clips until the function that it returns is called: rows of a backup come before their pictures and
   * files, which would be taken for missing. Follow it with `refresh`.
   */
  holdNew(): () => void {
    this.#holds += 1;
    return () => (this.#holds -= 1);
  }

  /** Deletes at once what waits for its time to undo: a backup may bring the same clips back. */
  async finishRemovals(): Promise<void> {
    const waiting = [...this.#deletions];
    for (const [, callOff] of waiting) callOff();
    await Promise.all(waiting.map(([clipId]) => this.#delete(clipId)));
  }

  async #delete(clipId: string): Promise<void> {
    this.#deletions.delete(clipId);
    if (this.#undoable?.id === clipId) this.#undoable = null;
    this.#show();
    try {
      await this.#parts.reading.remove(clipId);
      await this.#parts.database.deleteClip(clipId);
      this.#parts.onRemoved(clipId);
      await this.refresh();
    } catch (error) {
      this.#parts.onProblem(`The clip could not be deleted. ${toFramesiftError(error).message}`);
    } finally {
      // Not deleted, or the same clip may come back with its id from a file that it was exported to.
      this.#hidden.delete(clipId);
      this.#show();
    }
  }

  #show(library = this.#library): void {
    this.#library = library;
    if (library.state !== 'ready') {
      this.#shown.set({ library, undoable: this.#undoable });
      return;
    }
    this.#parts.settings.write(NOT_EMPTY_KEY, library.clips.length === 0 ? null : 'yes');
    const clips = library.clips.filter(({ id }) => !this.#hidden.has(id));
    this.#shown.set({ library: { ...library, clips }, undoable: this.#undoable });
  }
}

/** The order of `listClips`. */
function newestFirst(a: ClipSummary, b: ClipSummary): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1);
}
