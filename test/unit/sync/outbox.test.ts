import { describe, expect, it } from 'vitest';
import { waitAfterFailure } from '@/lib/sync/back-off';
import { addChange } from '@/lib/sync/outbox';
import { Refusal } from '@/lib/sync/refusal';
import type { PendingChange } from '@/lib/sync/sync-store';

type Kind = PendingChange['kind'];

const waitingFor = (kind: Kind): PendingChange => ({ clip: 'c', revision: 'r1', kind, earlier: ['r0'] });

describe('a change of a clip', () => {
  it.each<[waiting: Kind | null, next: Kind, isKnown: boolean, sent: Kind | null]>([
    [null, 'edit', true, 'edit'],
    [null, 'rows', false, 'rows'],
    // The library has nothing that could be edited.
    [null, 'edit', false, 'rows'],
    [null, 'delete', true, 'delete'],
    [null, 'delete', false, null],
    ['edit', 'edit', true, 'edit'],
    ['edit', 'rows', true, 'rows'],
    ['rows', 'edit', true, 'rows'],
    ['rows', 'edit', false, 'rows'],
    ['rows', 'unshare', true, 'unshare'],
    // It may have arrived without an answer.
    ['rows', 'delete', false, 'delete'],
  ])('after %s is, as %s of a clip that is known: %s, sent as %s', (waiting, kind, isKnown, sent) => {
    const before = waiting && waitingFor(waiting);
    const after = addChange(before, { clip: 'c', kind, revision: 'r2' }, isKnown);
    expect(after?.kind ?? null).toBe(sent);
    if (after) {
      expect(after.revision).toBe('r2');
      expect(after.earlier).toEqual(before ? ['r0', 'r1'] : []);
    }
  });
});

describe('the wait after failures', () => {
  const lost = new TypeError('fetch failed');
  const busy = new Refusal({ type: 'slow-down', title: '', status: 429, detail: '' }, 30_000);

  it.each([
    ['half a second to one at first', 1, lost, 500, 1000],
    ['twice as long each time', 4, lost, 4000, 8000],
    ['five minutes at most', 40, lost, 150_000, 300_000],
    ['as long as the server asks for, at least', 1, busy, 30_000, 30_000],
  ])('is %s', (_, failures, error, shortest, longest) => {
    expect(waitAfterFailure(failures, error, () => 0)).toBe(shortest);
    expect(waitAfterFailure(failures, error, () => 1)).toBe(longest);
  });
});
