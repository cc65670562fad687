import type { SelectionInput } from '@/lib/select/selection';

/** What a strategy chooses from, one frame a second. Without embeddings every frame looks different from every other. */
export function inputOf(
  scores: readonly number[],
  options: {
    embeddings?: readonly (readonly number[])[];
    timesMs?: readonly number[];
    likelihoods?: readonly number[];
  } = {},
): SelectionInput {
  const embeddings =
    options.embeddings ?? scores.map((_, row) => scores.map((__, other) => (row === other ? 1 : 0)));
  return {
    embeddings: Float32Array.from(embeddings.flat()),
    dimension: Math.max(1, embeddings[0]?.length ?? 1),
    scores: Float32Array.from(scores),
    timesMs: Float64Array.from(options.timesMs ?? scores.map((_, row) => row * 1000)),
    likelihoods: options.likelihoods ? Float32Array.from(options.likelihoods) : null,
    levels: options.likelihoods ? { unlikely: 0.02, possible: 0.25, strong: 0.5 } : null,
  };
}

/** Unit embedding in the plane, by its angle in degrees. */
export function at(degrees: number): [number, number] {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Numbers 0…1 that are the same every time (a linear congruential generator). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Scores as CLIP gives them for a clip: a narrow band of noise with a bump round each of `moments`. */
export function clipLikeScores(frames: number, moments: readonly number[], seed = 1): number[] {
  const random = randomNumbers(seed);
  return Array.from({ length: frames }, (_, row) => {
    const bump = moments.some((moment) => Math.abs(row - moment) < 4) ? 0.08 : 0;
    return 0.2 + bump + 0.03 * (random() + random() - 1);
  });
}
