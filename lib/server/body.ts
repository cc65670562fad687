import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import { contentDigest } from '@/lib/protocol/digests';
import { MAX_BODY_BYTES, MAX_UNPACKED_BYTES } from '@/lib/protocol/limits';
import { formatBytes } from '@/lib/shared/format';
import { property } from '@/lib/shared/errors';
import { describeMisfit, type z } from '@/lib/shared/zod';
import { Problem } from './problem';

const gunzip = promisify(gunzipWithCallback);

/** Media types of the protocol's contents. */
export const MEDIA_TYPES = {
  json: 'application/json',
  rows: 'application/x-ndjson',
  pictures: 'application/octet-stream',
  packed: 'application/octet-stream',
} as const;

/** Reads a JSON body. Throws a refusal where it does not fit `schema`. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const bytes = await readBody(request, MEDIA_TYPES.json);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Problem('bad-request', 'The content is not JSON in UTF-8.');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem('bad-request', `In the content, ${describeMisfit(result.error)}.`);
}

/** Reads a body that must come with its `Content-Digest`, as it was sent. */
export async function readCheckedBody(
  request: Request,
  mediaType: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; digest: string }> {
  const bytes = await readBody(request, mediaType);
  const digest = await contentDigest(bytes);
  const sent = request.headers.get('Content-Digest');
  // Further digests may stand beside it.
  if (sent?.split(',').some((one) => one.trim() === digest)) return { bytes, digest };
  throw new Problem(
    'wrong-digest',
    sent === null
      ? 'The content has no Content-Digest with SHA-256. Send it with one.'
      : 'The content is not what its digest says. Send it again.',
  );
}

/** Unpacks a gzip body, and no more of it than may be. */
export async function gunzipBody(request: Request, bytes: Uint8Array): Promise<Uint8Array> {
  if (request.headers.get('Content-Encoding') !== 'gzip')
    throw new Problem('not-gzip', 'Rows come packed. Send them with Content-Encoding: gzip.');
  try {
    return await gunzip(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if (property(error, 'code') === 'ERR_BUFFER_TOO_LARGE')
      throw new Problem(
        'body-too-large',
        `The content unpacks to more than ${formatBytes(MAX_UNPACKED_BYTES)}. Send smaller pages.`,
      );
    throw new Problem('not-gzip', 'The content is not gzip, or is cut off. Send it again.');
  }
}

async function readBody(request: Request, mediaType: string): Promise<Uint8Array<ArrayBuffer>> {
  const type = request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== mediaType)
    throw new Problem('media-type', `The content’s type must be ${mediaType}; it is ${type ?? 'not given'}.`);
  if (Number(request.headers.get('Content-Length') ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // A length that is not given, or wrong, is found out here.
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('cut-off', 'The content was cut off on its way. Send it again.');
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLarge(): Problem {
  return new Problem(
    'body-too-large',
    `The content is larger than ${formatBytes(MAX_BODY_BYTES)}. Send smaller pages.`,
  );
}
