import { randomUUID } from 'node:crypto';
import type { PGlite } from '@electric-sql/pglite';
import { MemoryTree } from '@/lib/files/memory-tree';
import type { DatabaseConnection } from '@/lib/library/client';
import { ClipFiles } from '@/lib/library/clip-files';
import { LibraryVerbs } from '@/lib/library/library-verbs';
import { SharingVerbs } from '@/lib/library/sharing-verbs';
import type { EventColumns, Scope } from '@/lib/protocol/clips';
import { writePage } from '@/lib/protocol/rows';
import { giveWay } from '@/lib/shared/async';
import { bringClip, DatabaseStore } from '@/lib/sync/database-store';
import type { LibraryClient } from '@/lib/sync/library-client';
import { noticeId, type Notice } from '@/lib/sync/notices';
import { syncLibrary } from '@/lib/sync/sync-library';
import type { LocalClip, PendingChange } from '@/lib/sync/sync-store';
import { emptyTables, embeddedFrame, openMemoryDatabase } from '../unit/library/support';
import { SERVER } from './library-server';
import type { SharedState, SyncDevice } from './sync-device';

const LIBRARY = 'yard';

/** A device with the page's own library: PGlite in memory, its verbs, and files in memory. */
export class DatabaseDevice implements SyncDevice {
  readonly notices: Notice[] = [];
  readonly files = new ClipFiles(new MemoryTree());
  readonly verbs: LibraryVerbs;
  readonly sharing: SharingVerbs;
  readonly #parts: { pg: PGlite; connection: DatabaseConnection };

  private constructor(
    parts: { pg: PGlite; connection: DatabaseConnection },
    private readonly client: LibraryClient,
    private readonly model: string | null,
    readonly holding: 'copies' | 'list',
  ) {
    this.#parts = parts;
    const common = { files: this.files, onChange: () => undefined };
    this.verbs = new LibraryVerbs({ ...common, connection: parts.connection, giveWay });
    this.sharing = new SharingVerbs({ ...common, db: parts.connection.db });
  }

  /** Opens a database, or takes over one that is open, and joins. */
  static async open(
    client: LibraryClient,
    model: string | null = null,
    before?: DatabaseDevice,
    holding: 'copies' | 'list' = 'copies',
  ): Promise<DatabaseDevice> {
    const parts = before ? before.#parts : await openMemoryDatabase();
    await emptyTables(parts.pg);
    await parts.pg.exec('truncate libraries cascade');
    const device = new DatabaseDevice(parts, client, model, holding);
    await device.join();
    return device;
  }

  /** Joins the library, or joins it again. */
  join(scope: Scope = 'write'): Promise<void> {
    return this.sharing.saveLibrary({
      id: LIBRARY,
      server: SERVER,
      name: 'Yard',
      token: 'the client has it',
      scope,
      deviceId: randomUUID(),
      joinedAt: new Date(),
      isPaused: false,
      holding: this.holding,
      after: 0,
      epoch: null,
      syncedAt: null,
    });
  }

  close(): Promise<void> {
    return this.#parts.pg.close();
  }

  sync(client = this.client): Promise<void> {
    return syncLibrary({
      client,
      store: this.#store(client),
      model: this.model,
      holding: this.holding,
      newRevision: randomUUID,
      tell: async (notice) => {
        this.notices.push(notice);
        await this.sharing.keepNotice(LIBRARY, noticeId(notice), notice);
      },
    });
  }

  async add(description: string, clip = randomUUID(), frames = 2): Promise<string> {
    const modelVersion = this.model ?? 'a model';
    await this.verbs.createClip({ id: clip, description, fileName: 'gate.mp4', modelVersion });
    await this.verbs.storeFrameBatch(clip, batch(frames), modelVersion);
    await this.sharing.shareClips(LIBRARY, [clip]);
    await this.verbs.updateClip(clip, { ingestState: 'done' });
    return clip;
  }

