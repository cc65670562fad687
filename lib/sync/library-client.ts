import {
  changesAnswer,
  clipsAnswer,
  commitAnswer,
  devicesAnswer,
  joinAnswer,
  revisionAnswer,
  type ChangesAnswer,
  type FoundClip,
  type JoinAnswer,
  type ListedDevice,
  type RevisionAnswer,
  type RevisionRequest,
} from '@/lib/protocol/clips';
import { contentDigest } from '@/lib/protocol/digests';
import type { Invitation } from '@/lib/protocol/invitation';
import { API_PATH } from '@/lib/protocol/limits';
import { packPictures, unpackPictures, type FramePicture } from '@/lib/protocol/pictures';
import { readPage, writePage, type ClipRow, type WritableRow } from '@/lib/protocol/rows';
import {
  longestSearchAnswer,
  unpackSearchAnswer,
  type LibrarySearchAnswer,
  type LibrarySearchRequest,
} from '@/lib/protocol/search';
import { FramesiftError } from '@/lib/shared/errors';
import type { z } from '@/lib/shared/zod';
import { Refusal } from './refusal';

/** Sends a request: `fetch` with its time limit in the page, a server in the same process in tests. */
export type Send = (request: Request) => Promise<Response>;

/** What a device knows of a library that it has joined. */
export interface LibraryAccess {
  /** Origin of the server. */
  server: string;
  workspace: string;
  token: string;
}

/** A page of rows as it came. */
export interface ReadPage {
  /** As lines, unpacked. */
  lines: Uint8Array<ArrayBuffer>;
  /** What they say, checked. */
  rows: ClipRow[];
}

/** Joins the library of an invitation. May be sent again within ten minutes by the same device. */
export async function joinLibrary(
  send: Send,
  { server, secret }: Invitation,
  device: { id: string; name: string },
): Promise<JoinAnswer> {
  const request = new Request(`${server}${API_PATH}/join`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ secret, device }),
  });
  return readAnswer(await send(request), joinAnswer);
}

/** The routes of a library that this device has joined. Each call is one request; what is not a success throws a `Refusal`. */
export class LibraryClient {
  readonly #send: Send;
  readonly #base: string;
  readonly #token: string;

  constructor(send: Send, { server, workspace, token }: LibraryAccess) {
    this.#send = send;
    this.#base = `${server}${API_PATH}/w/${workspace}`;
    this.#token = token;
  }

  /** What changed after `after`, at most 500 clips. */
  async changes(after: number): Promise<ChangesAnswer> {
    return readAnswer(await this.#request('GET', `/changes?after=${after}`), changesAnswer);
  }

  /** Begins a change that has rows, or makes one that has none. */
  async putRevision(clip: string, revision: string, request: RevisionRequest): Promise<RevisionAnswer> {
    const answer = await this.#request('PUT', `/clips/${clip}/revisions/${revision}`, {
      type: 'application/json',
      body: JSON.stringify(request),
    });
    return readAnswer(answer, revisionAnswer);
  }

  /** Sends the rows of a page. */
  async putRows(clip: string, revision: string, page: number, rows: readonly WritableRow[]): Promise<void> {
    const body = await gzip(writePage(rows));
    await this.#request('PUT', `/clips/${clip}/revisions/${revision}/rows/${page}`, {
      type: 'application/x-ndjson',
      body,
      headers: { 'Content-Encoding': 'gzip', 'Content-Digest': await contentDigest(body) },
    });
  }

  /** Sends a page of pictures. */
  async putPictures(
    clip: string,
    revision: string,
    page: number,
    pictures: readonly FramePicture[],
  ): Promise<void> {
    const body = packPictures(pictures);
    await this.#request('PUT', `/clips/${clip}/revisions/${revision}/pictures/${page}`, {
      type: 'application/octet-stream',
      body,
      headers: { 'Content-Digest': await contentDigest(body) },
    });
  }

  /** Commits a change whose rows are there. Returns its number in the feed. */
  async commit(clip: string, revision: string): Promise<number> {
    const answer = await this.#request('POST', `/clips/${clip}/revisions/${revision}/commit`);
    return (await readAnswer(answer, commitAnswer)).change;
  }

  /** The rows of a page, checked. */
  async readRows(clip: string, revision: string, page: number): Promise<ReadPage> {
    const answer = await this.#request('GET', `/clips/${clip}/rows/${page}?revision=${revision}`);
    const lines = new Uint8Array(await answer.arrayBuffer());
    return { lines, rows: readPage(lines, page) };
  }

  /** Pictures of frames, by their 1-based numbers. */
  async readPictures(
    clip: string,
    revision: string,
    frameNumbers: readonly number[],
  ): Promise<FramePicture[]> {
    const query = `revision=${revision}&frames=${frameNumbers.join(',')}`;
    const answer = await this.#request('GET', `/clips/${clip}/pictures?${query}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const digest = answer.headers.get('Content-Digest');
    if (digest === null || digest === (await contentDigest(bytes))) return unpackPictures(bytes);
    throw new FramesiftError('bad-input', 'The pictures did not arrive as the library has them. Try again.', {
      transient: true,
    });
  }

  /** What the library says to a question; see [Note: Searching on the server]. */
  async search(request: LibrarySearchRequest): Promise<LibrarySearchAnswer> {
    const answer = await this.#request('POST', '/search', {
      type: 'application/json',
      body: JSON.stringify(request),
    });
    return unpackSearchAnswer(await readAtMost(answer, longestSearchAnswer(request)), request);
  }

  /** Shared clips of a file, and of one model where it is named. */
  async findClips(fingerprint: string, model: string | null): Promise<FoundClip[]> {
    const query = new URLSearchParams({ fingerprint, ...(model !== null && { model }) });
    const answer = await this.#request('GET', `/clips?${query.toString()}`);
    return (await readAnswer(answer, clipsAnswer)).clips;
  }

  /** Every device that was ever in the library. */
  async devices(): Promise<ListedDevice[]> {
    return (await readAnswer(await this.#request('GET', '/devices'), devicesAnswer)).devices;
  }

  /** Leaves the library: the token is refused from then on. */
  async leave(): Promise<void> {
    await this.#request('DELETE', '/token');
  }

  async #request(
    method: string,
    path: string,
    content?: { type: string; body: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Response> {
    const request = new Request(this.#base + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(content && { 'Content-Type': content.type, ...content.headers }),
      },
      ...(content && { body: content.body }),
    });
    const response = await this.#send(request);
    if (response.ok) return response;
    throw await Refusal.from(response);
  }
}

/** The whole body, of which no more is kept in memory than an answer can have. */
async function readAtMost(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.length;
    if (length > most) {
      await reader?.cancel();
      throw new FramesiftError('bad-input', 'The library answered with more than was asked for.');
    }
    parts.push(part.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function readAnswer<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  if (!response.ok) throw await Refusal.from(response);
  const result = schema.safeParse(await response.json().catch(() => null));
  if (result.success) return result.data;
  throw new FramesiftError(
    'bad-input',
    'The library’s server answered in a way that this page does not know. Reload the page, then try again.',
  );
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
