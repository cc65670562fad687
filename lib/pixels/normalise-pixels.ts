/**
 * RGB bytes of several pictures as CLIP's `pixel_values`: scaled to 0…1, mean and standard deviation
 * applied, channels first.
 *
 * @param pictures each `size * size * 3` bytes, row by row, RGB
 * @returns float32 of shape [pictures.length, 3, size, size]
 */
export function normalisePixels(
  pictures: readonly Uint8Array[],
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Float32Array<ArrayBuffer> {
  const plane = size * size;
  const values = new Float32Array(pictures.length * 3 * plane);
  // A byte has 256 values: looking them up is cheaper than computing each pixel.
  const tables = mean.map((channelMean, channel) =>
    Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - channelMean) / std[channel]!),
  );
  pictures.forEach((pixels, picture) => {
    if (pixels.length !== plane * 3) {
      throw new RangeError(`A picture has ${pixels.length} bytes where ${plane * 3} were expected.`);
    }
    for (let channel = 0; channel < 3; channel += 1) {
      const table = tables[channel]!;
      const base = (picture * 3 + channel) * plane;
      for (let pixel = 0; pixel < plane; pixel += 1)
        values[base + pixel] = table[pixels[pixel * 3 + channel]!]!;
    }
  });
  return values;
}
