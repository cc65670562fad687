// How what one browser made of a clip differs from what another did.

/**
 * @typedef {object} Pick
 * @property {number} frame
 * @property {number} timeMs
 * @property {number} score
 */

/**
 * @typedef {object} Answer
 * @property {string} question
 * @property {string} verdict
 * @property {Pick[]} picks
 */

/**
 * @typedef {object} ReadClip
 * @property {number[]} timesMs of its frames
 * @property {number[][]} vectors
 */

/** Scores so near to each other are a tie: decoders and processors differ in the last digits. */
const TIE = 0.01;

/** A pick and its neighbour show the same. */
const NEIGHBOUR_MS = 1_500;

/**
 * How an answer differs from the one that it should be; null where only near ties do.
 *
 * @param {Answer} expected
 * @param {Answer} found
 */
export function differenceOfAnswers(expected, found) {
  if (found.verdict !== expected.verdict) {
    return `“${found.question}” is answered “${found.verdict}”, not “${expected.verdict}”`;
  }
  for (const [picks, others, whose] of /** @type {const} */ ([
    [found.picks, expected.picks, 'found'],
    [expected.picks, found.picks, 'missing'],
  ])) {
    const lowest = Math.min(...others.map(({ score }) => score));
    const isNear = (/** @type {Pick} */ one, /** @type {typeof one} */ other) =>
      Math.abs(other.timeMs - one.timeMs) <= NEIGHBOUR_MS && Math.abs(other.score - one.score) <= TIE;
    const stray = picks.find(
      (one) =>
        !others.some((other) => other.frame === one.frame || isNear(one, other)) &&
        Math.abs(one.score - lowest) > TIE,
    );
    if (stray) return `“${found.question}”: frame ${stray.frame} (score ${stray.score}) is ${whose}`;
  }
  return null;
}

/**
 * The lowest cosine of two readings' vectors, frame by frame.
 *
 * @param {ReadClip} expected
 * @param {ReadClip} found
 * @throws {Error} where they are not of the same moments
 */
export function worstCosine(expected, found) {
  if (JSON.stringify(found.timesMs) !== JSON.stringify(expected.timesMs)) {
    throw new Error(`frames at ${found.timesMs.join(', ')} ms, not at ${expected.timesMs.join(', ')} ms`);
  }
  const cosines = expected.vectors.map((vector, frame) => cosine(vector, found.vectors[frame] ?? []));
  return Math.min(...cosines);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function cosine(a, b) {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return dot / Math.hypot(...a) / Math.hypot(...b);
}
