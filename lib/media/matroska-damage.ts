import {
  CLUSTER_ID,
  findLastCluster,
  IN_CLUSTER,
  IN_SEGMENT,
  MAX_HEADER_BYTES,
  readElement,
  type Element,
} from './ebml';

/** A cluster holds fewer blocks than this, so that a place in it is no further from its head. */
const MAX_BLOCKS = 1 << 16;

/** Elements between two pictures; more are taken for whole. */
const MAX_ELEMENTS = 20_000;

/**
 * Whether bytes between two clusters are no Matroska: zeros, or what a failing disk or an interrupted copy left. A
 * screen or a camera that sent nothing for a while leaves whole clusters next to each other.
 *
 * @param fromPlace a byte in the first cluster, near its head
 * @param toPlace a byte in the other one
 */
export async function isDamagedBetween(file: Blob, fromPlace: number, toPlace: number): Promise<boolean> {
  const read = async (at: number, length: number) =>
    new Uint8Array(await file.slice(at, at + length).arrayBuffer());
  const windowStart = Math.max(0, fromPlace - MAX_BLOCKS);
  const start = findLastCluster(await read(windowStart, fromPlace - windowStart + MAX_HEADER_BYTES));
  if (start === -1) return false;
  let at = windowStart + start;
  for (let seen = 0; seen < MAX_ELEMENTS && at < toPlace; seen++) {
    const element: Element | null = readElement(await read(at, MAX_HEADER_BYTES), 0);
    if (!element || !(IN_SEGMENT.has(element.id) || IN_CLUSTER.has(element.id))) return true;
    const dataStart = at + element.dataStart;
    if (element.id === CLUSTER_ID) at = dataStart;
    else if (element.size === null || dataStart + element.size > file.size) return true;
    else at = dataStart + element.size;
  }
  return false;
}
