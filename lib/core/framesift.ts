import { IngestQueue } from '@/lib/ingest/ingest-queue';
import type { LoadProgress } from '@/lib/ports/encoder';
import type { LibraryNotice } from '@/lib/ports/library';
import type { Models } from '@/lib/ports/models';
import type { TabChannels, TabLocks } from '@/lib/ports/tabs';
import { installRpc } from '@/lib/rpc/remote';
import { ClipsStore } from './clips-store';
import { LibraryNotices } from './library-notices';
import { LoadedModelStore, type ModelChoices } from './model-store';
import { ModelsStore, type ModelsParts } from './models-store';
import { OpenedFilesStore, type Inspection } from './opened-files-store';
import { PlaceStore, type Place } from './place-store';
import { ReadingStore } from './reading-store';
import { FramesiftServices, type WorkerFactories } from './services';
import { ValueStore, type Store } from './store';
import { browserClock, type Clock, type Settings } from './surroundings';

/** What a person should read; each null where there is nothing. */
export interface Notices {
  /** What went wrong last. */
  message: string | null;
  /** The tab that owns the library does not answer. */
  silence: string | null;
}

/** Everything outside that a Framesift stands on. */
export interface FramesiftParts<Preference> {
  spawn: WorkerFactories;
  locks: TabLocks;
  channels: TabChannels;
  settings: Settings;
  choices: ModelChoices<Preference>;
  /** Fetches what is missing of the model that the site serves to everybody. Does not throw. */
  fetchServed: (models: () => Models, onProgress: (progress: LoadProgress) => void) => Promise<void>;
  /** Where models are fetched from. */
  sources: ModelsParts['sources'];
  /** Asks the browser to keep what this site stores; called before something is stored that would be missed. */
  onStoring: () => void;
  /** Looks at a file that may be a clip; throws FramesiftError with a sentence where it cannot be read. */
  inspectFile: (services: FramesiftServices, file: File) => Promise<Inspection>;
  /** Called when a clip is gone, with all that is stored of it. */
  onRemoved: (clipId: string) => void;
  /** What the page's address says when it is opened. */
  openingPlace: Place;
  /** Runs the model for frames, too, that look like the one before. */
  embedsEveryFrame?: boolean;
  clock?: Clock;
}

/** The page's workers and all state that outlives a component. Page and developer console stand on the same one. */
export interface Framesift<Preference> {
  /** What the workers offer. */
  readonly services: FramesiftServices;
  readonly clips: ClipsStore;
  readonly reading: ReadingStore;
  readonly model: LoadedModelStore<Preference>;
  /** The models that can be chosen, and what is being fetched. */
  readonly models: ModelsStore;
  /** The files that were chosen and not yet read. */
  readonly openedFiles: OpenedFilesStore;
  readonly notices: Store<Notices>;
  /** What is shown and asked. */
  readonly places: PlaceStore;
  /** Calls `listener` with each notice of the library's owner, until the function that it returns is called. */
  readonly followLibrary: (listener: (notice: LibraryNotice) => void) => () => void;
  /** Shows what went wrong; null takes it away. */
  readonly tell: (message: string | null) => void;
  /** Starts the model, then opens the library. Once. */
  start(): void;
  /** Ends all workers. */
  close(): void;
}

/** Makes everything and wires it. No worker is made before `start`, unless something needs it. */
export function createFramesift<Preference>(parts: FramesiftParts<Preference>): Framesift<Preference> {
  const { locks, settings, clock = browserClock, embedsEveryFrame = false } = parts;
  installRpc();
  const services = new FramesiftServices(parts.spawn);
  const { follow: followLibrary } = new LibraryNotices(parts.channels);
  const notices = new ValueStore<Notices>({ message: null, silence: null });
  const tell = (message: string | null) => notices.update((shown) => ({ ...shown, message }));
  services.onWorkerError = tell;
  services.onLibrarySilence = (silence) => notices.update((shown) => ({ ...shown, silence }));

  const reading = new ReadingStore({
    queue: new IngestQueue(services, { locks, embedsEveryFrame }),
    deleteClip: (clipId) => services.database.deleteClip(clipId),
    onStage: () => void clips.refresh(),
    onProblem: tell,
  });
  const clips: ClipsStore = new ClipsStore({
    database: services.database,
    reading,
    settings,
    clock,
    onListed: () => services.prepareWorkers(),
    onRemoved: parts.onRemoved,
    onProblem: tell,
  });
  const model = new LoadedModelStore<Preference>({
    encoder: services.encoder,
    choices: parts.choices,
    fetchServed: (onProgress) => parts.fetchServed(() => services.models, onProgress),
  });

  let ends: (() => void)[] | undefined;
  return {
    services,
    clips,
    reading,
    model,
    models: new ModelsStore({
      models: () => services.models,
      sources: parts.sources,
      change: (choice) => model.change(choice),
      onStoring: parts.onStoring,
    }),
    openedFiles: new OpenedFilesStore((file) => parts.inspectFile(services, file)),
    notices,
    places: new PlaceStore(parts.openingPlace),
    followLibrary,
    tell,
    start() {
      if (ends) return;
      const open = () => clips.open(model.get().state === 'loading');
      ends = [followLibrary((notice) => clips.notice(notice)), model.subscribe(open)];
      void model.start();
      open();
    },
    close() {
      ends?.forEach((end) => end());
      services.close();
    },
  };
}
