import type { AwayClip, Sharing, StoredClip } from '@/lib/ports/sharing';
import type { ClipChange, ClipDetails, EventColumns } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { MAX_PICTURES_PER_ANSWER, MAX_PICTURES_PER_PAGE } from '@/lib/protocol/limits';
import { packPictures, type FramePicture } from '@/lib/protocol/pictures';
import type { ClipRow, WritableRow } from '@/lib/protocol/rows';
import { inParallel } from '@/lib/shared/in-parallel';
import type { Remote } from '@/lib/rpc/remote';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { embeddingFromJson } from '@/lib/shared/embedding-json';
import type { LibraryClient } from './library-client';
import { pullClip, type PulledPage } from './pull-clip';
import { Refusal } from './refusal';
import type { KnownClip, LocalClip, PendingChange, Position, SyncStore } from './sync-store';

/** Bytes of pictures in a page: half of what a request may have, since a picture's stored size is what its writer said. */
const PICTURE_PAGE_BYTES = 2 * 1024 * 1024;

/** Answers with pictures that are asked for at once; a server takes six requests of a device. */
const ANSWERS_AT_ONCE = 3;

/** One library in the database of this browser, as `syncLibrary` works with it. */
export class DatabaseStore implements SyncStore {
  readonly #sharing: Remote<Sharing>;
  readonly #library: string;
  readonly #client: Pick<LibraryClient, 'readPictures'>;

  /** @param client where the pictures of a clip are read that comes */
  constructor(sharing: Remote<Sharing>, library: string, client: Pick<LibraryClient, 'readPictures'>) {
    this.#sharing = sharing;
    this.#library = library;
    this.#client = client;
  }

  async position(): Promise<Position> {
    const found = (await this.#sharing.libraries()).find(({ id }) => id === this.#library);
    return { after: found?.after ?? 0, epoch: found?.epoch ?? null };
  }

  moveTo(position: Position): Promise<void> {
    return this.#sharing.moveTo(this.#library, position);
  }

  known(): Promise<{ clip: string; revision: string }[]> {
    return this.#sharing.knownClips(this.#library);
  }

  async find(clip: string): Promise<LocalClip | null> {
    const stored = await this.#sharing.findClip(this.#library, clip);
    if (!stored) return null;
    const { event, details, known, frames } = stored;
    if (!event || !details) {
      // Deleted here: all that matters of it is what the library knows.
      return {
        clip,
        frames,
        known,
        digest: '',
        event: known?.event ?? goneEvent(clip),
        details: GONE_DETAILS,
        hasVideo: false,
        isAway: false,
      };
    }
    return {
      clip,
      frames,
      known,
      event,
      details,
      hasVideo: stored.hasVideo,
      isAway: stored.isAway,
      digest: stored.digest ?? (await this.#computeDigest(stored)),
    };
  }

  pending(): Promise<PendingChange[]> {
    return this.#sharing.pendingChanges(this.#library);
  }

  pendingOf(clip: string): Promise<PendingChange | null> {
    return this.#sharing.pendingOf(this.#library, clip);
  }

  async pages(clip: string): ReturnType<SyncStore['pages']> {
    const { frames, pages, pictures } = await this.#sharing.clipContents(clip);
    const picturePages = packPages(pictures);
    return {
      frames,
      pages,
      pictures: pictures.length,
      readRows: (page) => this.#sharing.readSharedRows(clip, page),
      picturePages: picturePages.length,
      readPictures: (page) => this.#sharing.readSharedPictures(clip, picturePages[page] ?? []),
    };
  }

  markSent(pending: PendingChange, known: KnownClip | null): Promise<void> {
    return this.#sharing.markSent(this.#library, pending, known);
  }

  async keepPage(
    { clip, revision, pictures }: Pick<ClipChange, 'clip' | 'revision' | 'pictures'>,
    { page, lines, rows }: PulledPage,
  ): Promise<void> {
    const numbers = rows.filter(({ frame }) => frame).map(({ frameIndex }) => frameIndex + 1);
    const read = pictures > 0 ? await this.#readPictures(clip, revision, numbers) : [];
    await this.#sharing.keepPage(clip, revision, { page, lines, pictures: packPictures(read) });
  }

  async adopt(change: ClipChange, pages: readonly number[] | null, position: Position | null): Promise<void> {
    const stored = await this.#sharing.findClip(this.#library, change.clip);
    const isOwnVersion =
      stored !== null && !stored.isShared && (pages !== null || !isSameEvent(stored, change));
    const aside = change.event && isOwnVersion ? crypto.randomUUID() : null;
    await this.#sharing.adoptClip(this.#library, change, pages, { position, aside });
    if (!pages && change.event && stored?.digest === null) await this.find(change.clip);
  }

  list(change: ClipChange, position: Position | null): Promise<void> {
    return this.#sharing.listClip(this.#library, change, position);
  }

  /** Takes the rows and pictures of a clip that has been listed. */
  bring(away: AwayClip, pages: readonly number[]): Promise<void> {
    return this.#sharing.bringRows(away, pages);
  }

  rebase(
    change: ClipChange,
    onto: Parameters<SyncStore['rebase']>[1],
    pending: PendingChange,
    position: Position | null,
  ): Promise<void> {
    return this.#sharing.rebaseClip(this.#library, change, onto, pending, position);
  }

  part(clip: string, copy: string, position: Position | null): Promise<void> {
    return this.#sharing.partClip(this.#library, clip, copy, position);
  }

  renew(pending: PendingChange): Promise<void> {
    return this.#sharing.setPending(this.#library, pending);
  }

  shareAgain(pending: PendingChange): Promise<void> {
    return this.#sharing.shareAgain(this.#library, pending);
  }

  async #computeDigest({ clip, digestOf, isShared }: StoredClip): Promise<string> {
    const { pages } = await this.#sharing.clipContents(clip);
    const digests: string[] = [];
    for (const page of pages) {
      const rows = await this.#sharing.readSharedRows(clip, page);
      digests.push(await pageDigest(rows.map(withValues)));
    }
    const digest = await rowsDigest(digests);
    if (isShared) await this.#sharing.keepDigest(this.#library, clip, digest, digestOf);
    return digest;
  }

  /** Pictures of frames, a few answers at a time. */
  async #readPictures(
    clip: string,
    revision: string,
    frameNumbers: readonly number[],
  ): Promise<FramePicture[]> {
    const wanted: number[][] = [];
    for (let start = 0; start < frameNumbers.length; start += MAX_PICTURES_PER_ANSWER)
      wanted.push(frameNumbers.slice(start, start + MAX_PICTURES_PER_ANSWER));
    const read: FramePicture[][] = [];
    await inParallel(
      wanted,
      async (numbers, i) => {
        read[i] = await this.#client.readPictures(clip, revision, numbers);
      },
      ANSWERS_AT_ONCE,
    );
    return read.flat();
  }
}

