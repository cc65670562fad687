/** An entry of a tar archive; `bytes` null for a folder. */
export interface TarEntry {
  path: string;
  bytes: Uint8Array<ArrayBuffer> | null;
}

const BLOCK = 512;
const GZIP_MAGIC = [0x1f, 0x8b];

/** Offsets and lengths in a header block (POSIX ustar). */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const TYPE = 156;
const PREFIX = [345, 155] as const;

/**
 * Files and folders of a tar archive, plain or gzipped; entries of other kinds are left out.
 *
 * @throws TypeError when it is cut off or no tar
 */
export async function untar(archive: Blob): Promise<TarEntry[]> {
  const start = new Uint8Array(await archive.slice(0, GZIP_MAGIC.length).arrayBuffer());
  const isGzipped = GZIP_MAGIC.every((byte, at) => start[at] === byte);
  const stream = isGzipped ? archive.stream().pipeThrough(new DecompressionStream('gzip')) : archive.stream();
  const tar = new Uint8Array(await new Response(stream).arrayBuffer());
  const entries: TarEntry[] = [];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK);
    const bytes = Number.parseInt(text(header, SIZE) || '0', 8);
    const next = at + BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
    if (!Number.isSafeInteger(bytes) || next > tar.length) throw new TypeError('The tar archive is damaged.');
    const prefix = text(header, PREFIX);
    const path = (prefix === '' ? '' : `${prefix}/`) + text(header, NAME);
    const type = String.fromCharCode(header[TYPE]!);
    if (type === '5') entries.push({ path, bytes: null });
    else if (type === '0' || type === '\0') {
      entries.push({ path, bytes: tar.subarray(at + BLOCK, at + BLOCK + bytes) });
    }
    at = next;
  }
  return entries;
}

function text(header: Uint8Array, [from, length]: readonly [number, number]): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}
