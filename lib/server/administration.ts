import { Client, type ClientBase } from 'pg';
import type { Scope } from '@/lib/protocol/clips';
import { FramesiftError } from '@/lib/shared/errors';
import { fillWorkspace, prepareRegistry, prepareWorkspace } from './create-workspace';
import { databaseAt } from './database-address';
import { freezeWorkspace, grantRights, isFrozen } from './freeze';
import { REGISTRY_SCHEMA } from './names';
import { buildVectorIndex, dropVectorIndex, type BuildOptions } from './search/vector-index';
import { hashSecret, makeSecret, makeWorkspaceId } from './secrets';

/** A library as the registry has it. */
export interface Workspace {
  id: string;
  name: string;
  keyVersion: number;
}

/** A device that was let into a library. */
export interface KnownDevice {
  deviceId: string;
  name: string;
  scope: Scope;
  renewedAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

/** What the owner of the database does to libraries, for the command line. Times come from the caller. */
export class Administration {
  readonly #owner: ClientBase;
  readonly #serverSecret: string;

  private constructor(owner: ClientBase, serverSecret: string) {
    this.#owner = owner;
    this.#serverSecret = serverSecret;
  }

  /** Connects as the owner, who stands in the address, for as long as `work` takes. */
  static async open<T>(
    settings: { ownerAddress: string; secret: string },
    work: (administration: Administration) => Promise<T>,
  ): Promise<T> {
    const owner = new Client({
      ...databaseAt(settings.ownerAddress),
      options: `-c search_path=${REGISTRY_SCHEMA} -c client_min_messages=warning`,
    });
    await owner.connect();
    try {
      return await work(new Administration(owner, settings.secret));
    } finally {
      await owner.end();
    }
  }

  /** The owner's connection, for what reads across libraries. */
  get client(): ClientBase {
    return this.#owner;
  }

  /**
   * Makes a library, or brings the one of this name up to date.
   *
   * @param options.isDistributed lets Citus keep it on one of its nodes
   * @throws FramesiftError `bad-input` where the database has no Citus, or the library lies elsewhere already
   */
  async init(
    name: string,
    frameLimit: number | null,
    now: Date,
    { isDistributed = false } = {},
  ): Promise<Workspace> {
    if (isDistributed) await this.#assertCanDistribute(name);
    await prepareRegistry(this.#owner, this.#serverSecret, now);
    const known = (await this.list()).find((workspace) => workspace.name === name);
    const workspace = known ?? { id: makeWorkspaceId(), name, keyVersion: 1 };
    await prepareWorkspace(this.#owner, workspace, this.#serverSecret, now, { isDistributed });
    await fillWorkspace(this.#owner, workspace.id);
    // The line comes last: without it nobody can be invited into a library that is not whole.
    await this.#owner.query(
      `insert into workspaces (id, name, key_version, frame_limit, created_at) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set frame_limit = excluded.frame_limit`,
      [workspace.id, name, workspace.keyVersion, frameLimit, now],
    );
    return workspace;
  }

  /** Brings the registry and all libraries up to date. Returns what was run, by library. */
  async migrate(now: Date): Promise<{ name: string; run: string[] }[]> {
    const run = [{ name: REGISTRY_SCHEMA, run: await prepareRegistry(this.#owner, this.#serverSecret, now) }];
    for (const workspace of await this.list()) {
      run.push({
        name: workspace.name,
        run: await prepareWorkspace(this.#owner, workspace, this.#serverSecret, now),
      });
      await fillWorkspace(this.#owner, workspace.id);
    }
    return run;
  }

  /** All libraries, by name. */
  async list(): Promise<Workspace[]> {
    const { rows } = await this.#owner.query<{ id: string; name: string; key_version: number }>(
      'select id, name, key_version from workspaces order by name',
    );
    return rows.map(({ id, name, key_version }) => ({ id, name, keyVersion: key_version }));
  }

  /** The library of this name. Throws `bad-input`. */
  async find(name: string): Promise<Workspace> {
    const all = await this.list();
    const workspace = all.find((one) => one.name === name);
    if (workspace) return workspace;
    const names = all.map((one) => one.name).join(', ');
    throw new FramesiftError(
      'bad-input',
      `There is no library called “${name}”. ${names === '' ? 'Make one with: npm run library -- init NAME' : `Libraries: ${names}.`}`,
    );
  }

  /** Makes an invitation and returns its secret, which is stored nowhere. */
  async invite(
    workspace: Workspace,
    { scope, uses, expiresAt }: { scope: Scope; uses: number; expiresAt: Date },
    now: Date,
  ): Promise<string> {
    const secret = makeSecret('fsi_');
    await this.#owner.query(
      `insert into invitations (secret_hash, workspace_id, scope, uses_left, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [hashSecret(secret), workspace.id, scope, uses, now, expiresAt],
    );
    return secret;
  }

  /** Refuses all changes of a library until it is thawed; see `freezeWorkspace`. */
  freeze({ id }: Workspace): Promise<void> {
    return freezeWorkspace(this.#owner, id);
  }

  /** Lets a library be changed again. */
  thaw({ id }: Workspace): Promise<void> {
    return grantRights(this.#owner, id, false);
  }

  isFrozen({ id }: Workspace): Promise<boolean> {
    return isFrozen(this.#owner, id);
  }

  /** Makes or completes the index by which a large library is searched; see `buildVectorIndex`. */
  index({ id }: Workspace, options: BuildOptions): Promise<number> {
    return buildVectorIndex(this.#owner, id, options);
  }

  /** Removes that index. Returns whether there was one. */
  dropIndex({ id }: Workspace): Promise<boolean> {
    return dropVectorIndex(this.#owner, id);
  }

  /** The devices of a library, those that were here last first. */
  async devices(workspace: Workspace): Promise<KnownDevice[]> {
    const { rows } = await this.#owner.query<{
      device_id: string;
      device_name: string;
      scope: Scope;
      renewed_at: Date;
      expires_at: Date;
      revoked_at: Date | null;
    }>(
      `select device_id, device_name, scope, renewed_at, expires_at, revoked_at from tokens
       where workspace_id = $1 order by renewed_at desc`,
      [workspace.id],
    );
    return rows.map((row) => ({
      deviceId: row.device_id,
      name: row.device_name,
      scope: row.scope,
      renewedAt: row.renewed_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    }));
  }

  /** Takes a device off a library at once, and returns how many tokens it had. */
  async revoke(workspace: Workspace, deviceId: string, now: Date): Promise<number> {
    const { rowCount } = await this.#owner.query(
      'update tokens set revoked_at = $3 where workspace_id = $1 and device_id = $2 and revoked_at is null',
      [workspace.id, deviceId, now],
    );
    return rowCount ?? 0;
  }

  async #assertCanDistribute(name: string): Promise<void> {
    const { rowCount } = await this.#owner.query(`select 1 from pg_extension where extname = 'citus'`);
    if (rowCount === 0) {
      throw new FramesiftError(
        'bad-input',
        'This database has no Citus. Run “create extension citus” on its coordinator first, or make the library without --citus.',
      );
    }
    const { rows } = await this.#owner.query<{ registry: string | null }>(
      `select to_regclass('${REGISTRY_SCHEMA}.workspaces') as registry`,
    );
    if (rows[0]?.registry === null || !(await this.list()).some((one) => one.name === name)) return;
    throw new FramesiftError(
      'bad-input',
      `“${name}” is there already. Only a new library can be given to Citus: make another and copy it there.`,
    );
  }
}
