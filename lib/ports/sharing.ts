import type { ClipChange, ClipDetails, EventColumns, Scope } from '@/lib/protocol/clips';
import type { FramePicture } from '@/lib/protocol/pictures';
import type { WritableRow } from '@/lib/protocol/rows';
import type { Notice } from '@/lib/sync/notices';
import type { KnownClip, PendingChange, Position } from '@/lib/sync/sync-store';

/** What of a library's clips is here: all of them, their list alone, or what fits its size once that is known. */
export type Holding = 'copies' | 'list' | 'undecided';

/** A library on a server that this browser is in. */
export interface SharedLibrary {
  /** The server's id of it. */
  id: string;
  /** Origin of its server. */
  server: string;
  name: string;
  token: string;
  scope: Scope;
  /** What the server calls this browser. */
  deviceId: string;
  joinedAt: Date;
  /** A person has stopped it. */
  isPaused: boolean;
  /** What of its clips is here; it is searched on its server where that is the list alone. */
  holding: Holding;
  after: number;
  epoch: string | null;
  /** When it was gone through last; null for never. */
  syncedAt: Date | null;
}

/** That a clip is in a shared library. */
export interface ClipShare {
  libraryId: string;
  clipId: string;
  /** Whether the library has it already. */
  isKnown: boolean;
  /** What the library does not have yet; null for nothing. */
  waiting: PendingChange['kind'] | null;
}

/** A notice as it is kept. */
export interface KeptNotice {
  libraryId: string;
  id: string;
  notice: Notice;
  toldAt: Date;
}

/** A clip as sharing sees it. */
export interface StoredClip {
  clip: string;
  /** Null, as are its details, where the clip was deleted here. */
  event: EventColumns | null;
  details: ClipDetails | null;
  known: KnownClip | null;
  isShared: boolean;
  /** A copy of its file is here. */
  hasVideo: boolean;
  /** Its rows are in the library alone. */
  isAway: boolean;
  /** Frames that are stored. */
  frames: number;
  /** Null where it has to be computed from the rows. */
  digest: string | null;
  /** Which rows those are: of equal ones the digest is equal. */
  digestOf: string;
}

/** Which rows and pictures a clip has. */
export interface ClipContents {
  /** Rows that have a frame, a vector or both. */
  frames: number;
  /** Pages that have rows, in order. */
  pages: number[];
  /** Pictures that there are, in the order of their frames. */
  pictures: { frameNumber: number; bytes: number }[];
}

/** A page of a clip that comes from a library. */
export interface ComingPage {
  page: number;
  /** Its rows as lines, checked. */
  lines: Uint8Array<ArrayBuffer>;
  /** As `packPictures` packs them. */
  pictures: Uint8Array<ArrayBuffer>;
}

/** A clip whose rows are in a library alone, as that had it when this browser last heard of it. */
export interface AwayClip {
  clip: string;
  libraryId: string;
  revision: string;
  digest: string;
  frames: number;
}

/** What a clip becomes. */
export interface ClipContent {
  event: EventColumns;
  details: ClipDetails;
  /** Pages of its rows that were kept; null where those that are here stay. */
  pages: readonly number[] | null;
}

/** Shared libraries as the library's owner keeps them: verbs, of which each means the same when it runs twice. */
export interface Sharing {
  /** In the order in which they were joined. */
  libraries(): Promise<SharedLibrary[]>;
  /** Adds a library. One that is joined again gets its new token and keeps the rest. */
  saveLibrary(library: SharedLibrary): Promise<void>;
  setLibrary(
    id: string,
    changes: Partial<Pick<SharedLibrary, 'isPaused' | 'holding' | 'syncedAt'>>,
  ): Promise<void>;
  /** Forgets a library. Its clips stay, as clips of this browser alone; those whose rows are there go. */
  forgetLibrary(id: string): Promise<void>;
  listShares(): Promise<ClipShare[]>;
  /** Shares clips that are here; those that are shared already stay so. */
  shareClips(libraryId: string, clips: string[]): Promise<void>;
  /** Takes clips from the library, for everybody. They stay here. */
  stopSharing(libraryId: string, clips: string[]): Promise<void>;
  /** The oldest first. */
  listNotices(): Promise<KeptNotice[]>;
  keepNotice(libraryId: string, id: string, notice: Notice): Promise<void>;
  dropNotice(libraryId: string, id: string): Promise<void>;

  moveTo(libraryId: string, position: Position): Promise<void>;
  /** Revisions of the clips that the library has, as far as is known here. */
  knownClips(libraryId: string): Promise<{ clip: string; revision: string }[]>;
  /** Also of a clip that is here and not shared; null where there is neither. */
  findClip(libraryId: string, clip: string): Promise<StoredClip | null>;
  keepDigest(libraryId: string, clip: string, digest: string, digestOf: string): Promise<void>;
  /** What can be sent now, oldest first. A clip that is being read waits until it is read. */
  pendingChanges(libraryId: string): Promise<PendingChange[]>;
  pendingOf(libraryId: string, clip: string): Promise<PendingChange | null>;
  clipContents(clip: string): Promise<ClipContents>;
  readSharedRows(clip: string, page: number): Promise<WritableRow[]>;
  readSharedPictures(clip: string, frameNumbers: number[]): Promise<FramePicture[]>;

  /** See `SyncStore`. */
  markSent(libraryId: string, pending: PendingChange, known: KnownClip | null): Promise<void>;
  /** Keeps a page of a revision of a clip beside the clip, until it is taken or the library is opened anew. */
  keepPage(clip: string, revision: string, page: ComingPage): Promise<void>;
  /**
   * See `SyncStore`.
   *
   * @param options.aside id for a copy of a clip that is here under the same id and is not shared; null for none
   */
  adoptClip(
    libraryId: string,
    change: ClipChange,
    pages: readonly number[] | null,
    options: { position: Position | null; aside: string | null },
  ): Promise<void>;
  /** See `SyncStore`. */
  rebaseClip(
    libraryId: string,
    change: ClipChange,
    onto: ClipContent,
    pending: PendingChange,
    position: Position | null,
  ): Promise<void>;
  /** See `SyncStore`. */
  listClip(libraryId: string, change: ClipChange, position: Position | null): Promise<void>;
  /** Where the rows of a clip are, while they are not here; null for a clip whose rows are. */
  awayClip(clip: string): Promise<AwayClip | null>;
  /** The same of all clips of a library. */
  awayClips(libraryId: string): Promise<AwayClip[]>;
  /** Stores the rows of a clip from pages that were kept, unless it has others by now. */
  bringRows(away: AwayClip, pages: readonly number[]): Promise<void>;
  /**
   * Removes rows and pictures that the library has too, of clips that came from it and have no video here. Returns of how
   * many clips.
   */
  letRowsGo(libraryId: string): Promise<number>;
  /** See `SyncStore`; the clip is `copy` from then on. */
  partClip(libraryId: string, clip: string, copy: string, position: Position | null): Promise<void>;
  /** Has a change wait, in the place of the one that waits for the same clip. */
  setPending(libraryId: string, pending: PendingChange): Promise<void>;
  /** The same for a clip that the library has lost. */
  shareAgain(libraryId: string, pending: PendingChange): Promise<void>;
}
