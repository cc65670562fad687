/** Times are rounded to microseconds on their way. */
const ROUNDING_US = 2;

/** Whether something of a file is missing between the pictures that come on at two times of the track's clock. */
export type DamageFinder = (fromUs: number, toUs: number) => Promise<boolean>;

/**
 * Finds damage between two pictures by their places in the file; null where nothing is lost.
 *
 * @param timestampsUs of the pictures, in microseconds of the track's clock
 * @param places where each picture lies in the file, in bytes
 * @param lost places from which on bytes are missing
 */
export function lostBetween(
  timestampsUs: readonly number[],
  places: readonly number[],
  lost: readonly number[],
): DamageFinder | null {
  if (lost.length === 0) return null;
  const placeAt = (us: number) =>
    places[timestampsUs.findIndex((time) => Math.abs(time - us) <= ROUNDING_US)];
  return (fromUs, toUs) => {
    const [from, to] = [placeAt(fromUs), placeAt(toUs)];
    const isBetween =
      from !== undefined && to !== undefined && lost.some((place) => place > from && place < to);
    return Promise.resolve(isBetween);
  };
}
