import type { Calibration, MatchLevels, MatchStrength } from '@/lib/ports/encoder';

/** The levels of a calibrated model. */
export function levelsOf({ unlikely, possible, strong, perScenes }: Calibration): MatchLevels {
  return { unlikely, possible, strong, ...(perScenes !== undefined && { perScenes }) };
}

/** What a likelihood counts as, by the model's levels. */
export function strengthOf(
  likelihood: number | null,
  levels: Pick<MatchLevels, 'possible' | 'strong'> | null | undefined,
): MatchStrength {
  if (likelihood === null || !levels) return 'unrated';
  if (likelihood >= levels.strong) return 'strong';
  return likelihood >= levels.possible ? 'possible' : 'weak';
}
