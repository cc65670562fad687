/** Reads `length` bytes of a file from `offset` on; fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** A crafted file could have one box for every eight bytes. */
const MAX_BOXES = 10_000;

/**
 * The types of an MP4's or QuickTime file's outermost boxes (ISO/IEC 14496-12, 4.2), and whether the last one ends
 * where the file does.
 */
export async function listMp4Boxes(
  read: ReadBytes,
  fileBytes: number,
): Promise<{ types: string[]; isWhole: boolean }> {
  const types: string[] = [];
  let offset = 0;
  while (offset + 8 <= fileBytes && types.length < MAX_BOXES) {
    const head = await read(offset, 16);
    if (head.length < 8) break;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const type = String.fromCharCode(...head.subarray(4, 8));
    if (!/^[\x20-\x7e]{4}$/.test(type)) return { types, isWhole: false };
    types.push(type);
    let size = view.getUint32(0);
    if (size === 0) return { types, isWhole: true };
    if (size === 1) size = head.length < 16 ? 0 : view.getUint32(8) * 2 ** 32 + view.getUint32(12);
    if (size < 8) return { types, isWhole: false };
    offset += size;
  }
  return { types, isWhole: offset === fileBytes };
}
