import type { OtherLibraries } from '@/lib/library/clip-database';

/** For a library that has no others beside it. */
export const NO_OTHERS: OtherLibraries = {
  list: () => Promise.resolve([]),
  choose: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  archive: (name) => Promise.resolve({ name: name ?? 'library', archive: new Blob() }),
  bringBack: () => Promise.resolve(),
  sweep: () => Promise.resolve(),
  shareFiles: () => Promise.resolve(false),
};
