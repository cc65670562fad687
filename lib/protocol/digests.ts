import { joinBytes } from '@/lib/shared/bytes';
import type { ClipRow } from './rows';

/*
 * [Note: Digests of a clip] A page's digest covers what a search depends on: which frames, their times, models and vectors.
 * A clip's covers its pages' in order, so that a server compares it without reading rows again. The library's state is the
 * exclusive or of a digest for each live clip, which a commit keeps up to date without looking at other clips.
 */

/** Hexadecimal digits of a library's state: 128 bits. */
const STATE_DIGITS = 32;

/** Digest of the rows of a page, which must be in the order of their frames. */
export function pageDigest(rows: readonly ClipRow[]): Promise<string> {
  return sha256(joinBytes(rows.map(canonicalBytes)));
}

/** Digest of a clip from those of its pages, in order. */
export function rowsDigest(pageDigests: readonly string[]): Promise<string> {
  return sha256(new TextEncoder().encode(pageDigests.join('\n')));
}

/** What a live clip adds to the state of its library. */
export async function stateOfClip(clip: string, revision: string): Promise<string> {
  const digest = await sha256(new TextEncoder().encode(`${clip} ${revision}`));
  return digest.slice(0, STATE_DIGITS);
}

/** The state of a library without any live clip. */
export const EMPTY_STATE = '0'.repeat(STATE_DIGITS);

/** Adds clips to a state, or takes them out again: both are the same. */
export function combineStates(...states: readonly string[]): string {
  const bits = states.reduce((sum, state) => sum ^ BigInt(`0x${state}`), 0n);
  return bits.toString(16).padStart(STATE_DIGITS, '0');
}

/** SHA-256 in hexadecimal digits. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Value of a `Content-Digest` header (RFC 9530) for a body as it is sent, packed where it is. */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}

/** Stands for the time of a frame that has a vector and no picture; `timestamp_offset_ms` is never so low. */
const NO_TIME = -(2 ** 31);

/** Frame index, time, length of the model's name, the name, the vector's float32: all little-endian. */
function canonicalBytes({ frameIndex, frame, vector }: ClipRow): Uint8Array<ArrayBuffer> {
  const model = new TextEncoder().encode(vector?.modelVersion ?? '');
  const vectorStart = 9 + model.length;
  const bytes = new Uint8Array(vectorStart + 4 * (vector?.values.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frameIndex, true);
  view.setInt32(4, frame?.timestampMs ?? NO_TIME, true);
  view.setUint8(8, model.length);
  bytes.set(model, 9);
  vector?.values.forEach((value, i) => view.setFloat32(vectorStart + 4 * i, value, true));
  return bytes;
}
