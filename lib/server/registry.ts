import type { Pool } from 'pg';
import type { Scope } from '@/lib/protocol/clips';
import { Problem } from './problem';
import { hashSecret, makeSecret } from './secrets';
import { inTransaction, withClient } from './transaction';

/** A token that is not used for so long is refused: 180 days. */
const TOKEN_LIFE_MS = 180 * 24 * 60 * 60 * 1000;

/** How often the use of a token is written down: hourly. */
const RENEW_AFTER_MS = 60 * 60 * 1000;

/** How long a device whose answer was lost may join again by the same invitation. */
const JOIN_AGAIN_MS = 10 * 60 * 1000;

/** A device as its token tells. */
export interface Session {
  tokenHash: string;
  workspace: string;
  keyVersion: number;
  frameLimit: number | null;
  scope: Scope;
  deviceId: string;
  deviceName: string;
}

/** A device that has just been let in. */
export interface Joined {
  session: Session;
  /** Name of the library. */
  name: string;
  token: string;
  expires: Date;
}

interface TokenRow {
  workspace_id: string;
  key_version: number;
  frame_limit: number | null;
  scope: Scope;
  device_id: string;
  device_name: string;
  renewed_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

interface InvitationRow {
  workspace_id: string;
  name: string;
  key_version: number;
  frame_limit: number | null;
  scope: Scope;
  uses_left: number;
  expires_at: Date;
}

/** Who may use which library, in the schema `framesift`. Times come from the caller. */
export class Registry {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The device that a token belongs to, and whether its use should be written down. Throws `token-refused`. */
  async findSession(token: string, now: Date): Promise<{ session: Session; isDue: boolean }> {
    const tokenHash = hashSecret(token);
    const { rows } = await this.#pool.query<TokenRow>({
      name: 'token',
      text: `select t.workspace_id, w.key_version, w.frame_limit, t.scope, t.device_id, t.device_name,
               t.renewed_at, t.expires_at, t.revoked_at
             from tokens t join workspaces w on w.id = t.workspace_id where t.token_hash = $1`,
      values: [tokenHash],
    });
    const row = rows[0];
    if (!row) throw refusedToken('This device is not known to the library. Ask for a new invitation.');
    if (row.revoked_at)
      throw refusedToken('This device was taken off the library. Ask for a new invitation.');
    if (row.expires_at <= now)
      throw refusedToken('This device was away for too long. Ask for a new invitation.');
    return {
      isDue: now.getTime() - row.renewed_at.getTime() > RENEW_AFTER_MS,
      session: {
        tokenHash,
        workspace: row.workspace_id,
        keyVersion: row.key_version,
        frameLimit: row.frame_limit,
        scope: row.scope,
        deviceId: row.device_id,
        deviceName: row.device_name,
      },
    };
  }

  /** Writes down that a token was used, which lets it live on. */
  async renew({ tokenHash }: Session, now: Date): Promise<void> {
    await this.#pool.query('update tokens set renewed_at = $2, expires_at = $3 where token_hash = $1', [
      tokenHash,
      now,
      expiryAfter(now),
    ]);
  }

  /** Ends a token. */
  async revoke({ tokenHash }: Session, now: Date): Promise<void> {
    await this.#pool.query('update tokens set revoked_at = $2 where token_hash = $1 and revoked_at is null', [
      tokenHash,
      now,
    ]);
  }

  /**
   * Lets a device in. The same device may ask again within ten minutes, since the answer may have been lost: it gets another
   * token in place of the first, and the invitation is not used up twice. Throws `invitation-refused`.
   */
  async join(secret: string, device: { id: string; name: string }, now: Date): Promise<Joined> {
    const invitationHash = hashSecret(secret);
    const token = makeSecret('fsl_');
    const expires = expiryAfter(now);
    return withClient(this.#pool, (client) =>
      inTransaction(client, async () => {
        const invitations = await client.query<InvitationRow>(
          `select i.workspace_id, w.name, w.key_version, w.frame_limit, i.scope, i.uses_left, i.expires_at
           from invitations i join workspaces w on w.id = i.workspace_id
           where i.secret_hash = $1 for update of i`,
          [invitationHash],
        );
        const invitation = invitations.rows[0];
        if (!invitation) throw refusedInvitation('This invitation is not known here.');
        if (invitation.expires_at <= now) throw refusedInvitation('This invitation has expired.');
        const replaced = await client.query(
          `delete from tokens
           where invitation_hash = $1 and device_id = $2 and created_at > $3 and revoked_at is null`,
          [invitationHash, device.id, new Date(now.getTime() - JOIN_AGAIN_MS)],
        );
        if (replaced.rowCount === 0) {
          if (invitation.uses_left === 0) throw refusedInvitation('This invitation has been used.');
          await client.query('update invitations set uses_left = uses_left - 1 where secret_hash = $1', [
            invitationHash,
          ]);
        }
        const session = {
          tokenHash: hashSecret(token),
          workspace: invitation.workspace_id,
          keyVersion: invitation.key_version,
          frameLimit: invitation.frame_limit,
          scope: invitation.scope,
          deviceId: device.id,
          deviceName: device.name,
        };
        await client.query(
          `insert into tokens (token_hash, workspace_id, invitation_hash, scope, device_id, device_name,
             created_at, renewed_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
          [
            session.tokenHash,
            session.workspace,
            invitationHash,
            session.scope,
            device.id,
            device.name,
            now,
            expires,
          ],
        );
        return { session, name: invitation.name, token, expires };
      }),
    );
  }
}

function expiryAfter(now: Date): Date {
  return new Date(now.getTime() + TOKEN_LIFE_MS);
}

function refusedToken(detail: string): Problem {
  return new Problem('token-refused', detail);
}

function refusedInvitation(whatHappened: string): Problem {
  return new Problem('invitation-refused', `${whatHappened} Ask for a new one.`);
}