/** Brings the rows of a clip that has been listed; not those that were replaced meanwhile, which the feed tells of. */
export async function bringClip(
  client: LibraryClient,
  store: Pick<DatabaseStore, 'keepPage' | 'bring'>,
  away: AwayClip,
): Promise<void> {
  try {
    const change = { ...away, pictures: away.frames };
    await store.bring(away, await pullClip(client, away, (page) => store.keepPage(change, page)));
  } catch (error) {
    if (!(error instanceof Refusal && error.problem.type === 'revision-replaced')) throw error;
  }
}

/** The frames of a clip's pictures in pages, the same ones each time. */
function packPages(pictures: readonly { frameNumber: number; bytes: number }[]): number[][] {
  const pages: number[][] = [];
  let left = 0;
  for (const { frameNumber, bytes } of pictures) {
    const page = pages.at(-1);
    if (!page || bytes > left || page.length === MAX_PICTURES_PER_PAGE) {
      pages.push([]);
      left = PICTURE_PAGE_BYTES;
    }
    pages.at(-1)!.push(frameNumber);
    left -= bytes;
  }
  return pages;
}

function withValues(row: WritableRow): ClipRow {
  const { vector } = row;
  return {
    ...row,
    vector: vector && { ...vector, values: embeddingFromJson(vector.json, EMBEDDING_DIMENSION) },
  };
}

function isSameEvent({ event }: StoredClip, { event: theirs }: ClipChange): boolean {
  if (!event || !theirs) return event === theirs;
  // Paths are each device's own.
  const fields = (Object.keys(event) as (keyof EventColumns)[]).filter((field) => field !== 'video_path');
  return fields.every((field) => event[field] === theirs[field]);
}

/** A clip that was deleted here before the library told of it. */
function goneEvent(clip: string): EventColumns {
  const never = new Date(0).toISOString();
  return {
    id: clip,
    timestamp: never,
    description: '',
    source_type: 'rtsp',
    smart_detection_type: null,
    frame_count_used: null,
    frame_timestamps: null,
    video_path: null,
    created_at: never,
  };
}

const GONE_DETAILS: ClipDetails = {
  source_type: 'upload',
  file_name: null,
  file_bytes: null,
  file_fingerprint: null,
  duration_ms: null,
  width: null,
  height: null,
  model_version: null,
  sampling: null,
  player_start_ms: null,
  video_track: null,
  gaps: null,
};
