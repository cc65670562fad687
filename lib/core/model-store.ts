import type { Encoder, LoadedModel, LoadOptions, LoadProgress } from '@/lib/ports/encoder';
import type { ModelInFormat } from '@/lib/ports/models';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { ValueStore, type Store } from './store';

/** The model that questions are asked of. */
export type ModelState =
  /** `previous` is what was at work before, while it is being replaced. */
  | { state: 'loading'; progress: LoadProgress | null; previous: LoadedModel | null }
  | { state: 'ready'; model: LoadedModel }
  | { state: 'failed'; message: string };

/** What a person has chosen in this browser, and what the page does until they have. */
export interface ModelChoices<Preference> {
  /** How the chosen model is started, or another choice instead. */
  optionsFor(choice?: ModelInFormat, preference?: Preference): LoadOptions;
  saveModel(choice: ModelInFormat): void;
  readPreference(): Preference;
  savePreference(preference: Preference): void;
}

/** What the store of the model stands on. */
export interface ModelParts<Preference> {
  encoder: Pick<Encoder, 'load' | 'subscribe'>;
  choices: ModelChoices<Preference>;
  /** Fetches what is missing of the model that the site serves to everybody. Does not throw. */
  fetchServed: (onProgress: (progress: LoadProgress) => void) => Promise<void>;
}

/** Starts the model, follows it into whichever worker it is, and changes to another. */
export class LoadedModelStore<Preference> implements Store<ModelState> {
  readonly #parts: ModelParts<Preference>;
  readonly #shown = new ValueStore<ModelState>({ state: 'loading', progress: null, previous: null });
  /** Rises with every start: what an earlier one tells is not shown any more. */
  #start = 0;

  constructor(parts: ModelParts<Preference>) {
    this.#parts = parts;
    // Also when a worker had to be replaced meanwhile, and the model runs somewhere else now.
    parts.encoder.subscribe((model) => this.#shown.set({ state: 'ready', model }));
  }

  /** The state of the model. */
  readonly get = (): ModelState => this.#shown.get();

  /** Calls `listener` after every change. */
  readonly subscribe = (listener: () => void): (() => void) => this.#shown.subscribe(listener);

  /** Starts the chosen model, or tries again after a failure. Settles when it is known what became of it. */
  async start(): Promise<void> {
    const show = this.#begin();
    try {
      await this.#parts.fetchServed((progress) => show.progress(progress));
      show.model(await this.#parts.encoder.load(this.#parts.choices.optionsFor(), show.progress));
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // Another model was chosen before this one had started: that one is told of.
      if (!isCancelled(error)) show.failure(error.message);
    }
  }

  /** Changes to another model and stays with it; goes back to the one before, and throws, when it does not start. */
  change(choice: ModelInFormat): Promise<void> {
    const { choices } = this.#parts;
    return this.#restart(choices.optionsFor(choice), () => choices.saveModel(choice));
  }

  /** Runs the model another way and stays with it; goes back, and throws, when it does not start. */
  changeProvider(preference: Preference): Promise<void> {
    const { choices } = this.#parts;
    const before = choices.readPreference();
    // Kept at once: the choice shows while the model starts.
    choices.savePreference(preference);
    return this.#restart(
      choices.optionsFor(undefined, preference),
      () => undefined,
      () => choices.savePreference(before),
    );
  }

  async #restart(
    options: LoadOptions,
    keep: () => void,
    goBack: () => void = () => undefined,
  ): Promise<void> {
    const show = this.#begin();
    try {
      const model = await this.#parts.encoder.load(options, show.progress);
      keep();
      show.model(model);
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // Another choice was made before this one had started, and is under way.
      if (isCancelled(error)) return;
      goBack();
      void this.start();
      throw error;
    }
  }

  #begin() {
    this.#start += 1;
    const start = this.#start;
    const set = (next: (current: ModelState) => ModelState) => {
      if (this.#start === start) this.#shown.update(next);
    };
    const loading = (progress: LoadProgress | null) =>
      set((current) => ({ state: 'loading', progress, previous: modelOf(current) }));
    loading(null);
    return {
      progress: loading,
      model: (model: LoadedModel) => set(() => ({ state: 'ready', model })),
      failure: (message: string) => set(() => ({ state: 'failed', message })),
    };
  }
}

/** The model that is at work, or was until it began to be replaced. */
export function modelOf(state: ModelState): LoadedModel | null {
  if (state.state === 'ready') return state.model;
  return state.state === 'loading' ? state.previous : null;
}
