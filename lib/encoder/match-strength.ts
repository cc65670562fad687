import type { Calibration } from './calibration';

/** Likelihoods that separate what is said of a match. */
export type MatchLevels = Pick<Calibration, 'unlikely' | 'possible' | 'strong' | 'perScenes'>;

/** The levels of a calibrated model. */
export function levelsOf({ unlikely, possible, strong, perScenes }: Calibration): MatchLevels {
  return { unlikely, possible, strong, ...(perScenes !== undefined && { perScenes }) };
}

/** How much a frame can be relied on; `unrated` where nobody has measured the model for such a question. */
export type MatchStrength = 'strong' | 'possible' | 'weak' | 'unrated';

/** What a likelihood counts as, by the model's levels. */
export function strengthOf(
  likelihood: number | null,
  levels: Pick<MatchLevels, 'possible' | 'strong'> | null | undefined,
): MatchStrength {
  if (likelihood === null || !levels) return 'unrated';
  if (likelihood >= levels.strong) return 'strong';
  return likelihood >= levels.possible ? 'possible' : 'weak';
}
