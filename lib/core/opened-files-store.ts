import type { ClipFacts, Decoder } from '@/lib/ports/media';
import { withVideoTrack } from '@/lib/media/track-choice';
import { toFramesiftError } from '@/lib/shared/errors';
import { ValueStore, type Store } from './store';

/** What is known of a file before it is read, and the file to read: an animation becomes a clip. */
export interface Inspection {
  file: File;
  facts: ClipFacts;
  decoder: Decoder;
  /** Recognises the same file in the library. */
  fingerprint: string;
  /** A picture of it; null when none could be made. */
  preview: Blob | null;
}

/** A file that a person has chosen and not yet had read. */
export interface OpenedFile extends Inspection {
  key: string;
}

/** A file that cannot be read, and why. */
export interface Refusal {
  key: string;
  fileName: string;
  message: string;
}

/** The files that were chosen and not yet read. */
export interface OpenedFilesState {
  files: readonly OpenedFile[];
  refusals: readonly Refusal[];
  /** How many are still being looked at. */
  inspecting: number;
}

/** The files that a person has chosen, what is known of them, and those that cannot be read. */
export class OpenedFilesStore implements Store<OpenedFilesState> {
  readonly #inspect: (file: File) => Promise<Inspection>;
  readonly #state = new ValueStore<OpenedFilesState>({ files: [], refusals: [], inspecting: 0 });
  #lastKey = 0;

  /** @param inspect looks at a file; throws FramesiftError with a sentence where it cannot be read */
  constructor(inspect: (file: File) => Promise<Inspection>) {
    this.#inspect = inspect;
  }

  /** What is the case now. */
  readonly get = (): OpenedFilesState => this.#state.get();

  /** Calls `listener` after every change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  /** Looks at files one after another, and gives those that can be read. */
  async add(given: readonly File[]): Promise<OpenedFile[]> {
    const added: OpenedFile[] = [];
    this.#state.update((state) => ({ ...state, inspecting: state.inspecting + given.length }));
    for (const file of given) {
      const key = `opened ${(this.#lastKey += 1)}`;
      try {
        const opened: OpenedFile = { key, ...(await this.#inspect(file)) };
        added.push(opened);
        this.#state.update((state) => ({ ...state, files: [...state.files, opened] }));
      } catch (error) {
        const { message } = toFramesiftError(error, 'This file could not be opened.');
        const refusal = { key, fileName: file.name, message };
        this.#state.update((state) => ({ ...state, refusals: [...state.refusals, refusal] }));
      } finally {
        this.#state.update((state) => ({ ...state, inspecting: state.inspecting - 1 }));
      }
    }
    return added;
  }

  /** Looks at a file again, with another of its video tracks. A file that was put away meanwhile stays away. */
  async chooseTrack({ key, file }: OpenedFile, track: number): Promise<void> {
    const chosen = withVideoTrack(file, track);
    const { name, lastModified } = file;
    const changed: OpenedFile = {
      key,
      ...(await this.#inspect(new File([chosen], name, { type: chosen.type, lastModified }))),
    };
    this.#state.update((state) => ({
      ...state,
      files: state.files.map((one) => (one.key === key ? changed : one)),
    }));
  }

  /** Puts a file away. */
  remove(key: string): void {
    this.#state.update((state) => ({ ...state, files: state.files.filter((file) => file.key !== key) }));
  }

  /** Takes away what is said of a file that cannot be read. */
  dismiss(key: string): void {
    this.#state.update((state) => ({
      ...state,
      refusals: state.refusals.filter((refusal) => refusal.key !== key),
    }));
  }
}
