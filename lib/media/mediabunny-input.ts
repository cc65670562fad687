import { BlobSource, Input, MATROSKA, MP4, MPEG_TS, QTFF, WEBM, type InputFormat } from 'mediabunny';
import { runsBeyondFile } from './fragment-runs';
import { countsTooMuch } from './sample-tables';

/**
 * Containers that are tried. Not mediabunny's ALL_FORMATS: HLS would fetch what a playlist names, and
 * the sound formats take some junk for MP3.
 */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/**
 * The part of mediabunny 1.61.0 through which every byte is read. Internal, like the decoder wrapper (frame-decoder.ts).
 */
interface Reader {
  requestSlice: (start: number, length: number) => MaybePromise<Slice | null>;
  requestSliceRange: (start: number, minLength: number, maxLength: number) => MaybePromise<Slice | null>;
}

interface Slice {
  length: number;
  /** Bytes of the file from `offset` on, among them the slice's. */
  view: DataView;
  offset: number;
  start: number;
}

type MaybePromise<T> = T | Promise<T>;

/** Longest head of an element, as mediabunny's search for one counts. */
const SEARCHED_BYTES = 8;

/**
 * Opens a file for mediabunny. Whoever opens it disposes of it.
 *
 * [Note: A search without an end] mediabunny 1.61.0 looks for the next element behind damage in a Matroska file, and where there
 * is none it stands for ever before the last eight bytes that it may look at: they are neither searched nor too few to
 * go on. Nothing else in the worker runs then. A slice of so few bytes is kept from that search, which is the only one
 * that takes slices of any length, and so ends it.
 *
 * A fragment of an MP4 is refused before it is read where its runs count too much, see [Note: Runs that count to billions].
 */
export function openMediabunny(blob: Blob): Input {
  const input = new Input({
    source: new BlobSource(blob, { handleUnhandledError: () => undefined }),
    formats: FORMATS,
  });
  input.on('source', () => {
    const { _reader: reader } = input as unknown as { _reader: Reader };
    const requestRange = reader.requestSliceRange.bind(reader);
    reader.requestSliceRange = (start, minLength, maxLength) => {
      const slice = requestRange(start, minLength, maxLength);
      return minLength > 0 ? slice : whenThere(slice, orEnd);
    };
    const request = reader.requestSlice.bind(reader);
    reader.requestSlice = (start, length) =>
      whenThere(request(start, length), (slice) => checkFragment(slice, blob.size));
  });
  return input;
}

function orEnd(slice: Slice | null): Slice | null {
  return slice && slice.length > SEARCHED_BYTES ? slice : null;
}

const MOOF = 0x6d6f6f66;

/** @throws FramesiftError `unreadable-video` for a fragment that nothing can be read by */
function checkFragment(slice: Slice | null, fileBytes: number): Slice | null {
  if (!slice || slice.length <= SEARCHED_BYTES) return slice;
  const at = slice.start - slice.offset;
  if (slice.view.getUint32(at + 4) !== MOOF) return slice;
  const moof = new DataView(slice.view.buffer, slice.view.byteOffset + at, slice.length);
  if (runsBeyondFile(moof, fileBytes)) throw countsTooMuch();
  return slice;
}

function whenThere<T>(value: MaybePromise<T>, then: (value: T) => T): MaybePromise<T> {
  return value instanceof Promise ? value.then(then) : then(value);
}
