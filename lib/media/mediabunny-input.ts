import { BlobSource, Input, MATROSKA, MP4, MPEG_TS, QTFF, WEBM, type InputFormat } from 'mediabunny';

/**
 * Containers that are tried. Not mediabunny's ALL_FORMATS: HLS would fetch what a playlist names, and
 * the sound formats take some junk for MP3.
 */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/**
 * The part of mediabunny 1.61.0 through which every byte is read. Internal, like the decoder wrapper (frame-decoder.ts).
 */
interface Reader {
  requestSliceRange: (start: number, minLength: number, maxLength: number) => MaybePromise<Slice | null>;
}

interface Slice {
  length: number;
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
 */
export function openMediabunny(blob: Blob): Input {
  const input = new Input({
    source: new BlobSource(blob, { handleUnhandledError: () => undefined }),
    formats: FORMATS,
  });
  input.on('source', () => {
    const { _reader: reader } = input as unknown as { _reader: Reader };
    const request = reader.requestSliceRange.bind(reader);
    reader.requestSliceRange = (start, minLength, maxLength) => {
      const slice = request(start, minLength, maxLength);
      if (minLength > 0) return slice;
      return slice instanceof Promise ? slice.then(orEnd) : orEnd(slice);
    };
  });
  return input;
}

function orEnd(slice: Slice | null): Slice | null {
  return slice && slice.length > SEARCHED_BYTES ? slice : null;
}