  async edit(
    clip: string,
    columns: Partial<Pick<EventColumns, 'description' | 'smart_detection_type'>>,
  ): Promise<void> {
    const { description, smart_detection_type: smartDetectionType } = columns;
    await this.verbs.updateClip(clip, {
      ...(description !== undefined && { description }),
      ...(smartDetectionType !== undefined && { smartDetectionType }),
    });
  }

  async keepVideo(clip: string): Promise<void> {
    const videoPath = await this.files.storeClipFile(clip, new File(['video'], 'gate.mp4'));
    await this.verbs.updateClip(clip, { videoPath });
  }

  async readAgain(clip: string, model: string): Promise<void> {
    const { frameCount } = (await this.verbs.getClip(clip))!;
    const before = (await this.verbs.getClip(clip))!.modelVersion;
    if (before === model) {
      await this.verbs.storeFrameBatch(clip, batch(frameCount), model);
      await this.verbs.updateClip(clip, { ingestState: 'done' });
    } else {
      await this.verbs.storeFrameBatch(clip, batch(frameCount), model, { asDraft: true });
      await this.verbs.finishReembedding(clip, model);
    }
  }

  async end(clip: string, kind: 'delete' | 'unshare'): Promise<void> {
    if (kind === 'delete') await this.verbs.deleteClip(clip);
    else await this.sharing.stopSharing(LIBRARY, [clip]);
  }

  async lose(): Promise<void> {
    await this.#parts.pg.exec('delete from shared_clips; delete from events');
  }

  async visible(): Promise<string[]> {
    const shares = await this.sharing.listShares();
    return shares
      .filter(({ waiting }) => waiting !== 'delete' && waiting !== 'unshare')
      .map(({ clipId }) => clipId);
  }

  pending(): Promise<PendingChange[]> {
    return this.sharing.pendingChanges(LIBRARY);
  }

  find(clip: string): Promise<LocalClip | null> {
    return this.#store(this.client).find(clip);
  }

  async state(): Promise<SharedState[]> {
    const ids = (await this.sharing.listShares()).map(({ clipId }) => clipId).sort();
    const state: SharedState[] = [];
    for (const clip of ids) {
      const { event, details, digest, known } = (await this.find(clip))!;
      const rows = writePage(await this.sharing.readSharedRows(clip, 0));
      state.push({ clip, event, model: details.model_version, rows, digest, revision: known?.revision });
    }
    return state;
  }

  async own(): Promise<{ clip: string; event: EventColumns }[]> {
    const shared = new Set((await this.sharing.listShares()).map(({ clipId }) => clipId));
    const own = (await this.verbs.listClips()).filter(({ id }) => !shared.has(id));
    return Promise.all(own.map(async ({ id }) => ({ clip: id, event: (await this.find(id))!.event })));
  }

  /** Pictures of a clip, as they lie here. */
  async pictures(clip: string): Promise<Uint8Array[]> {
    const { pictures } = await this.sharing.clipContents(clip);
    const numbers = pictures.map(({ frameNumber }) => frameNumber);
    return (await this.sharing.readSharedPictures(clip, numbers)).map(({ bytes }) => bytes);
  }

  /** Brings the rows of a clip that has been listed; false where they are here. */
  async openClip(clip: string): Promise<boolean> {
    const away = await this.sharing.awayClip(clip);
    if (away) await bringClip(this.client, this.#store(this.client), away);
    return away !== null;
  }

  #store(client: LibraryClient): DatabaseStore {
    return new DatabaseStore(this.sharing, LIBRARY, client);
  }
}

function batch(frames: number) {
  const seed = Math.floor(Math.random() * 1e6);
  return Array.from({ length: frames }, (_, i) => ({
    ...embeddedFrame(i, seed + i),
    thumbnail: thumbnailOf(seed + i),
  }));
}

/** The beginning of a WebP file, another one for another seed. */
function thumbnailOf(seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(20);
  bytes.set(Buffer.from('RIFF....WEBPVP8 '));
  new DataView(bytes.buffer).setUint32(16, seed);
  return bytes;
}
