import { createHash, createHmac, randomBytes } from 'node:crypto';

/** A secret of 256 random bits, to be handed to a person or a device and never stored. */
export function makeSecret(prefix: 'fsi_' | 'fsl_'): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** What is stored of a secret. Slow hashes are for secrets that can be guessed. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Name of a new workspace. It is random, since every role may list the schemas of a database. */
export function makeWorkspaceId(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Password of a database role, which is stored nowhere: whoever knows the server's secret can compute it.
 *
 * @param version raised to change the password without changing the secret
 */
export function rolePassword(serverSecret: string, role: string, version = 1): string {
  return createHmac('sha256', serverSecret).update(`${role} ${version}`).digest('base64url');
}
