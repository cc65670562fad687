/** Files opened since the page was loaded, by clip: they need not be read back from storage. */
export const openedFiles = new Map<string, Blob>();

/** Copies of clips that were read back: the same object each time, so that what is opened of it stays open. */
export const keptFiles = new Map<string, Blob>();

/** Remembers the file that a clip was made from, or was given again. */
export function rememberFile(clipId: string, file: Blob): void {
  openedFiles.set(clipId, file);
}

/** Forgets the file of a clip that is deleted. */
export function forgetFile(clipId: string): void {
  openedFiles.delete(clipId);
  keptFiles.delete(clipId);
}
