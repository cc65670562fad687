import { property } from '@/lib/shared/errors';
import type { ProblemAnswer } from '@/lib/protocol/clips';

/** Every refusal: its status and its title. What a client branches on is the name. */
const PROBLEMS = {
  'bad-request': [422, 'The request is not what it has to be'],
  'bad-row': [422, 'A row is not what it has to be'],
  'bad-picture': [422, 'A picture is not what it has to be'],
  'bad-vector': [422, 'A vector is not what it has to be'],
  'cut-off': [400, 'The content ended early'],
  'wrong-digest': [400, 'The content arrived changed'],
  'not-gzip': [400, 'The content is not gzip'],
  'media-type': [415, 'The content has another media type'],
  'body-too-large': [413, 'The content is too large'],
  'too-many-rows': [413, 'A page has too many rows'],
  'line-too-long': [413, 'A row is too long'],
  'token-refused': [401, 'The device is not let in'],
  'invitation-refused': [401, 'The invitation is not valid'],
  'other-workspace': [403, 'The device belongs to another library'],
  'read-only': [403, 'The device may only read'],
  unknown: [404, 'There is no such thing'],
  'unknown-model': [404, 'No clip was read with this model'],
  'changed-meanwhile': [409, 'Another device changed the clip first'],
  'page-differs': [409, 'The page is there with other content'],
  incomplete: [409, 'Rows or pictures are missing'],
  'id-taken': [409, 'Another clip has a row with this id'],
  'revision-replaced': [409, 'The clip was replaced'],
  'slow-down': [429, 'Too many requests'],
  'library-full': [507, 'The library is full'],
  'too-large-to-search': [507, 'The library is too large to be searched here'],
  loading: [503, 'The library is being read'],
  frozen: [503, 'The library is frozen'],
  migrating: [503, 'The library is being brought up to date'],
  away: [503, 'The library cannot be reached'],
  internal: [500, 'The server failed'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

type ProblemType = keyof typeof PROBLEMS;

/** What a refusal may say beyond its sentence. */
type Extras = Partial<Pick<ProblemAnswer, 'line' | 'current' | 'have'>>;

/** A request that is refused. Nothing of it is stored. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly type: ProblemType;
  readonly extras: Extras;
  /** In seconds; null where trying again changes nothing. */
  readonly retryAfter: number | null;

  /** @param detail what happened and what to do next, as sentences */
  constructor(type: ProblemType, detail: string, options: Extras & { retryAfter?: number } = {}) {
    super(detail);
    const { retryAfter, ...extras } = options;
    this.type = type;
    this.extras = extras;
    this.retryAfter = retryAfter ?? null;
  }

  /** As an answer of RFC 9457. */
  toResponse(): Response {
    const [status, title] = PROBLEMS[this.type];
    const body: ProblemAnswer = { type: this.type, title, status, detail: this.message, ...this.extras };
    const headers = new Headers({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
    if (this.retryAfter !== null) headers.set('Retry-After', String(this.retryAfter));
    if (status === 401) headers.set('WWW-Authenticate', 'Bearer');
    return new Response(JSON.stringify(body), { status, headers });
  }
}

/** PostgreSQL's classes and codes for a server that is away, full of connections, stopping or too slow, and for two that wait for each other. */
const AWAY = /^(?:08|53300|57P|57014|40001|40P01|55P03)/;

/** PostgreSQL's code for a right that the role lacks: that to write, while a library is frozen. */
const NO_RIGHT = '42501';

/** What Node says of a connection that does not come about or breaks. */
const BROKEN = /^(?:ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOENT|EAI_AGAIN)/;

/** What pg says of the same without a code. */
const BROKEN_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered/;

/** Any thrown value as a refusal; null for a fault of the server itself. */
export function toProblem(thrown: unknown): Problem | null {
  if (thrown instanceof Problem) return thrown;
  const code = property(thrown, 'code');
  const message = property(thrown, 'message');
  const isAway =
    (typeof code === 'string' && (AWAY.test(code) || BROKEN.test(code))) ||
    (typeof message === 'string' && BROKEN_MESSAGE.test(message));
  if (code === NO_RIGHT) {
    return new Problem(
      'frozen',
      'The library is frozen for a while and can only be read. What you changed stays here and is sent later.',
      { retryAfter: 60 },
    );
  }
  if (!isAway) return null;
  return new Problem('away', 'The library’s database does not answer. Try again in a moment.', {
    retryAfter: 2,
  });
}
