import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { RevisionRequest, Scope } from '@/lib/protocol/clips';
import { pageDigest, rowsDigest } from '@/lib/protocol/digests';
import { MAX_PICTURES_PER_PAGE } from '@/lib/protocol/limits';
import type { FramePicture } from '@/lib/protocol/pictures';
import { pageOf, type ClipRow } from '@/lib/protocol/rows';
import { Administration, type Workspace } from '@/lib/server/administration';
import { databaseAt } from '@/lib/server/database-address';
import { roleOf, schemaOf } from '@/lib/server/names';
import { openLibraryServer, type OpenLibraryServer } from '@/lib/server/open-server';
import { joinLibrary, LibraryClient, type Send } from '@/lib/sync/library-client';
import type { ClipSource } from '@/lib/sync/push-clip';
import { embeddingToJson } from '@/lib/shared/embedding-json';
import { randomEmbedding } from '../unit/library/support';
import { startPostgres, type PostgresCluster } from './postgres-cluster';

/** Where a server that runs in this process seems to be. */
export const SERVER = 'https://library.example';

/** A library server over a PostgreSQL of its own. */
export interface TestServer {
  /** Version of pgvector in its database; null for none. */
  pgvector: string | null;
  settings: Parameters<typeof openLibraryServer>[0] & { ownerAddress: string };
  server: OpenLibraryServer;
  /** The time that the server sees; it stands still until it is set. */
  clock: { now: Date };
  /** What the server reported as its own fault. */
  faults: unknown[];
  /** Works as the owner of the libraries. */
  administer: <T>(work: (administration: Administration) => Promise<T>) => Promise<T>;
  makeWorkspace: (name: string, frameLimit?: number) => Promise<Workspace>;
  /** Secret of an invitation, for one device and a minute unless told. */
  invite: (workspace: Workspace, options?: Partial<InvitationOptions>) => Promise<string>;
  makeDevice: (
    workspace: Workspace,
    options?: { scope?: Scope; send?: Send; name?: string },
  ) => Promise<TestDevice>;
  /** Rows of a statement that the owner runs in a workspace. */
  queryAsOwner: (workspace: Workspace, sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Ends every connection to a workspace's tables, in the middle of whatever it does. */
  endConnections: (workspace: Workspace) => Promise<void>;
  stop: () => Promise<void>;
}

/** What an invitation allows. */
type InvitationOptions = Parameters<Administration['invite']>[1];

/** A device that has joined. */
export interface TestDevice {
  client: LibraryClient;
  token: string;
  deviceId: string;
}

/**
 * Starts PostgreSQL, where every role but its superuser needs its password, and a server in this process.
 *
 * @param options.durable whether commits wait for the disk
 * @param options.origins of the pages that may use it
 * @param options.searchMegabytes that searched libraries may take
 * @param options.wantsPgvector adds pgvector to its database where the server has it
 * @param options.database an empty one that is there, in the place of one that is made and thrown away
 * @param options.isDistributed has Citus keep each library on one of its nodes
 */
export async function startTestServer({
  durable = false,
  origins = ['https://clips.example'],
  searchMegabytes = 64,
  wantsPgvector = false,
  database = null as TestDatabase | null,
  isDistributed = false,
} = {}): Promise<TestServer> {
  const {
    addresses,
    pgvector = null,
    endConnections,
    stop,
  } = database ?? (await startOwnDatabase(durable, wantsPgvector));
  const owners = new Map<string, Promise<Client>>();
  const settings = {
    ...addresses,
    secret: 'a secret of a test, which is long enough',
    origins,
    rates: { requestsPerSecond: 100_000, atOnce: 100 },
    searchMegabytes,
    exactFrames: null,
  };
  const clock = { now: new Date() };
  const faults: unknown[] = [];
  const server = openLibraryServer(settings, {
    now: () => clock.now,
    report: (error) => faults.push(error),
  });
  const administer = <T>(work: (administration: Administration) => Promise<T>) =>
    Administration.open(settings, work);
  const invite = (
    workspace: Workspace,
    {
      scope = 'write',
      uses = 1,
      expiresAt = new Date(clock.now.getTime() + 60_000),
    }: Partial<InvitationOptions> = {},
  ) =>
    administer((administration) => administration.invite(workspace, { scope, uses, expiresAt }, clock.now));
  return {
    pgvector,
    settings,
    server,
    clock,
    faults,
    administer,
    makeWorkspace: (name, frameLimit) =>
      administer((administration) =>
        administration.init(name, frameLimit ?? null, clock.now, { isDistributed }),
      ),
    invite,
    makeDevice: async (workspace, { scope = 'write', send = server.fetch, name = 'A device' } = {}) => {
      const secret = await invite(workspace, { scope });
      const deviceId = randomUUID();
      const { token } = await joinLibrary(server.fetch, { server: SERVER, secret }, { id: deviceId, name });
      return {
        client: new LibraryClient(send, { server: SERVER, workspace: workspace.id, token }),
        token,
        deviceId,
      };
    },
    queryAsOwner: async (workspace, sql, values) => {
      const owner = owners.get(workspace.id) ?? connectAsOwner(settings.ownerAddress, workspace);
      owners.set(workspace.id, owner);
      return (await (await owner).query<Record<string, unknown>>(sql, values)).rows;
    },
    endConnections,
    stop: async () => {
      const connections = await Promise.all(owners.values());
      await Promise.all([server.close(), ...connections.map((owner) => owner.end())]);
      await stop();
    },
  };
}

/** A database for libraries, and how to reach it as a library server and as its owner. */
export interface TestDatabase {
  addresses: { address: string; ownerAddress: string };
  pgvector?: string | null;
  endConnections: TestServer['endConnections'];
  stop: () => Promise<void>;
}

async function startOwnDatabase(durable: boolean, wantsPgvector: boolean): Promise<TestDatabase> {
  const cluster = startPostgres({ passwords: true, durable });
  const superuser = await connectAsSuperuser(cluster);
  await superuser.query(MAKE_OWNER);
  await superuser.query('create database library owner framesift_owner');
  const pgvector = wantsPgvector ? await addPgvector(cluster) : null;
  const address = `postgres:///library?host=${cluster.host}`;
  return {
    addresses: { address, ownerAddress: `${address}&user=framesift_owner&password=of-the-owner` },
    pgvector,
    endConnections: async ({ id }) => {
      await superuser.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
        roleOf(id),
      ]);
    },
    stop: async () => {
      await superuser.end();
      cluster.stop();
    },
  };
}

