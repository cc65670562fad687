import type {
  GivenFile,
  ModelDownloadProgress,
  ModelInFormat,
  ModelListing,
  Models,
  ModelVariant,
  OwnModelProposal,
  SourceSettings,
} from '@/lib/ports/models';
import { parseBaseUrl } from '@/lib/models/sources';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { ValueStore, type Store } from './store';

/** What is being fetched or stored. */
export interface RunningDownload {
  name: string;
  /** The row that it belongs to; null for a model that has none yet. */
  choice: ModelInFormat | null;
  progress: ModelDownloadProgress | null;
}

/** A model found in a person's files or at an address, or that it is being looked for. */
type OwnState = { state: 'none' } | { state: 'looking' } | { state: 'found'; proposal: OwnModelProposal };

/** The models that can be chosen, and what is being done with them. */
export interface ModelsState {
  /** Null until they have been listed. */
  listings: ModelListing[] | null;
  /** Bytes that the browser would still keep; null where it does not tell. */
  freeBytes: number | null;
  download: RunningDownload | null;
  own: OwnState;
  /** What went wrong last. */
  problem: string | null;
  /** The address that stands in for the Hub. */
  mirror: string | null;
}

/** What the store of models stands on. */
export interface ModelsParts {
  /** Asked for anew each time: its worker may have been replaced. */
  models: () => Models;
  sources: {
    settings(): SourceSettings;
    readMirror(): string | null;
    saveMirror(url: string | null): void;
  };
  /** Puts a model to work. */
  change: (choice: ModelInFormat) => Promise<void>;
  /** Called before something is stored that would be missed. */
  onStoring: () => void;
}

/** Lists the models, fetches and removes them, and takes a person's own in. What fails is told in `problem`. */
export class ModelsStore implements Store<ModelsState> {
  readonly #parts: ModelsParts;
  readonly #state = new ValueStore<ModelsState>({
    listings: null,
    freeBytes: null,
    download: null,
    own: { state: 'none' },
    problem: null,
    mirror: null,
  });
  /** What ends the downloads that run. */
  readonly #stopping = new Set<AbortController>();

  constructor(parts: ModelsParts) {
    this.#parts = parts;
  }

  /** What is the case now. */
  readonly get = (): ModelsState => this.#state.get();

  /** Calls `listener` after every change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  /** Lists the models anew. */
  readonly refresh = (): void => void this.#guard(() => this.#reload());

  /** Fetches what is missing of a model. */
  readonly startDownload = (model: ModelListing, variant: ModelVariant): void =>
    void this.#guard(() => this.#fetch(model, variant));

  /** Fetches what is missing of a model and changes to it; `then` is called once it is at work. */
  readonly fetchAndUse = (model: ModelListing, variant: ModelVariant, then: () => void): void =>
    void this.#guard(async () => {
      await this.#fetch(model, variant);
      await this.#parts.change({ modelId: model.id, dtype: variant.dtype });
      then();
    });

  /** Ends what is being fetched; what has arrived is kept. */
  readonly stopDownload = (): void => this.#stopping.forEach((stopping) => stopping.abort());

  /** Removes a model's files. */
  readonly remove = ({ modelId, dtype }: ModelInFormat): void =>
    void this.#guard(async () => {
      await this.#parts.models().remove(modelId, dtype);
      await this.#reload();
    });

  /** Changes to a model that is there. */
  readonly use = (choice: ModelInFormat): void => void this.#guard(() => this.#parts.change(choice));

  /** Looks for a model in files that a person gave. */
  readonly lookInFiles = (files: readonly GivenFile[]): void =>
    void this.#look(() => this.#parts.models().inspectFiles([...files]));

  /** Looks for a model at an address. */
  readonly lookAtUrl = (url: string): void => void this.#look(() => this.#parts.models().inspectBaseUrl(url));

  /** Stores a model that was found, and changes to it. One that turns out not to fit is removed. */
  readonly addOwn = (proposal: OwnModelProposal, dtype: ModelVariant['dtype']): void =>
    void this.#guard(async () => {
      const models = this.#parts.models();
      let modelId = '';
      await this.#withDownload({ name: proposal.name, choice: null }, async (onProgress, signal) => {
        modelId = await models.addOwn(proposal.key, dtype, onProgress, signal);
      });
      this.dismissOwn();
      try {
        await this.#parts.change({ modelId, dtype });
      } catch (error) {
        const { code, message } = toFramesiftError(error);
        if (code !== 'model-mismatch') throw error;
        // Its graphs are not what this page can run, and will not be: it would only take up room.
        await models.remove(modelId, dtype);
        await this.#reload();
        throw new FramesiftError('model-mismatch', `${proposal.name} does not fit: ${message}`, {
          cause: error,
        });
      }
    });

  /** Puts a model away that was found. */
  readonly dismissOwn = (): void => this.#put({ own: { state: 'none' } });

  /** Fetches from another address than the Hub's; from the Hub again for an empty one. */
  readonly setMirror = (url: string): void =>
    void this.#guard(async () => {
      this.#parts.sources.saveMirror(url.trim() === '' ? null : parseBaseUrl(url));
      await this.#reload();
    });

  /** Takes away what went wrong. */
  readonly dismissProblem = (): void => this.#put({ problem: null });

  #put(part: Partial<ModelsState>): void {
    this.#state.update((state) => ({ ...state, ...part }));
  }

  async #guard(action: () => Promise<void>): Promise<void> {
    this.#put({ problem: null });
    try {
      await action();
    } catch (error) {
      if (!isCancelled(error)) this.#put({ problem: toFramesiftError(error).message });
    }
  }

  async #reload(): Promise<void> {
    const { sources } = this.#parts;
    const models = this.#parts.models();
    this.#put({ mirror: sources.readMirror() });
    this.#put({ listings: await models.list(sources.settings()) });
    this.#put({ freeBytes: await models.freeBytes() });
  }

  #fetch(model: ModelListing, { dtype }: ModelVariant): Promise<void> {
    return this.#withDownload(
      { name: model.name, choice: { modelId: model.id, dtype } },
      (onProgress, signal) =>
        this.#parts.models().download(model.id, dtype, this.#parts.sources.settings(), onProgress, signal),
    );
  }

  /** Runs something that reports progress, and shows it until it ends. */
  async #withDownload(
    running: Omit<RunningDownload, 'progress'>,
    work: (onProgress: (progress: ModelDownloadProgress) => void, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    this.#parts.onStoring();
    this.#put({ download: { ...running, progress: null } });
    const stopping = new AbortController();
    this.#stopping.add(stopping);
    try {
      await work((progress) => this.#put({ download: { ...running, progress } }), stopping.signal);
    } finally {
      this.#stopping.delete(stopping);
      this.#put({ download: null });
      await this.#reload();
    }
  }

  #look(find: () => Promise<OwnModelProposal>): Promise<void> {
    return this.#guard(async () => {
      this.#put({ own: { state: 'looking' } });
      try {
        this.#put({ own: { state: 'found', proposal: await find() } });
      } catch (error) {
        this.dismissOwn();
        throw error;
      }
    });
  }
}
