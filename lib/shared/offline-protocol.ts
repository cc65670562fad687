/*
 * What the page and its service worker say to each other, and the list of files that a build hands to the
 * service worker. Types alone: the two are compiled for different globals.
 */

/** A file that is stored while the service worker is installed. */
export interface OfflineFile {
  url: string;
  /** Digest of what is in the file; null where the address itself changes with it. */
  revision: string | null;
}

/** What makes a file worth storing that not everybody needs. */
export type OfflineGroup =
  /** The runtime for graphics cards, larger than the one for processors that everybody gets. */
  | 'webgpu'
  /** The sample clip, after everything else. */
  | 'sample';

/** Every file that the page can do without a network with. */
export interface OfflineFiles {
  always: OfflineFile[];
  onUse: (OfflineFile & { group: OfflineGroup })[];
}

/** From the page to its service worker, each with a port for the reply. */
export type OfflineRequest =
  /** Store the files of these groups too. */
  | { type: 'keep'; groups: OfflineGroup[] }
  /** Become the version that is at work, unless another tab would have it changed under its feet. */
  | { type: 'take-over' };

export interface KeepReply {
  /** Whether all of them are stored now. */
  kept: boolean;
}

export interface TakeOverReply {
  /** Tabs and windows of this site besides the one that asks; it takes over only when there are none. */
  otherTabs: number;
}
