import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a browser has sent, whichever part of it. */
export interface SentRequest {
  method: string;
  /** With `CONNECT`, the host and port that an encrypted line was asked to. */
  url: string;
  bodyBytes: number;
}

/**
 * A proxy that all requests of a browser go through: of pages, of workers in workers and of service workers, which no
 * event of a page tells all of. Encrypted lines are noted and refused, so nothing leaves this machine.
 */
export class RecordingProxy {
  readonly sent: SentRequest[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const note: SentRequest = { method: request.method ?? '', url: request.url ?? '', bodyBytes: 0 };
      this.sent.push(note);
      request.on('data', (chunk: Buffer) => (note.bodyBytes += chunk.length));
      const { hostname, port, pathname, search } = new URL(note.url);
      if (hostname !== 'localhost') {
        response.writeHead(502).end();
        return;
      }
      const { method, headers } = request;
      const passedOn = forward({ hostname, port, path: pathname + search, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passedOn.on('error', () => response.destroy());
      response.on('close', () => passedOn.destroy());
      request.pipe(passedOn);
    });
    this.#server.on('connect', (request, socket) => {
      this.sent.push({ method: 'CONNECT', url: request.url ?? '', bodyBytes: 0 });
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  }

  static async open(): Promise<RecordingProxy> {
    const proxy = new RecordingProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, 'localhost', resolve));
    return proxy;
  }

  /** As Playwright's option `proxy`; without the bypass Chromium asks its own machine by itself. */
  get option(): { server: string; bypass: string } {
    return {
      server: `http://localhost:${(this.#server.address() as AddressInfo).port}`,
      bypass: '<-loopback>',
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
