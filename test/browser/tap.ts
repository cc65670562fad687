import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a browser is told to report what a policy refused: the one way to hear of it from inside workers. */
const REPORTS = '/what-the-policy-refused';

/**
 * A tap in the line between a browser and a site. It has an address of its own, so that a service worker of
 * it is nobody else's, and it can be shut, pass on other files than the site has, and hear what the site's
 * policy refuses.
 */
export class Tap {
  /** Paths that were asked for while the tap was shut. */
  readonly refused: string[] = [];
  /** What the policy refused in pages and workers, as the browser reports it. */
  readonly violations: string[] = [];
  readonly #site: URL;
  readonly #server: Server;
  readonly #replaced = new Map<string, (text: string) => string>();
  #isShut = false;

  private constructor(site: URL) {
    this.#site = site;
    this.#server = createServer((request, response) => {
      const path = request.url ?? '/';
      if (this.#isShut) {
        this.refused.push(path);
        request.socket.destroy();
        return;
      }
      if (path === REPORTS) {
        void readAll(request).then((report) => {
          this.violations.push(report.toString('utf8'));
          response.writeHead(204).end();
        });
        return;
      }
      const { hostname, port } = this.#site;
      // Whole and uncompressed, so that a text can be replaced.
      const headers = { ...request.headers, host: this.#site.host, 'accept-encoding': 'identity' };
      delete headers['if-none-match'];
      delete headers['if-modified-since'];
      const passedOn = forward({ hostname, port, path, headers, method: request.method }, (answer) => {
        const replace = this.#replaced.get(new URL(path, this.#site).pathname);
        if (!replace) {
          response.writeHead(answer.statusCode ?? 502, withReports(answer.headers));
          answer.pipe(response);
          return;
        }
        void readAll(answer).then((text) => {
          const bytes = Buffer.from(replace(text.toString('utf8')));
          const kept = withReports(answer.headers);
          delete kept.etag;
          delete kept['transfer-encoding'];
          response.writeHead(answer.statusCode ?? 502, { ...kept, 'content-length': bytes.length });
          response.end(bytes);
        });
      });
      passedOn.on('error', () => response.destroy());
      request.pipe(passedOn);
    });
  }

  /** A tap in front of a site. */
  static async open(site: string): Promise<Tap> {
    const tap = new Tap(new URL(site));
    await new Promise<void>((resolve) => tap.#server.listen(0, resolve));
    return tap;
  }

  get address(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection, and refuses new ones. */
  shut(): void {
    this.#isShut = true;
    this.#server.closeAllConnections();
  }

  /** Lets everything through again. */
  reopen(): void {
    this.#isShut = false;
  }

  /** Passes on a changed text for a path from now on. */
  replace(path: string, change: (text: string) => string): void {
    this.#replaced.set(path, change);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function withReports(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const policy = headers['content-security-policy'];
  if (policy === undefined) return { ...headers };
  return { ...headers, 'content-security-policy': `${String(policy)}; report-uri ${REPORTS}` };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
