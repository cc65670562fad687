import { FramesiftError } from '@/lib/shared/errors';

/** A way into a library. */
export interface Invitation {
  /** Address of the server, without a path: `https://library.example`. */
  server: string;
  secret: string;
}

const SECRET = /^fsi_[A-Za-z0-9_-]{43}$/;

/** The invitation as a link to the page at `page`. Both parts are in the fragment, which no server is sent. */
export function writeInvitation(page: string, { server, secret }: Invitation): string {
  const url = new URL(page);
  url.hash = `join=${secret}@${server}`;
  return url.href;
}

/** Reads the part of a link behind `#join=`. Throws `bad-input`. */
export function readInvitation(text: string): Invitation {
  const at = text.indexOf('@');
  const secret = text.slice(0, Math.max(at, 0));
  const server = URL.canParse(text.slice(at + 1)) ? new URL(text.slice(at + 1)) : null;
  if (!SECRET.test(secret) || !server || !/^https?:$/.test(server.protocol))
    throw new FramesiftError(
      'bad-input',
      'This invitation is cut off. Copy the whole link, or ask for a new one.',
    );
  return { server: server.origin, secret };
}
