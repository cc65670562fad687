import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A fetch that fails drops what it has received and not handed out yet, so a cut waits until the reader can
 * have taken what was sent before it.
 */
const CUT_DELAY_MS = 150;

/** What a server does wrong with one file, request by request; a request beyond the last is answered well. */
export interface Fault {
  /** Breaks the connection off after so many bytes of the body. */
  cutAfter?: number;
  /** Sends so many bytes, then nothing, and keeps the connection open. */
  stallAfter?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface ServedFile {
  bytes: Uint8Array;
  /** Null sends none. */
  etag?: string | null;
  contentType?: string;
  contentEncoding?: string;
  /** Answers every request with the whole file. */
  ignoresRanges?: boolean;
  faults?: Fault[];
}

export interface SeenRequest {
  method: string;
  path: string;
  range: string | undefined;
}

/** A local server that plays the Hub, with faults to order. */
export class HubServer {
  readonly files = new Map<string, ServedFile>();
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<HubServer> {
    const server = createServer((request, response) => hub.#answer(request, response));
    const hub = new HubServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  serve(path: string, bytes: Uint8Array, options: Omit<ServedFile, 'bytes'> = {}): ServedFile {
    const file = { bytes, ...options };
    this.files.set(path, file);
    return file;
  }

  /** Requests for one file, in order. */
  seen(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent((request.url ?? '/').slice(1));
    const { range } = request.headers;
    this.requests.push({ method: request.method ?? '', path, range });
    // As the Hub's storage: any page may read, and none may ask beforehand (a CORS preflight).
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'ETag, Content-Range');
    if (request.method === 'OPTIONS') {
      response.writeHead(403).end();
      return;
    }
    const file = this.files.get(path);
    if (!file) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Entry not found');
      return;
    }
    const fault = file.faults?.shift();
    if (fault?.status !== undefined || fault?.body !== undefined) {
      response.writeHead(fault.status ?? 200, fault.headers).end(fault.body);
      return;
    }
    const etag = file.etag === undefined ? '"v1"' : file.etag;
    const headers: Record<string, string | number> = {
      'content-type': file.contentType ?? 'application/octet-stream',
      ...(etag !== null && { etag }),
      ...(file.contentEncoding && { 'content-encoding': file.contentEncoding }),
    };
    const start = range && !file.ignoresRanges ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
    const total = file.bytes.length;
    if (start >= total && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
      return;
    }
    const body = file.bytes.subarray(start);
    headers['content-length'] = body.length;
    if (start > 0) headers['content-range'] = `bytes ${start}-${total - 1}/${total}`;
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (request.method === 'HEAD') {
      response.end();
    } else if (fault?.cutAfter !== undefined) {
      response.write(body.subarray(0, fault.cutAfter));
      setTimeout(() => response.destroy(), CUT_DELAY_MS);
    } else if (fault?.stallAfter !== undefined) {
      response.write(body.subarray(0, fault.stallAfter));
    } else {
      response.end(body);
    }
  }
}
