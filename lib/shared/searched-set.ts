/** What tells one set of a clip's embeddings from its others. */
interface NamedSet {
  modelVersion: string;
  state: 'current' | 'replacement';
  frames: number;
}

/** The embeddings of a clip that a search with a model compares: those that wait only where no others are there. */
export function searchedSet<T extends NamedSet>(sets: readonly T[], modelVersion: string): T | undefined {
  const own = sets.filter((set) => set.modelVersion === modelVersion && set.frames > 0);
  return own.find(({ state }) => state === 'current') ?? own[0];
}
