import { findLastCluster, IN_CLUSTER, readElement, writeVint } from './ebml';

/*
 * [Note: Cut-off Matroska files]
 *
 * A recording that ends in a crash ends in the middle of a cluster, whose header promises more bytes than there are.
 * mediabunny 1.61.0 reads such a cluster not at all, and with it up to five seconds of whole pictures. So the file is
 * given to it without the broken block, and the cluster's size is set to what is there.
 */

/** Ends of files that are searched for the last cluster, one after another. */
const TAIL_BYTES = [1 << 20, 1 << 23, 1 << 26];

/**
 * A Matroska or WebM file without the part of a block that it ends with, see [Note: Cut-off Matroska files]. Null for
 * a file that does not end in the middle of a block.
 */
export async function withoutBrokenEnd(file: Blob): Promise<Blob | null> {
  for (const tailBytes of TAIL_BYTES) {
    const tailStart = Math.max(0, file.size - tailBytes);
    const bytes = new Uint8Array(await file.slice(tailStart).arrayBuffer());
    const at = findLastCluster(bytes);
    if (at === -1) {
      if (tailStart === 0) return null;
      continue;
    }
    const cluster = readElement(bytes, at)!;
    const end = cluster.size === null ? bytes.length : cluster.dataStart + cluster.size;
    if (end < bytes.length) return null;
    const wholeEnd = findWholeEnd(bytes, cluster.dataStart, cluster.size === null);
    if (wholeEnd === null || (wholeEnd === bytes.length && end === wholeEnd)) return null;
    const sizeLength = cluster.dataStart - cluster.sizeStart;
    const size =
      cluster.size === null
        ? bytes.slice(cluster.sizeStart, cluster.dataStart)
        : writeVint(wholeEnd - cluster.dataStart, sizeLength);
    return new Blob([
      file.slice(0, tailStart + cluster.sizeStart),
      size,
      file.slice(tailStart + cluster.dataStart, tailStart + wholeEnd),
    ]);
  }
  return null;
}

/** Where the last whole element of a cluster ends; null where other elements follow it. */
function findWholeEnd(bytes: Uint8Array, start: number, isUnknownSize: boolean): number | null {
  let at = start;
  while (at < bytes.length) {
    const child = readElement(bytes, at);
    if (child && !IN_CLUSTER.has(child.id)) return isUnknownSize ? null : at;
    const size = child?.size ?? null;
    if (!child || size === null || child.dataStart + size > bytes.length) return at;
    at = child.dataStart + size;
  }
  return at;
}
