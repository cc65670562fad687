/** A file to be fetched, with what is known of it before it arrives. */
export interface ExpectedFile {
  /** Relative to the folder that it belongs in, e.g. `onnx/vision_model.onnx`. */
  path: string;
  /** Null where nobody has told. */
  bytes: number | null;
  /** In hex, lower case; null where nobody has told: then length, kind and ETag are all that is checked. */
  sha256: string | null;
}

/** A file that is whole and checked. */
export interface StoredFile {
  bytes: number;
  /** Of the bytes as stored, however they were checked; hex. */
  sha256: string;
  checked: 'sha256' | 'length';
  /** Where it came from: an address, or `files` for what a person dropped. */
  from: string;
}
