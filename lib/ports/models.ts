import type { StoredFile } from '@/lib/shared/file-facts';
import type { Rate } from '@/lib/shared/rate-estimator';

/** Number formats a model's graph comes in, named as transformers.js names them. */
export type ModelDtype = 'fp32' | 'fp16' | 'q8';

/** Bytes of a model's files fetched so far; `totalBytes` is null while a server does not say. */
export interface DownloadProgress {
  loadedBytes: number;
  totalBytes: number | null;
}

/**
 * The files of one model in one dtype, wherever they are: on this site, in the browser's storage or in
 * memory. This is all that the encoder knows of where models come from.
 */
export interface ModelFileSource {
  readonly modelId: string;
  readonly name: string;
  readonly dtype: ModelDtype;
  /** Which weights these are, where the model's own files do not say it. */
  readonly revision: string;
  /** Every file that may be read, e.g. `config.json`, `onnx/text_model.onnx`. */
  readonly paths: readonly string[];
  /** @throws FramesiftError `model-unavailable` when the file is not there or cannot be read */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** How far a model's download has come, all of its files together. */
export interface ModelDownloadProgress extends DownloadProgress {
  /** The file that is being fetched or checked. */
  path: string;
  /** Bytes a second and the time left; null while too little has come to tell. */
  rate: Rate | null;
  /** Whether something of it is kept in memory only, for want of room in the browser's storage. */
  isInMemory: boolean;
}

/** What a place holds of a model. It names checked files only: a file that it does not name is not used. */
export interface ModelManifest {
  format: 1;
  id: string;
  name: string;
  /** Where the model's layout begins, for models that are in no catalogue. */
  origin?: string | undefined;
  files: Record<string, StoredFile>;
}

/** Where models are fetched from. */
export interface SourceSettings {
  /** Stands in for the Hub, with the Hub's own paths behind it; null for the Hub itself. */
  mirrorBaseUrl: string | null;
  /** Models that this site serves itself, put there by `npm run models -- pull`, and where they begin. */
  hosted: readonly { manifest: ModelManifest; baseUrl: string }[];
}

/** Licence of a model's weights, as it is shown before anything is fetched. */
export interface Licence {
  name: string;
  /** Its text, or the card that tells of it; relative URLs are of this site. */
  url: string;
}

/** A model in the number format that it is to run in. */
export interface ModelInFormat {
  modelId: string;
  dtype: ModelDtype;
}

/** A model in one dtype, as a person may choose it. */
export interface ModelVariant {
  dtype: ModelDtype;
  /** Null where a server does not say. */
  totalBytes: number | null;
  /** Bytes that need not be fetched (again). */
  storedBytes: number;
  /**
   * `bundled` comes with the page; `absent` and `partial` must be downloaded; `stored` is in the browser's
   * storage; `in-memory` is here until the page is closed, because the storage is full or missing.
   */
  state: 'bundled' | 'absent' | 'partial' | 'stored' | 'in-memory';
  /** Who is asked for what is missing. */
  fetchedFrom: string;
}

/** A model that can be chosen, or downloaded and then chosen. */
export interface ModelListing {
  id: string;
  name: string;
  summary: string;
  kind: 'bundled' | 'catalog' | 'own';
  /** Null for a person's own: they know it. */
  licence: Licence | null;
  /** Where its files are from: a repository with its revision, an address, or nothing. */
  origin: string | null;
  variants: ModelVariant[];
}

/** A model that was found in a person's files or at an address, and is not stored yet. */
export interface OwnModelProposal {
  key: string;
  name: string;
  /** Who is asked for it; null for files, which are here. */
  host: string | null;
  variants: { dtype: ModelDtype; totalBytes: number | null }[];
}

/** A file with the path that it had in what was dropped or chosen. */
export interface GivenFile {
  path: string;
  file: File;
}

/** What the models worker does: lists, fetches, checks and keeps models that do not come with the page. */
export interface Models {
  list(settings: SourceSettings): Promise<ModelListing[]>;
  /** Bytes that the browser would still keep for this site; null where it does not tell. */
  freeBytes(): Promise<number | null>;
  /**
   * Fetches what is missing of a model and checks it.
   *
   * @throws FramesiftError `cancelled` once the signal is aborted; what has arrived is kept
   */
  download(
    modelId: string,
    dtype: ModelDtype,
    settings: SourceSettings,
    onProgress: (progress: ModelDownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  remove(modelId: string, dtype: ModelDtype): Promise<void>;
  /** Finds a model in files that a person gave. */
  inspectFiles(files: GivenFile[]): Promise<OwnModelProposal>;
  /** Finds a model at an address. */
  inspectBaseUrl(url: string): Promise<OwnModelProposal>;
  /** Stores a model that was found, and returns its id. */
  addOwn(
    key: string,
    dtype: ModelDtype,
    onProgress: (progress: ModelDownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<string>;
}
