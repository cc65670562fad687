/**
 * Motion JPEG is a row of JPEG pictures. Webcams leave out the Huffman tables, since all use the ones that the
 * standard gives as typical (ITU-T T.81, K.3.3); decoders of pictures want to see them.
 */

const START_OF_FRAME = new Set([
  0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
]);
const HUFFMAN_TABLES = 0xc4;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

interface Segment {
  marker: number;
  /** Of the marker's first byte, and behind the segment. */
  start: number;
  end: number;
}

/** The segments up to and including the start of the first scan. */
function* segments(jpeg: Uint8Array): Generator<Segment, void, undefined> {
  let at = 2;
  while (at + 4 <= jpeg.length) {
    if (jpeg[at] !== 0xff) return;
    const marker = jpeg[at + 1]!;
    // Bytes of 255 may fill the space before a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === END_OF_IMAGE) return;
    const end = at + 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!);
    yield { marker, start: at, end };
    if (marker === START_OF_SCAN) return;
    at = end;
  }
}

/** Size of the stored picture, or null where the data is no JPEG picture. */
export function readJpegSize(jpeg: Uint8Array): { width: number; height: number } | null {
  for (const { marker, start, end } of segments(jpeg)) {
    if (!START_OF_FRAME.has(marker) || end > jpeg.length || end - start < 9) continue;
    const height = (jpeg[start + 5]! << 8) | jpeg[start + 6]!;
    const width = (jpeg[start + 7]! << 8) | jpeg[start + 8]!;
    return { width, height };
  }
  return null;
}

/** The picture with Huffman tables: itself where it has some, else with the typical ones before its scan. */
export function completeJpeg(jpeg: Uint8Array): Uint8Array {
  for (const { marker, start } of segments(jpeg)) {
    if (marker === HUFFMAN_TABLES) return jpeg;
    if (marker !== START_OF_SCAN) continue;
    const complete = new Uint8Array(jpeg.length + TYPICAL_TABLES.length);
    complete.set(jpeg.subarray(0, start));
    complete.set(TYPICAL_TABLES, start);
    complete.set(jpeg.subarray(start), start + TYPICAL_TABLES.length);
    return complete;
  }
  return jpeg;
}

/** Tables K.3 and K.4: how many codes of each length, and the values, which simply count up. */
const DC_COUNTS = {
  luma: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  chroma: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
};

/** Tables K.5 and K.6. */
const AC_COUNTS = {
  luma: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  chroma: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
};

const AC_LUMA_VALUES =
  '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34' +
  '35363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a9293949596' +
  '9798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1' +
  'f2f3f4f5f6f7f8f9fa';

const AC_CHROMA_VALUES =
  '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a26272829' +
  '2a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a929394' +
  '95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9ea' +
  'f2f3f4f5f6f7f8f9fa';

function bytesOf(hex: string): number[] {
  return hex.match(/../g)!.map((pair) => parseInt(pair, 16));
}

function makeTypicalTables(): Uint8Array {
  const dcValues = Array.from({ length: 12 }, (_, value) => value);
  const tables = [
    [0x00, ...DC_COUNTS.luma, ...dcValues],
    [0x01, ...DC_COUNTS.chroma, ...dcValues],
    [0x10, ...AC_COUNTS.luma, ...bytesOf(AC_LUMA_VALUES)],
    [0x11, ...AC_COUNTS.chroma, ...bytesOf(AC_CHROMA_VALUES)],
  ].flat();
  const length = tables.length + 2;
  return Uint8Array.from([0xff, HUFFMAN_TABLES, length >> 8, length & 0xff, ...tables]);
}

const TYPICAL_TABLES = makeTypicalTables();
