import { FramesiftError } from '@/lib/shared/errors';
import type { RateLimits } from './rate-limit';
import type { DatabaseSettings } from './workspaces';

/** What a library server is told by its environment. */
export interface LibrarySettings extends DatabaseSettings {
  /** Address with the name and password of the role that owns the libraries; for the command line. */
  ownerAddress: string;
  origins: string[];
  rates: RateLimits;
  /** What libraries that are searched may take of the memory, together. */
  searchMegabytes: number;
  /** Libraries of more frames are searched by their index where they have one; null for those alone that do not fit. */
  exactFrames: number | null;
}

/** 128 bits as 32 hexadecimal digits. */
const SHORTEST_SECRET = 32;

/** Two million frames. */
const SEARCH_MEGABYTES = 1024;

/** Clips of 50 frames take 87 requests a second at their fastest. */
const RATES: RateLimits = { requestsPerSecond: 100, atOnce: 6 };

/** The settings in the environment; null where there is no library server. Throws `bad-input` where one is not usable. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): LibrarySettings | null {
  const address = environment.FRAMESIFT_LIBRARY_URL ?? '';
  if (address === '') return null;
  const secret = environment.FRAMESIFT_LIBRARY_SECRET ?? '';
  if (secret.length < SHORTEST_SECRET) {
    throw new FramesiftError(
      'bad-input',
      `FRAMESIFT_LIBRARY_SECRET must have at least ${SHORTEST_SECRET} characters. Make one with: openssl rand -hex 32`,
    );
  }
  return {
    address,
    secret,
    ownerAddress: environment.FRAMESIFT_LIBRARY_OWNER_URL ?? address,
    origins: (environment.FRAMESIFT_LIBRARY_ORIGINS ?? '')
      .split(/[\s,]+/)
      .filter((part) => part !== '')
      .map(toOrigin),
    rates: RATES,
    searchMegabytes:
      readCount(environment, 'FRAMESIFT_LIBRARY_SEARCH_MB', 'megabytes', SEARCH_MEGABYTES) ??
      SEARCH_MEGABYTES,
    exactFrames: readCount(environment, 'FRAMESIFT_LIBRARY_EXACT_FRAMES', 'frames', 1_000_000),
  };
}

/** A whole number of at least 1; null where it is not set. */
function readCount(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  unit: string,
  example: number,
): number | null {
  const text = environment[name] ?? '';
  if (text === '') return null;
  const count = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (count >= 1) return count;
  throw new FramesiftError(
    'bad-input',
    `${name} is “${text}”; it must be a whole number of ${unit}, like ${example}.`,
  );
}

function toOrigin(text: string): string {
  if (URL.canParse(text)) {
    const { origin, protocol } = new URL(text);
    if (/^https?:$/.test(protocol)) return origin;
  }
  throw new FramesiftError(
    'bad-input',
    `FRAMESIFT_LIBRARY_ORIGINS holds “${text}”, which is no address of a page. Write origins like https://clips.example.`,
  );
}
