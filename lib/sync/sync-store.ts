import type { ClipChange, ClipDetails, EventColumns } from '@/lib/protocol/clips';
import type { FramePicture } from '@/lib/protocol/pictures';
import type { WritableRow } from '@/lib/protocol/rows';
import type { PulledPage } from './pull-clip';

/** What the library had of a clip when this device last heard of it: what changes are compared with. */
export interface KnownClip {
  revision: string;
  /** See [Note: Digests of a clip]. */
  digest: string;
  event: EventColumns;
}

/** A shared clip as it is on this device. */
export interface LocalClip {
  clip: string;
  /** Rows that it has. */
  frames: number;
  digest: string;
  event: EventColumns;
  details: ClipDetails;
  /** A copy of its file is on this device. */
  hasVideo: boolean;
  /** Its rows are in the library alone, and so is what `digest` is of. */
  isAway: boolean;
  /** Null as long as the library has never had it. */
  known: KnownClip | null;
}

/** A change of a clip that the library does not have yet. There is one a clip at most; its content is the clip as it is here. */
export interface PendingChange {
  clip: string;
  /** Of what is sent now. Any further change of the clip gets a new one, since what was begun must stay as it is. */
  revision: string;
  kind: 'rows' | 'edit' | 'delete' | 'unshare';
  /** Earlier ones, which may have been committed although no answer came. */
  earlier: readonly string[];
}

/** The rows and pictures of a clip, a page at a time. */
interface ClipPages {
  frames: number;
  pictures: number;
  pages: readonly number[];
  readRows: (page: number) => Promise<WritableRow[]>;
  picturePages: number;
  readPictures: (page: number) => Promise<FramePicture[]>;
}

/** How far this device has read the library's list of changes. */
export interface Position {
  after: number;
  /** Null before the first answer. */
  epoch: string | null;
}

/** What this device knows of a library, and its shared clips. Each call that writes is one transaction. */
export interface SyncStore {
  position(): Promise<Position>;
  moveTo(position: Position): Promise<void>;
  /** Revisions of the clips that the library has, as far as this device knows. */
  known(): Promise<{ clip: string; revision: string }[]>;
  /** A clip of this device, shared or not yet. */
  find(clip: string): Promise<LocalClip | null>;
  /** Oldest first. */
  pending(): Promise<PendingChange[]>;
  pendingOf(clip: string): Promise<PendingChange | null>;
  pages(clip: string): Promise<ClipPages>;

  /** The library has `pending` now. Unless the clip changed meanwhile, nothing is left to send. */
  markSent(pending: PendingChange, known: KnownClip | null): Promise<void>;
  /** Keeps a page of a clip that comes, with its pictures, until the clip is taken. Nobody sees it before. */
  keepPage(change: Pick<ClipChange, 'clip' | 'revision' | 'pictures'>, page: PulledPage): Promise<void>;
  /**
   * Takes a clip as the library has it, drops what was to be sent, and moves on. A clip that has ended there goes here too,
   * unless this device has its video: that may be nowhere else, so it stays unshared.
   *
   * @param pages those that were kept of its rows; null where this device has them
   */
  adopt(change: ClipChange, pages: readonly number[] | null, position: Position | null): Promise<void>;
  /** Takes what the library says of a clip whose rows stay there, drops what was to be sent, and moves on. */
  list(change: ClipChange, position: Position | null): Promise<void>;
  /** Puts what is left of a change of this device on top of the library's. */
  rebase(
    change: ClipChange,
    onto: { event: EventColumns; details: ClipDetails; pages: readonly number[] | null },
    pending: PendingChange,
    position: Position | null,
  ): Promise<void>;
  /** Makes the clip one of this device alone, as `copy`, and moves on. */
  part(clip: string, copy: string, position: Position | null): Promise<void>;
  /** Has the same change wait under another revision. */
  renew(pending: PendingChange): Promise<void>;
  /** Shares a clip anew that the library has lost. */
  shareAgain(pending: PendingChange): Promise<void>;
}