/** The owner, who makes the database too, as docs/library.md has people do it. */
const MAKE_OWNER = `create role framesift_owner login createrole password 'of-the-owner'`;

/** Adds pgvector to the database and returns its version; null where the server does not have it. */
async function addPgvector(cluster: PostgresCluster): Promise<string | null> {
  const client = await connectAsSuperuser({ ...cluster, database: 'library' });
  try {
    const { rows } = await client.query<{ version: string }>(
      `select default_version as version from pg_available_extensions where name = 'vector'`,
    );
    if (rows[0]) await client.query('create extension vector');
    return rows[0]?.version ?? null;
  } finally {
    await client.end();
  }
}

async function connectAsSuperuser({ host, user, database }: PostgresCluster): Promise<Client> {
  const client = new Client({ host, user, database });
  await client.connect();
  return client;
}

async function connectAsOwner(address: string, { id }: Workspace): Promise<Client> {
  const client = new Client({ ...databaseAt(address), options: `-c search_path=${schemaOf(id)}` });
  await client.connect();
  return client;
}

/** What `makeClip` may be told. */
export interface MadeClipOptions {
  clip?: string;
  base?: string | null;
  frames?: number;
  description?: string;
  seed?: number;
  /** In the place of made ones. */
  rows?: ClipRow[];
  pictures?: FramePicture[];
}

/** A clip of made frames, with a picture each. */
export async function makeClip({
  clip = randomUUID(),
  base = null,
  frames = 3,
  description = 'a clip',
  seed = 1,
  rows = Array.from({ length: frames }, (_, i) => madeRow(i, seed)),
  pictures = rows.map(({ frameIndex }) => madePicture(frameIndex + 1)),
}: MadeClipOptions = {}): Promise<ClipSource & { rows: ClipRow[]; pictures: FramePicture[] }> {
  const pages = [...new Set(rows.map(({ frameIndex }) => pageOf(frameIndex)))];
  const rowsOf = (page: number) => rows.filter(({ frameIndex }) => pageOf(frameIndex) === page);
  const digests = await Promise.all(pages.map((page) => pageDigest(rowsOf(page))));
  return {
    clip,
    revision: randomUUID(),
    request: {
      kind: 'rows',
      base,
      frames: rows.length,
      pictures: pictures.length,
      digest: await rowsDigest(digests),
      ...madeEvent(clip, description),
    },
    pages,
    readRows: (page) => Promise.resolve(rowsOf(page)),
    picturePages: Math.ceil(pictures.length / MAX_PICTURES_PER_PAGE),
    readPictures: (page) =>
      Promise.resolve(pictures.slice(page * MAX_PICTURES_PER_PAGE, (page + 1) * MAX_PICTURES_PER_PAGE)),
    rows,
    pictures,
  };
}

/** A clip's own row and what else is known of it. */
export function madeEvent(
  clip: string,
  description: string,
): Pick<Extract<RevisionRequest, { kind: 'edit' }>, 'event' | 'details'> {
  return {
    event: {
      id: clip,
      timestamp: '2026-01-02T03:04:05.678Z',
      description,
      source_type: 'rtsp',
      smart_detection_type: null,
      frame_count_used: 3,
      frame_timestamps: '[0,1,2]',
      video_path: null,
      created_at: '2026-01-02T03:04:05.678Z',
    },
    details: {
      source_type: 'upload',
      file_name: 'gate.mp4',
      file_bytes: 5_000_000_000,
      file_fingerprint: 'ab12',
      duration_ms: 3000,
      width: 640,
      height: 360,
      model_version: MODEL,
      sampling: '{"kind":"rate","framesPerSecond":1}',
      player_start_ms: 0.5,
      video_track: null,
      gaps: null,
    },
  };
}

/** The model of all made vectors. */
export const MODEL = 'framesift-clip-v2@test';

/** A row with the vector of `seed` and its number. */
export function madeRow(frameIndex: number, seed = 1): ClipRow {
  const values = randomEmbedding(seed * 1000 + frameIndex);
  const createdAt = '2026-01-02T03:04:05.678Z';
  return {
    frameIndex,
    frame: {
      id: randomUUID(),
      timestampMs: frameIndex * 1000,
      width: 320,
      height: 180,
      fileSizeBytes: 20,
      createdAt,
      // Of every second one nobody knows.
      span: frameIndex % 2 ? null : { startMs: frameIndex * 1000 - 3.25, endMs: frameIndex * 1000 + 30.117 },
    },
    vector: { id: randomUUID(), modelVersion: MODEL, json: embeddingToJson(values), values, createdAt },
  };
}

/** The beginning of a WebP file. */
export function madePicture(frameNumber: number): FramePicture {
  const bytes = new Uint8Array(20);
  bytes.set(Buffer.from('RIFF....WEBPVP8 '));
  bytes[19] = frameNumber;
  return { frameNumber, bytes };
}
