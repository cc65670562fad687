import type { Context } from 'hono';
import { ID_PATTERN } from '@/lib/protocol/ids';
import { MAX_FRAMES, MAX_PICTURES_PER_ANSWER } from '@/lib/protocol/limits';
import { Problem } from './problem';

/** An id in the address. */
export function idParameter(c: Context, name: string): string {
  return asId(c.req.param(name), name);
}

/** The revision that a reader asks for. */
export function revisionQuery(c: Context): string {
  return asId(c.req.query('revision'), 'revision');
}

/** The number of a page in the address. */
export function pageParameter(c: Context): number {
  return wholeNumber(c.req.param('page'), 'page', MAX_FRAMES);
}

/** The number in the feed after which changes are wanted; the beginning where none is given. */
export function afterQuery(c: Context): number {
  return wholeNumber(c.req.query('after') ?? '0', 'after', Number.MAX_SAFE_INTEGER);
}

/** Numbers of frames, separated by commas. */
export function framesQuery(c: Context): number[] {
  const numbers = (c.req.query('frames') ?? '')
    .split(',')
    .map((part) => wholeNumber(part, 'frames', MAX_FRAMES));
  if (numbers.length <= MAX_PICTURES_PER_ANSWER) return numbers;
  throw new Problem('bad-request', `Ask for at most ${MAX_PICTURES_PER_ANSWER} pictures at once.`);
}

/** A short text in the query; null where it is not given. */
export function textQuery(c: Context, name: string): string | null {
  const value = c.req.query(name) ?? null;
  if (value !== null && (value.length > 200 || value.includes('\u0000')))
    throw new Problem('bad-request', `“${name}” is too long, or holds a NUL character.`);
  return value;
}

function asId(value: string | undefined, name: string): string {
  if (value !== undefined && ID_PATTERN.test(value)) return value;
  throw new Problem('bad-request', `“${name}” must be letters, digits, “-” and “_”, at most 64 of them.`);
}

function wholeNumber(value: string | undefined, name: string, most: number): number {
  const number = /^\d{1,16}$/.test(value ?? '') ? Number(value) : NaN;
  if (number <= most) return number;
  throw new Problem('bad-request', `“${name}” must be a whole number from 0 to ${most}.`);
}
