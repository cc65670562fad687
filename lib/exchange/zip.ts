import { unzipSync, Zip, ZipDeflate, ZipPassThrough, type UnzipFileInfo } from 'fflate';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';

/** A file to be put into a ZIP. */
export interface ZipEntry {
  /** A plain relative path with `/`. */
  name: string;
  content: Blob | string;
}

/** Pictures do not get smaller; deflating them would only take time. */
const STORED = /\.(?:jpe?g|png|webp|mp4|webm)$/i;

/** Bytes of a ZIP that is read at all: 64 frames of 8K take a tenth of it. */
const MAX_ZIP_BYTES = 1_000_000_000;

/** Bytes that all entries of a ZIP may take when they are unpacked, and how many there may be. */
const MAX_UNPACKED_BYTES = 1_500_000_000;
const MAX_ENTRIES = 20_000;

/** Nothing of ours deflates better: JSON lines of embeddings reach 2.5, manifests of like frames 30. */
const MAX_RATIO = 200;

/** Packs files one after another; only one is in memory at a time besides the result. */
export async function writeZip(
  entries: Iterable<ZipEntry> | AsyncIterable<ZipEntry>,
  modified: Date,
): Promise<Blob> {
  const parts: Blob[] = [];
  let failure: Error | undefined;
  const zip = new Zip((error, chunk) => {
    if (error) failure = error;
    else parts.push(new Blob([chunk]));
  });
  for await (const { name, content } of entries) {
    // Not fflate's asynchronous ones: they start workers from `blob:` addresses, which the site's policy forbids.
    const file = STORED.test(name) ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 });
    file.mtime = modified;
    zip.add(file);
    const bytes =
      typeof content === 'string'
        ? new TextEncoder().encode(content)
        : new Uint8Array(await content.arrayBuffer());
    file.push(bytes, true);
    if (failure) throw toFramesiftError(failure, 'The ZIP could not be written.');
  }
  zip.end();
  return new Blob(parts, { type: 'application/zip' });
}

/**
 * Unpacks a ZIP into memory by name.
 *
 * @throws FramesiftError `bad-input` for one that is damaged, too large when unpacked, or whose names lead elsewhere
 */
export async function readZip(file: Blob): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  if (file.size > MAX_ZIP_BYTES) throw refuse('This ZIP is larger than any that Framesift writes.');
  const bytes = new Uint8Array(await file.arrayBuffer());
  let unpackedBytes = 0;
  let count = 0;
  const seen = new Set<string>();
  const check = ({ name, size, originalSize }: UnzipFileInfo): boolean => {
    count += 1;
    unpackedBytes += originalSize;
    if (count > MAX_ENTRIES) throw refuse('This ZIP has more files than any that Framesift writes.');
    if (unpackedBytes > MAX_UNPACKED_BYTES || originalSize > Math.max(1, size) * MAX_RATIO) {
      throw refuse('This ZIP would unpack to far more than it looks like, so it is left alone.');
    }
    if (!isPlainPath(name)) throw refuse(`This ZIP has a file with a strange path, ${JSON.stringify(name)}.`);
    if (seen.has(name)) throw refuse(`This ZIP has the file ${JSON.stringify(name)} twice.`);
    seen.add(name);
    return !name.endsWith('/');
  };
  try {
    // A buffer of the size that the ZIP's table tells is all that fflate unpacks a file into.
    return new Map(Object.entries(unzipSync(bytes, { filter: check })));
  } catch (error) {
    if (error instanceof FramesiftError) throw error;
    throw new FramesiftError(
      'bad-input',
      'This ZIP is damaged or cut off. Fetch the whole file and try again.',
      { cause: error },
    );
  }
}

/** No way up, no root, no drive, no backslash, nothing empty. */
function isPlainPath(name: string): boolean {
  if (name === '' || name.length > 200 || /[\\:\0]/.test(name)) return false;
  const parts = name.replace(/\/$/, '').split('/');
  return parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

function refuse(message: string): FramesiftError {
  return new FramesiftError('bad-input', message);
}
