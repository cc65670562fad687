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
    searchMegabytes: readMegabytes(environment.FRAMESIFT_LIBRARY_SEARCH_MB ?? ''),
  };
}

function readMegabytes(text: string): number {
  if (text === '') return SEARCH_MEGABYTES;
  const megabytes = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (megabytes >= 1) return megabytes;
  throw new FramesiftError(
    'bad-input',
    `FRAMESIFT_LIBRARY_SEARCH_MB is “${text}”; it must be a whole number of megabytes, like ${SEARCH_MEGABYTES}.`,
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
