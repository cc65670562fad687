/** Likelihoods that separate what is said of a match. */
interface Levels {
  unlikely: number;
  possible: number;
  strong: number;
  perScenes?: number | undefined;
}

/** The levels of a calibrated model. */
export function levelsOf({ unlikely, possible, strong, perScenes }: Levels) {
  return { unlikely, possible, strong, ...(perScenes !== undefined && { perScenes }) };
}

/** What a likelihood counts as, by the model's levels. */
export function strengthOf(
  likelihood: number | null,
  levels: Pick<Levels, 'possible' | 'strong'> | null | undefined,
): 'strong' | 'possible' | 'weak' | 'unrated' {
  if (likelihood === null || !levels) return 'unrated';
  if (likelihood >= levels.strong) return 'strong';
  return likelihood >= levels.possible ? 'possible' : 'weak';
}
