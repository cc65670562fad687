/** A clip as far as that is concerned. */
interface Placed {
  sharedIn: { frames: number | null } | null;
}

/** Whether a clip's frames are in a shared library alone. */
export function isAway({ sharedIn }: Placed): boolean {
  return sharedIn !== null && sharedIn.frames !== null;
}
